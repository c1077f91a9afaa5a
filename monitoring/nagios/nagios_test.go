package nagios

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

var update = flag.Bool("update", false, "write the golden files")

func TestThreeNodesRenderAsInTheGoldenFiles(t *testing.T) {
	m := example.Model(3)
	files := Render(m)
	for _, h := range m.Machines() {
		files = append(files, file("nrpe/"+h.Name+".cfg", NRPE(m, h)), file("sudoers/"+h.Name, Sudoers(m, h)))
	}
	dir := filepath.Join("testdata", "three")
	for _, f := range files {
		path := filepath.Join(dir, f.Path)
		if *update {
			write(t, path, f.Data)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Data, want) {
			t.Errorf("%s differs from %s; if that is right: go test -update", f.Path, path)
		}
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	first := Render(example.Model(7))
	for range 10 {
		for i, f := range Render(example.Model(7)) {
			if f.Path != first[i].Path || !bytes.Equal(f.Data, first[i].Data) {
				t.Fatalf("%s differs from run to run", f.Path)
			}
		}
	}
}

func TestEveryCheckBelongsToSomebodyAndToAView(t *testing.T) {
	m := example.Model(7)
	for _, h := range m.Hosts {
		for _, c := range h.Checks {
			if c.Owner == "" || c.View == "" {
				t.Errorf("%s/%s: owner %q, view %q", h.Name, c.Name, c.Owner, c.View)
			}
		}
	}
}

func TestEveryCommandThatTheMonitorAsksForIsKnownToTheMachine(t *testing.T) {
	m := example.Model(7)
	managers := 0
	for _, h := range m.Machines() {
		text := NRPE(m, h)
		for _, c := range h.Checks {
			if c.Run.Remote && c.Run.ID != "" && !strings.Contains(text, "command["+c.Run.ID+"]=") {
				t.Errorf("%s does not know %q", h.Name, c.Run.ID)
			}
		}
		if h.Group == monitoring.Managers {
			managers++
			if !strings.Contains(text, "command[service-yces_qr]=") {
				t.Errorf("manager %s can't be asked about the service", h.Name)
			}
		} else if strings.Contains(text, "check_swarm") {
			t.Errorf("%s is no manager and is asked about the swarm", h.Name)
		}
	}
	if managers != 3 {
		t.Errorf("%d managers, want 3", managers)
	}
}

func TestTheUnsafeDefaultsAreOverridden(t *testing.T) {
	m := example.Model(1)
	all := map[string]string{"nrpe": NRPE(m, m.Machines()[0])}
	for _, f := range Render(m) {
		all[f.Path] = string(f.Data)
	}
	for _, want := range []struct{ file, line string }{
		{"nagios.cfg", "check_for_updates=0"},
		{"nagios.cfg", "enable_environment_macros=1"},
		{"cgi.cfg", "use_authentication=1"},
		{"cgi.cfg", "authorized_for_read_only=guest"},
		{"cgi.cfg", "authorized_for_all_service_commands=ana"},
		{"apache.conf", "        Require valid-user"},
		{"apache.conf", "        Require user ana"},
		{"nrpe", "dont_blame_nrpe=0"},
		{"nrpe", "ssl_use_adh=0"},
		{"nrpe", "ssl_client_certs=2"},
		{"nrpe", "allowed_hosts=10.7.0.3"},
	} {
		if !strings.Contains(all[want.file], want.line+"\n") {
			t.Errorf("%s lacks %q", want.file, want.line)
		}
	}
	if strings.Contains(all["cgi.cfg"], "default_user_name") {
		t.Error("cgi.cfg gives strangers a name")
	}
}

func TestACauseIsKnownBeforeWhatFollowsFromIt(t *testing.T) {
	m := example.Model(3) // every 1m; after 20s and 40s a problem is certain
	text := services(m)
	interval := func(host, check string) string {
		_, rest, found := strings.Cut(text, "host_name                      "+host+"\n    service_description            "+check+"\n")
		if !found {
			t.Fatalf("there is no %s on %s", check, host)
		}
		block, _, _ := strings.Cut(rest, "}")
		_, value, _ := strings.Cut(block, "check_interval")
		value, _, _ = strings.Cut(strings.TrimSpace(value), "\n")
		return value
	}
	for ref, want := range map[monitoring.Ref]string{
		{Host: "shop-1", Service: "NRPE"}: "20", {Host: "shop-1", Service: "Docker engine"}: "20", {Host: "shop-swarm", Service: "Swarm quorum"}: "20",
		{Host: "shop-endpoint", Service: "HTTP"}: "20", {Host: "shop-endpoint", Service: "TLS certificate"}: "20",
		{Host: "shop-1", Service: "CPU"}: "", {Host: "shop-swarm", Service: "Service yces_qr"}: "",
	} {
		if got := interval(ref.Host, ref.Service); got != want {
			t.Errorf("%s on %s is checked every %q seconds, want %q", ref.Service, ref.Host, got, want)
		}
	}
}

func TestNothingIsHeldBackByACheckThatOnlyWarns(t *testing.T) {
	for line := range strings.Lines(dependencies(example.Model(3))) {
		if strings.Contains(line, "notification_failure_criteria") && strings.Contains(line, "w") {
			t.Errorf("a warning holds back: %s", line)
		}
	}
}

// What `render` does before it writes, for inventories of every size.
func BenchmarkRender(b *testing.B) {
	for _, nodes := range []int{1, 3, 7, 50} {
		b.Run(strconv.Itoa(nodes), func(b *testing.B) {
			for b.Loop() {
				m := example.Model(nodes)
				Render(m)
				for _, h := range m.Machines() {
					NRPE(m, h)
					Sudoers(m, h)
				}
			}
		})
	}
}
