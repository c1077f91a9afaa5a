//go:build integration

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/report"
)

// testUpdate deploys a version that is never healthy, which the swarm takes
// back, and then a good one.
func (w *watched) testUpdate(t *testing.T) {
	w = w.in(t)
	update := "Update shop_web on " + w.name + "-swarm"
	w.ledger.allow(update, "ben")
	n := w.mails.count()
	if r := w.with("SICK=1").run("deploy"); r.code != 3 {
		t.Fatalf("exit code %d, want 3: rolled back\n%s%s", r.code, r.stdout, r.stderr)
	}
	w.toldOnce(n, "ben", update, "WARNING")
	w.everywhere("two")
	w.must("deploy")
	w.recovered(n, "ben", update)
}

// testLostManagers takes one manager away, and then a second one: the quorum.
func (w *watched) testLostManagers(t *testing.T) {
	w = w.in(t)
	dead, mute := w.node(2).Name, w.node(3)
	swarm := w.name + "-swarm"
	quorum, replicas, engine := "Swarm quorum on "+swarm, "Service shop_web on "+swarm, "Docker engine on "+mute.Name
	for _, about := range []string{dead, quorum, engine} {
		w.ledger.allow(about, "ana", "lead")
	}
	w.ledger.allow(replicas, "ben")
	n, from := w.mails.count(), time.Now()
	w.must("local", "stop", "--name", w.name, dead)
	w.toldOnce(n, "ana", dead, "DOWN")
	w.toldOnce(n, "ana", quorum, "WARNING")
	w.toldOnce(n, "ben", replicas, "WARNING")
	eventually(t, long, "escalated", w.mails.got(n, "lead", dead+": DOWN"))
	w.mustOn(mute, "systemctl stop docker.socket docker")
	w.toldOnce(n, "ana", engine, "CRITICAL")
	eventually(t, long, "told that the quorum is lost", w.mails.got(n, "ana", quorum+": CRITICAL"))
	w.mustOn(mute, "systemctl start docker")
	w.must("local", "start", "--name", w.name, dead)
	for _, about := range []string{engine, quorum, dead} {
		w.recovered(n, "ana", about)
	}
	w.recovered(n, "ben", replicas)
	// One manager may be back before the other.
	got := slices.Compact(slices.DeleteFunc(w.mails.words(n, "ana", quorum), func(word string) bool { return word == "WARNING" }))
	if want := []string{"CRITICAL", "recovered (OK)"}; !slices.Equal(got, want) {
		t.Errorf("of the quorum people were told %q besides warnings, want %q", got, want)
	}
	r, _ := w.report(from)
	for _, what := range []monitoring.Ref{{Host: dead}, {Host: swarm, Service: "Swarm quorum"}, {Host: mute.Name, Service: "Docker engine"}} {
		if !slices.ContainsFunc(r.Outages, func(o report.Outage) bool { return o.Host == what.Host && o.Service == what.Service }) {
			t.Errorf("the report has no outage of %+v", what)
		}
	}
}
