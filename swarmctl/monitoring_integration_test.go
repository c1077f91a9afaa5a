//go:build integration

package main

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/ycesproject/yces/monitoring/report"
	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// TestMonitoring breaks things for real, and looks at what people are told.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	if !t.Run("from nothing to a green dashboard", w.testApply) {
		return // all that follows needs it
	}
	t.Run("a second apply writes nothing", w.testIdempotent)
	t.Run("nobody gets in without a login, and viewers only look", w.testWeb)
	t.Run("NRPE answers the monitor alone", w.testNRPE)
	t.Run("a configuration that Nagios rejects changes nothing", w.testRejected)
	t.Run("a release that Nagios does not come up with is taken back", w.testRolledBack)
	t.Run("a full disk is told, escalated, acknowledged and over", w.testDisk)
	t.Run("a stopped engine is one mail to its owner", w.testEngine)
	t.Run("an outage is as long in the report as it was", w.testOutage)
	t.Run("a dead node is no storm", w.testDeadNode)
	t.Run("destroy leaves nothing running", w.testDestroy)
}

func (w *watched) in(t *testing.T) *watched {
	other := *w
	m := *w.machines
	m.t = t
	other.machines = &m
	return &other
}

func (w *watched) testApply(t *testing.T) {
	w = w.in(t)
	r := w.must(apply("-o", "json")...)
	var report struct {
		Changed  bool
		Services map[string]int
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	if !report.Changed || report.Services["OK"] < 50 {
		t.Errorf("changed %v, services %v\n%s", report.Changed, report.Services, r.stderr)
	}
	for _, state := range []string{"WARNING", "CRITICAL", "UNKNOWN", "PENDING"} {
		if n := report.Services[state]; n > 0 {
			t.Errorf("%d services are %s:\n%s", n, state, w.mustOn(w.monitor(), "grep -E 'SERVICE ALERT' /var/log/nagios4/nagios.log | tail"))
		}
	}
	t.Logf("from nothing to %d checks that are OK in %s", report.Services["OK"], r.took.Round(time.Second))
}

func (w *watched) pid() string {
	return strings.TrimSpace(w.mustOn(w.monitor(), "systemctl show -p MainPID --value nagios4"))
}

func (w *watched) testIdempotent(t *testing.T) {
	w = w.in(t)
	before := w.pid()
	r := w.must(apply("--wait", "0")...)
	if !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
	if after := w.pid(); after != before {
		t.Errorf("Nagios had process %s and has %s", before, after)
	}
}

func (w *watched) testWeb(t *testing.T) {
	w = w.in(t)
	const command = "/nagios4/cgi-bin/cmd.cgi"
	for _, c := range []struct {
		user, path string
		want       int
	}{
		{"", "/", 401},
		{"", "/nagios4/", 401},
		{"", "/nagios4/cgi-bin/status.cgi", 401},
		{"", command, 401},
		{"", "/cgi-bin/nagios4/status.cgi", 401},
		{"stranger", "/", 401},
		{"guest", "/", 200},
		{"guest", "/nagios4/", 200},
		{"guest", "/nagios4/cgi-bin/status.cgi", 200},
		{"guest", command, 403},
		{"guest", "/cgi-bin/nagios4/cmd.cgi", 403},
		{"ana", command, 200},
	} {
		if got, _ := w.ask(c.user, c.path, nil); got != c.want {
			t.Errorf("%q at %s: %d, want %d", c.user, c.path, got, c.want)
		}
	}
	if _, body := w.ask("guest", "/", nil); !strings.Contains(body, "checks are fine") || !strings.Contains(body, "ana") {
		t.Errorf("the overview doesn't say that all is fine and who is told:\n%.2000s", body)
	}
}

func (w *watched) testNRPE(t *testing.T) {
	w = w.in(t)
	node := w.target().ByRole(inventory.Manager)[0]
	const dir = "/etc/swarmctl-monitoring/pki"
	// Another node's certificate, and one of an authority that nobody knows.
	stolen := w.mustOn(w.target().ByRole(inventory.Manager)[1], "cat "+dir+"/node.key "+dir+"/node.crt")
	w.mustOn(w.monitor(), "mkdir -p /root/c && cat >/root/c/stolen.pem <<'EOF'\n"+stolen+"EOF\n"+
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=rogue -days 1 -keyout /root/c/rogue.key -out /root/c/rogue.crt 2>/dev/null")
	call := "/usr/lib/nagios/plugins/check_nrpe -t 5 -H " + node.Address + " "
	ours := "-A " + dir + "/ca.crt -C " + dir + "/client.crt -K " + dir + "/client.key "
	for _, c := range []struct {
		name, args string
		in         bool
	}{
		{"the monitor's certificate", ours + "-S TLSv1.2+ -c memory", true},
		{"no certificate", "-c memory", false},
		{"a rogue's certificate", "-C /root/c/rogue.crt -K /root/c/rogue.key -c memory", false},
		{"another node's certificate", "-C /root/c/stolen.pem -K /root/c/stolen.pem -c memory", false},
		{"plaintext", "-n -c memory", false},
		{"TLS 1.1", ours + "-S TLSv1.1 -L ALL:@SECLEVEL=0 -c memory", false},
		{"arguments", ours + "-c memory -a x", false},
		{"a command that isn't there", ours + "-c shell", false},
	} {
		out, err := w.on(w.monitor(), call+c.args)
		if in := err == nil && strings.HasPrefix(out, "OK - memory"); in != c.in {
			t.Errorf("%s: let in %v, want %v: %s", c.name, in, c.in, out)
		}
	}
}

func (w *watched) testRejected(t *testing.T) {
	w = w.in(t)
	before := w.pid()
	w.write("monitoring.yaml", strings.Replace(w.settings, "email: lead@example.org", "email: 'lead`id`@example.org'", 1))
	if r := w.run(apply()...); r.code != 2 || !strings.Contains(r.stderr, "contacts[2].email") {
		t.Errorf("a bad settings file: exit code %d\n%s", r.code, r.stderr)
	}
	// What Nagios's own check minds and no settings file can cause.
	w.mustOn(w.monitor(), "mv /var/lib/nagios4/spool/checkresults /var/lib/nagios4/spool/away")
	w.write("monitoring.yaml", strings.Replace(w.settings, "renotify: 15s", "renotify: 16s", 1))
	r := w.run(apply("--wait", "0")...)
	w.mustOn(w.monitor(), "mv /var/lib/nagios4/spool/away /var/lib/nagios4/spool/checkresults")
	w.write("monitoring.yaml", w.settings)
	if r.code != 1 || !strings.Contains(r.stderr, "the configuration was rejected; what ran goes on") || !strings.Contains(r.stderr, "checkresults") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	if after := w.pid(); after != before {
		t.Errorf("Nagios had process %s and has %s", before, after)
	}
	if r := w.must(apply("--wait", "0")...); !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("something was changed nevertheless:\n%s%s", r.stdout, r.stderr)
	}
}

func (w *watched) testRolledBack(t *testing.T) {
	w = w.in(t)
	const release = "readlink /etc/swarmctl-monitoring/current"
	before := w.mustOn(w.monitor(), release)
	// Nagios's own check doesn't look at it, and a start needs it.
	w.mustOn(w.monitor(), "mv /var/lib/nagios4/rw /var/lib/nagios4/away")
	w.write("monitoring.yaml", strings.Replace(w.settings, "renotify: 15s", "renotify: 16s", 1))
	r := w.run(apply("--wait", "0")...)
	w.mustOn(w.monitor(), "mv /var/lib/nagios4/away /var/lib/nagios4/rw")
	w.write("monitoring.yaml", w.settings)
	if r.code != 1 || !strings.Contains(r.stderr, "the former release is in use again") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	if after := w.mustOn(w.monitor(), release); after != before {
		t.Errorf("the release was %s and is %s", before, after)
	}
	eventually(t, time.Minute, "running again", func() bool {
		out, err := w.on(w.monitor(), "systemctl is-active nagios4")
		return err == nil && strings.TrimSpace(out) == "active"
	})
}

func (w *watched) testDisk(t *testing.T) {
	w = w.in(t)
	node := w.target().ByRole(inventory.Manager)[2]
	n := w.mails.count()
	t.Cleanup(func() { _, _ = w.on(node, "umount /srv/data") })
	w.mustOn(node, "mkdir -p /srv/data && mount -t tmpfs -o size=8m tmpfs /srv/data && { dd if=/dev/zero of=/srv/data/full bs=1M count=8 2>/dev/null || true; }")
	about := "Disk on " + node.Name
	eventually(t, time.Minute, "mailed to operations", w.mails.got(n, "ana", about+": CRITICAL"))
	first := w.mails.since(n)[0]
	if !strings.Contains(first.body, "/srv/data") || !strings.Contains(first.body, "text/html") || !strings.Contains(first.body, "text/plain") {
		t.Errorf("the mail doesn't say which disk, in both forms:\n%s", first.body)
	}
	if w.mails.got(n, "lead", about)() || w.mails.got(n, "ben", about)() {
		t.Error("somebody else was told at once")
	}
	eventually(t, time.Minute, "escalated to management", w.mails.got(n, "lead", about+": CRITICAL"))
	w.acknowledge(node.Name, "Disk")
	eventually(t, time.Minute, "told that it was acknowledged", w.mails.got(n, "ana", about+": acknowledged"))
	quiet := w.mails.count()
	w.mustOn(node, "umount /srv/data")
	eventually(t, time.Minute, "told that it is over", w.mails.got(n, "ana", about+": recovered (OK)"))
	if w.mails.got(quiet, "ana", about+": CRITICAL")() {
		t.Error("mails about an acknowledged problem went on")
	}
}

func (w *watched) testEngine(t *testing.T) {
	w = w.in(t)
	node := w.target().ByRole(inventory.Manager)[2]
	n := w.mails.count()
	w.mustOn(node, "systemctl stop docker.socket docker")
	eventually(t, time.Minute, "mailed to operations", w.mails.got(n, "ana", "Docker engine on "+node.Name+": CRITICAL"))
	eventually(t, time.Minute, "told that the quorum has no spare", w.mails.got(n, "ana", "Swarm quorum on "+w.name+"-swarm: WARNING"))
	w.mustOn(node, "systemctl start docker")
	eventually(t, time.Minute, "told that it runs again", w.mails.got(n, "ana", "Docker engine on "+node.Name+": recovered"))
	eventually(t, time.Minute, "told that the quorum is whole", w.mails.got(n, "ana", "Swarm quorum on "+w.name+"-swarm: recovered"))
	// What only follows from the engine is nobody's mail.
	if w.mails.got(n, "ana", "Containers on")() || w.mails.got(n, "ana", "Swarm nodes on")() {
		t.Errorf("consequences were told: %v", w.mails.since(n))
	}
}

// balancer stops or starts what stands in front of the machines.
func (w *watched) balancer(pause bool) {
	w.t.Helper()
	docker, err := engine.Local()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	name := "swarmctl." + w.name + ".balancer"
	if pause {
		err = docker.ContainerStop(w.t.Context(), name, container.StopOptions{})
	} else {
		err = docker.ContainerStart(w.t.Context(), name, container.StartOptions{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) testOutage(t *testing.T) {
	w = w.in(t)
	const outage = 30 * time.Second
	host := w.name + "-endpoint"
	n := w.mails.count()
	from := time.Now()
	w.balancer(true)
	time.Sleep(outage)
	w.balancer(false)
	took := time.Since(from)
	eventually(t, time.Minute, "OK again", w.is(host, "HTTP", "OK"))
	if !w.mails.got(n, "ben", host)() {
		t.Errorf("the application's owner was not told: %v", w.mails.since(n))
	}
	dir := t.TempDir()
	w.must("monitoring", "report", "--from", "-1h", "--out", dir)
	var r report.Report
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Outages, func(o report.Outage) bool { return o.Host == host && o.Service == "HTTP" })
	if i < 0 {
		t.Fatalf("the report has no such outage: %+v", r.Outages)
	}
	// To find it, a check waits up to its time limit, which is 6 s.
	if diff := math.Abs(r.Outages[i].Seconds - took.Seconds()); diff > checkInterval.Seconds()+5 {
		t.Errorf("an outage of %.0f s is one of %.0f s in the report", took.Seconds(), r.Outages[i].Seconds)
	}
	i = slices.IndexFunc(r.Objects, func(o report.Object) bool { return o.Host == host && o.Service == "HTTP" })
	// Nagios counts from the moment when it was certain.
	if bad := r.Objects[i].Bad; math.Abs(bad-took.Seconds()) > 2*checkInterval.Seconds() {
		t.Errorf("an outage of %.0f s is one of %.0f s in Nagios's archive", took.Seconds(), bad)
	}
	if len(r.Response) == 0 || r.Response[0].Count == 0 || len(r.Trends) == 0 {
		t.Errorf("no response times or trends: %+v", r.Response)
	}
	rows, err := csv.NewReader(strings.NewReader(readFile(t, filepath.Join(dir, "report.csv")))).ReadAll()
	if err != nil || len(rows) < 50 {
		t.Errorf("%d rows of CSV: %v", len(rows), err)
	}
	t.Logf("an outage of %.1f s: %.0f s in the report, %.0f s in Nagios's archive", took.Seconds(), r.Promise.Spent, r.Objects[i].Bad)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (w *watched) testDeadNode(t *testing.T) {
	w = w.in(t)
	node := w.target().ByRole(inventory.Manager)[1].Name
	n := w.mails.count()
	w.must("local", "stop", "--name", w.name, node)
	eventually(t, 90*time.Second, "mailed that the node is down", w.mails.got(n, "ana", node+": DOWN"))
	eventually(t, 90*time.Second, "escalated", w.mails.got(n, "lead", node+": DOWN"))
	dead := w.mails.since(n)
	w.must("local", "start", "--name", w.name, node)
	eventually(t, 90*time.Second, "told that it is back", w.mails.got(n, "ana", node+": recovered (UP)"))
	subjects := map[string]int{}
	for _, m := range dead {
		if strings.Contains(m.subject, "recovered") {
			continue
		}
		subjects[m.subject[:strings.LastIndex(m.subject, ": ")]]++
	}
	// 16 checks of the node fail; people hear of the node, of the quorum that has
	// no spare now, and of replicas while the swarm moves them.
	if len(subjects) > 3 {
		t.Errorf("a dead node made mails about %s things: %v", strconv.Itoa(len(subjects)), subjects)
	}
	t.Logf("a dead node made mails about: %v", subjects)
}

func (w *watched) testDestroy(t *testing.T) {
	w = w.in(t)
	w.must("monitoring", "destroy", "--yes")
	for _, node := range w.target().Nodes {
		out := w.mustOn(node, "ls -d /etc/swarmctl-monitoring /usr/local/lib/swarmctl-monitoring 2>/dev/null; systemctl is-active nagios-nrpe-server nagios4 apache2; true")
		if strings.Contains(out, "swarmctl-monitoring") || strings.Contains("\n"+out, "\nactive\n") {
			t.Errorf("left on %s:\n%s", node.Name, out)
		}
	}
}
