//go:build integration

package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMonitoring breaks things for real, and looks at what people are told. What is
// told depends on what is known in time, so no other test of swarms runs beside it.
func TestMonitoring(t *testing.T) {
	w := newWatched(t)
	defer w.explain()
	if !t.Run("from nothing to a green dashboard", w.testApply) {
		return // all that follows needs it
	}
	t.Run("a second apply writes nothing", w.testIdempotent)
	t.Run("nobody gets in without a login, and viewers only look", w.testWeb)
	t.Run("NRPE answers the monitor alone", w.testNRPE)
	t.Run("a configuration that Nagios rejects changes nothing", w.testRejected)
	t.Run("a release that Nagios does not come up with is taken back", w.testRolledBack)
	t.Run("at the same time", w.testFaults)
	t.Run("a dead node is no storm, nor is a lost quorum", w.testLostManagers)
	t.Run("destroy leaves nothing running", w.testDestroy)
	t.Run("nobody was told anything else", func(t *testing.T) { w.ledger.check(t, w.mails.since(0)) })
}

// explain prints, where the test failed, what Nagios knew and told at which second.
func (w *watched) explain() {
	if w.t.Failed() {
		events, err := w.on(w.monitor(), "grep -hE ' (SERVICE|HOST) (ALERT|NOTIFICATION|FLAPPING ALERT): ' /var/log/nagios4/nagios.log")
		w.t.Logf("what Nagios knew and told (%v):\n%s", err, events)
	}
}

// testFaults breaks what does not meet at the same time: all of it is waiting,
// of which there may be more than the machine has processors.
func (w *watched) testFaults(t *testing.T) {
	var all sync.WaitGroup
	for name, test := range map[string]func(*testing.T){
		"a full disk is told, escalated, acknowledged and over": w.testDisk,
		"a busy processor and eaten memory are told":            w.testCapacity,
		"certificates of NRPE that end are told":                w.testCertificates,
		"an update that fails is told":                          w.testUpdate,
		"outages are as long in the report as they were":        w.testOutages,
	} {
		all.Go(func() { t.Run(name, test) })
	}
	all.Wait()
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
