//go:build integration

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// TestDeployFails is a stack whose releases go wrong, on one swarm, in order.
func TestDeployFails(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	m.app("2")
	m.must("deploy")
	m.steps(t, []step{
		{"a release that is never healthy is rolled back", sickRelease},
		{"a release that crashes is rolled back", crashingRelease},
		{"an interrupt says what state things are in", interruptedRelease},
		{"a release that takes too long is taken back", timedOut},
		{"a deploy survives the death of the leader", leaderDies},
	})
}

func sickRelease(t *testing.T, m *machines) {
	before := m.image()
	m.expect(3, m.with("SICK=1").run("deploy"), "readyz answers 503", "was rolled back")
	if after := m.image(); after != before {
		t.Errorf("%s runs, want the old %s", after, before)
	}
	m.serves("version 2")
}

func crashingRelease(t *testing.T, m *machines) {
	before := m.image()
	r := m.with("CRASH=1").run("deploy")
	m.expect(3, r, "non-zero exit (3)", "cannot open the database: no such host")
	if after := m.image(); after != before {
		t.Errorf("%s runs, want the old %s", after, before)
	}
	m.serves("version 2")
	var releases []struct{ Outcome string }
	if err := json.Unmarshal([]byte(m.must("releases", "-o", "json").stdout), &releases); err != nil {
		t.Fatal(err)
	}
	if releases[0].Outcome != "rolled back" {
		t.Errorf("the record says %q", releases[0].Outcome)
	}
}

// deployUntil runs a deploy and acts once, at the first event of that kind.
func (m *machines) deployUntil(moment func(event.Event) bool, act func(*os.Process)) result {
	m.t.Helper()
	cmd := m.command("deploy", "--progress", "json")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	var said strings.Builder
	acted := false
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		var e event.Event
		if !acted && json.Unmarshal(lines.Bytes(), &e) == nil && moment(e) {
			acted = true
			act(cmd.Process)
		}
	}
	_ = cmd.Wait()
	if !acted {
		m.t.Fatalf("the moment never came:\n%s", said.String())
	}
	return result{stderr: said.String(), code: cmd.ProcessState.ExitCode()}
}

// running is the moment when so many replicas run the new release.
func running(replicas int64) func(event.Event) bool {
	return func(e event.Event) bool {
		return e.Kind == event.Progress && e.Unit == event.Tasks && e.Current == replicas
	}
}

func interruptedRelease(t *testing.T, m *machines) {
	m.app("3")
	r := m.deployUntil(running(1), func(p *os.Process) { _ = p.Signal(syscall.SIGINT) })
	m.expect(130, r, "service shop_web: 1 of 2 replicas run the new release", "hint:")
	// The swarm goes on by itself, and the same deploy finds it done.
	eventually(t, time.Minute, "both replicas updated", func() bool { return m.status().Services[0].State == "running" })
	m.expect(0, m.run("deploy"), "no change")
}

func timedOut(t *testing.T, m *machines) {
	before := m.image()
	m.app("5")
	m.expect(4, m.run("deploy", "--timeout", "4s"), "--timeout", "rolled back")
	if after := m.image(); after != before {
		t.Errorf("%s runs, want the old %s", after, before)
	}
	m.serves("version 3")
}

func leaderDies(t *testing.T, m *machines) {
	var leader string
	for _, n := range m.members() {
		if n.Leader {
			leader = n.Name
		}
	}
	m.app("6")
	start := time.Now()
	r := m.deployUntil(running(0), func(*os.Process) { m.must("local", "stop", "--name", m.name, leader) })
	m.expect(0, r)
	t.Logf("deployed in %s although the leader died", time.Since(start).Round(100*time.Millisecond))
	m.serves("version 6")
	if n := m.livingReplicas(leader); n != 2 {
		t.Errorf("%d replicas run on living machines, want 2", n)
	}

	m.app("7")
	eventually(t, time.Minute, "the swarm misses the machine", func() bool {
		for _, n := range m.status().Nodes {
			if n.Name == leader {
				return n.Status != "ready"
			}
		}
		return false
	})
	m.expect(6, m.run("deploy"), leader, "--skip-down")
	m.expect(0, m.run("deploy", "--skip-down"), "node "+leader+": warning: is ", "and left out")
	m.serves("version 7")
	m.must("local", "start", "--name", m.name, leader)
	eventually(t, time.Minute, "the machine is back and gets the image", func() bool {
		r := m.run("deploy")
		return r.code == 0 && strings.Contains(r.stderr, "no change")
	})
}
