package apply

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/pki"
	"github.com/ycesproject/yces/provision/inventory"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func input() Input {
	return Input{
		Model: example.Model(3), AgentKey: "agent-key", Checks: map[string][]byte{"amd64": []byte("program")},
		Secrets: map[string][]byte{"/etc/swarmctl-monitoring/secrets/smtp": []byte("hush")},
	}
}

// bare are machines with nothing on them.
func bare(in Input) State {
	s := State{}
	for _, h := range in.Model.Machines() {
		s[h.Name] = Machine{Arch: "amd64"}
	}
	return s
}

// made are the machines as they are after everything was applied.
func made(t *testing.T, in Input) State {
	t.Helper()
	authority, err := pki.NewAuthority("shop", now)
	if err != nil {
		t.Fatal(err)
	}
	s := State{}
	for _, h := range in.Model.Machines() {
		m := Machine{
			Arch: "amd64", Packages: map[string]bool{}, Files: map[string]fileState{}, Certs: map[string][]byte{},
			Parts: map[string]bool{}, Fresh: map[string]bool{"nrpe": true, "nagios": true, "apache": true, "agent": true},
		}
		for _, p := range in.packages(h) {
			m.Packages[p] = true
		}
		files := append(in.files(h, "amd64"), in.agentFiles(h)...)
		if in.trusts(h) {
			files = append(files, File{monitoring.CAFile, 0o644, "root", authority.Cert})
		}
		if in.Model.Transport == monitoring.SSH {
			m.Parts["account"] = true
			files = append(files, in.letIn(h, testKey))
		} else {
			m.Parts["nrpe"] = true
		}
		if in.Model.HasAgent() {
			d := *in.Model.Datadog
			m.Parts["agent"] = true
			m.Agent = agentState{Version: agentVersion(d), Held: true, Well: true, Keys: d.KeyFingerprints}
			files = append(files, agentSource(d))
		}
		for _, f := range files {
			m.Files[f.Path] = stateOf(f)
		}
		for _, c := range certs(in.Model, h) {
			pair, err := authority.Issue(c.Use, c.Name, c.Addresses, now)
			if err != nil {
				t.Fatal(err)
			}
			m.Certs[c.File] = pair.Cert
		}
		if h.Group == monitoring.Monitors {
			if in.Model.Transport == monitoring.SSH {
				m.Key = testKey
			}
			m.Authority, m.Release = authority.Pair, planRelease(in.release(), Machine{}).Digest
		}
		s[h.Name] = m
	}
	return s
}

func plan(t *testing.T, in Input, s State, at time.Time) []string {
	t.Helper()
	p, err := NewPlan(in, s, at)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, op := range p.Operations() {
		list = append(list, op.Subject+": "+op.Text+" ("+op.Cause+")")
	}
	if p.Empty() != (len(list) == 0) {
		t.Errorf("empty: %v, but %v", p.Empty(), list)
	}
	return list
}

func TestWhatIsThereIsLeftAlone(t *testing.T) {
	in := input()
	if got := plan(t, in, made(t, in), now); len(got) > 0 {
		t.Errorf("planned %q", got)
	}
}

func TestBareMachinesGetEverything(t *testing.T) {
	in := input()
	got := strings.Join(plan(t, in, bare(in), now), "\n")
	for _, want := range []string{
		"cluster shop: make the certificate authority (there is none)",
		"machine shop-1: install monitoring-plugins-basic, sudo, nagios-nrpe-server, ca-certificates, gpg (not installed)",
		"machine ci: install datadog-agent 1:7.71.2-1 from https://apt.datadoghq.com/ (not installed)",
		"machine ci: start Datadog's agent (it is installed anew)",
		"machine shop-3: write /etc/datadog-agent/conf.d/docker.d/conf.yaml (it is missing)",
		"machine shop-2: write /etc/swarmctl-monitoring/nrpe.cfg (it is missing)",
		"machine ci: issue the certificate node (the authority is new)",
		"machine watch: issue the certificate client (the authority is new)",
		"machine watch: write /etc/swarmctl-monitoring/secrets/smtp (it is missing)",
		"in use (there is none)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "hush") || strings.Contains(got, "agent-key") || strings.Contains(got, "account") || strings.Contains(got, "machine shop-1: issue the certificate client") {
		t.Errorf("planned:\n%s", got)
	}
}

func TestOnlyWhatDiffersIsChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(in *Input, s State)
		at     time.Time
		want   []string
	}{
		"a file that somebody edited": {func(_ *Input, s State) {
			f := s["shop-2"].Files[nrpeFile]
			f.digest = "other"
			s["shop-2"].Files[nrpeFile] = f
		}, now, []string{"machine shop-2: write " + nrpeFile + " (it differs)", "machine shop-2: restart NRPE (its configuration is new)"}},
		"a mode": {func(_ *Input, s State) {
			f := s["shop-1"].Files[sudoers[monitoring.NRPE]]
			f.mode = 0o666
			s["shop-1"].Files[sudoers[monitoring.NRPE]] = f
		}, now, []string{"machine shop-1: write " + sudoers[monitoring.NRPE] + " (its mode or group differs)"}},
		"a certificate that ends": {func(_ *Input, s State) {}, now.Add(pki.CertificateLife - pki.RenewBefore + time.Hour), nil},
		"a daemon that was not restarted": {func(_ *Input, s State) {
			delete(s["ci"].Fresh, "nrpe")
		}, now, []string{"machine ci: restart NRPE (it does not run with what is on the disk)"}},
		"a dead Nagios": {func(_ *Input, s State) {
			delete(s["watch"].Fresh, "nagios")
		}, now, []string{"(Nagios does not run with it)"}},
		"a new contact": {func(in *Input, _ State) {
			in.Model.Contacts = append(slices.Clone(in.Model.Contacts), monitoring.Contact{Name: "new", Email: "new@example.org", Roles: []string{"operations"}, Period: "always"})
		}, now, []string{"differs)"}},
	} {
		in := input()
		s := made(t, in)
		c.change(&in, s)
		got := plan(t, in, s, c.at)
		if c.want == nil {
			// Every machine's, and the monitor's two more, each with a restart.
			if len(got) != 5+2+5 {
				t.Errorf("%s: planned %q", name, got)
			}
			continue
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: planned %q, want %q", name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasSuffix(got[i], c.want[i]) {
				t.Errorf("%s: planned %q, want %q", name, got[i], c.want[i])
			}
		}
	}
}

func TestAnAuthorityThatCannotBeReadIsNotReplacedUnasked(t *testing.T) {
	in := input()
	s := made(t, in)
	m := s["watch"]
	m.Authority.Key = []byte("x")
	s["watch"] = m
	if _, err := NewPlan(in, s, now); err == nil {
		t.Error("a broken authority was passed over")
	}
	in.Rotate = true
	if got := plan(t, in, s, now); !strings.HasSuffix(got[0], "make the certificate authority (it was asked for)") {
		t.Errorf("planned %q", got)
	}
}

func TestAMachineOfAnotherKindIsRefused(t *testing.T) {
	in := input()
	s := made(t, in)
	m := s["shop-1"]
	m.Arch = "riscv64"
	s["shop-1"] = m
	if _, err := NewPlan(in, s, now); err == nil || !strings.Contains(err.Error(), `"riscv64"`) {
		t.Errorf("got %v", err)
	}
}

func TestWhatAMachinePrintsIsUnderstood(t *testing.T) {
	m, err := parseMachine("arch amd64\npackage sudo\nfile /a abc 640 nagios\ncert node " + base64.StdEncoding.EncodeToString([]byte("c")) + "\nrelease r1\nfresh nrpe\n")
	if err != nil {
		t.Fatal(err)
	}
	if m.Arch != "amd64" || !m.Packages["sudo"] || m.Files["/a"] != (fileState{"abc", 0o640, "nagios"}) || string(m.Certs["node"]) != "c" || m.Release != "r1" || !m.Fresh["nrpe"] {
		t.Errorf("read %+v", m)
	}
	for _, text := range []string{"", "arch amd64\nfile /a\n", "arch amd64\ncert node %\n", "arch amd64\nfile /a abc rwx nagios\n"} {
		if _, err := parseMachine(text); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}

// model is a machine that takes everything and runs nothing.
type model struct {
	mu      *sync.Mutex
	scripts *[]string
	uploads map[string][]byte
	run     func(name, script string) (string, error)
}

func (m model) RunScript(_ context.Context, name, script string, _ func(string)) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.scripts = append(*m.scripts, name)
	if m.run != nil {
		return m.run(name, script)
	}
	return "", nil
}

func (m model) Upload(_ context.Context, data []byte, path string, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uploads[path] = data
	return nil
}

type fleet struct{ model }

func (f fleet) Host(context.Context, inventory.Node) (Host, error) { return f.model, nil }

type silent struct{}

func (silent) Start(string, string)  {}
func (silent) Done(string, string)   {}
func (silent) Fail(string, string)   {}
func (silent) Output(string, string) {}

func newFleet(run func(name, script string) (string, error)) fleet {
	return fleet{model{&sync.Mutex{}, &[]string{}, map[string][]byte{}, run}}
}

func TestHowAReleaseFaresIsSaid(t *testing.T) {
	in := input()
	s := made(t, in)
	m := s["watch"]
	m.Release = "old"
	s["watch"] = m
	p, err := NewPlan(in, s, now)
	if err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]error{"Error: x\nrejected\n": ErrRejected, "dead\nrolled back\n": ErrRolledBack, "": nil} {
		f := newFleet(func(name, _ string) (string, error) {
			if name == "put release in use" && out != "" {
				return out, errors.New("exit code 3")
			}
			return "", nil
		})
		if err := p.Apply(context.Background(), f, now, silent{}); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", out, err, want)
		}
		if got := *f.scripts; !slices.Equal(got, []string{"make folders", "put release in use"}) {
			t.Errorf("ran %q", got)
		}
	}
}

func TestNoSecretStandsInAScript(t *testing.T) {
	in := input()
	p, err := NewPlan(in, bare(in), now)
	if err != nil {
		t.Fatal(err)
	}
	f := newFleet(func(name, script string) (string, error) {
		if strings.Contains(script, "hush") || strings.Contains(script, "agent-key") || strings.Contains(script, "PRIVATE KEY") {
			return "", fmt.Errorf("%s holds a secret", name)
		}
		return "", nil
	})
	if err := p.Apply(context.Background(), f, now, silent{}); err != nil {
		t.Fatal(err)
	}
	if f.uploads[authorityKey] == nil || !slices.Contains(*f.scripts, "install packages") {
		t.Errorf("ran %q", *f.scripts)
	}
	if _, err := pki.Load(pki.Pair{Cert: f.uploads[authorityCert], Key: f.uploads[authorityKey]}); err != nil {
		t.Error(err)
	}
}

func TestAMachineThatFailsKeepsTheReleaseBack(t *testing.T) {
	in := input()
	p, err := NewPlan(in, bare(in), now)
	if err != nil {
		t.Fatal(err)
	}
	f := newFleet(func(name, _ string) (string, error) {
		if name == "place files" {
			return "", errors.New("disk full")
		}
		return "", nil
	})
	err = p.Apply(context.Background(), f, now, silent{})
	if err == nil || strings.Count(err.Error(), "disk full") != 5 {
		t.Errorf("got %v, want every machine's fault", err)
	}
	if slices.Contains(*f.scripts, "put release in use") {
		t.Error("a release was put in use")
	}
}
