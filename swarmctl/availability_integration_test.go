//go:build integration

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deploys is how many releases are rolled out under load: two, or as many as
// `make soak` asks for.
func deploys(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOAK_DEPLOYS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAvailability(t *testing.T) {
	m := newMachines(t)
	m.app("1")
	m.must("deploy")
	m.serves("version 1")
	for _, step := range []struct {
		name string
		run  func(*testing.T, *machines)
	}{
		{"no request fails while releases roll out", noRequestLost},
		{"a machine that dies is replaced and comes back by itself", machineDies},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, m.in(t)) }) {
			return
		}
	}
}

func noRequestLost(t *testing.T, m *machines) {
	endpoint := m.target().Endpoint
	loads := map[string]*load{
		"new connections":  startLoad(t, endpoint, "/", false),
		"kept connections": startLoad(t, endpoint, "/", true),
	}
	n := deploys(t)
	for i := range n {
		m.app(fmt.Sprintf("load-%d", i))
		m.must("deploy")
	}
	// What runs at the end is the last release, on both replicas.
	m.serves(fmt.Sprintf("version load-%d", n-1))
	for name, l := range loads {
		asked, failed, why := l.count()
		t.Logf("%s: %d of %d requests failed in %d deploys, the slowest took %s", name, failed, asked, n, l.slowest.Round(time.Millisecond))
		if failed > 0 {
			t.Errorf("%s: %d of %d requests failed: %s", name, failed, asked, why)
		}
	}
}

// machineDies ends a machine that runs a replica as a power loss does.
func machineDies(t *testing.T, m *machines) {
	victim := m.status().Services[0].Tasks[0].Node
	l := startLoad(t, m.target().Endpoint, "/", false)
	m.must("local", "stop", "--name", m.name, victim)
	died := time.Now()

	out := eventually(t, 30*time.Second, "taken out of the balancer", func() bool {
		for range 10 {
			if _, err := m.get("/"); err != nil {
				return false
			}
		}
		return true
	})
	back := eventually(t, 2*time.Minute, "two replicas on living machines", func() bool {
		r := m.run("status", "-o", "json")
		return r.code == 0 && m.livingReplicas(victim) == 2
	})
	asked, failed, why := l.count()
	t.Logf("the balancer took the node out after %s, its replica ran elsewhere after %s; %d of %d requests failed meanwhile: %s",
		out.Round(100*time.Millisecond), back.Round(100*time.Millisecond), failed, asked, why)

	started := time.Now()
	m.must("local", "start", "--name", m.name, victim)
	eventually(t, time.Minute, "the machine is Ready again", func() bool {
		for _, n := range m.status().Nodes {
			if n.Name == victim && n.Status == "ready" {
				return true
			}
		}
		return false
	})
	t.Logf("the machine was Ready %s after it was started, %s after it died", time.Since(started).Round(100*time.Millisecond), time.Since(died).Round(time.Second))
	if r := m.must("up"); !strings.Contains(r.stdout, "no change") {
		t.Errorf("after it rejoined by itself, up says:\n%s", r.stdout)
	}
	if r := m.must("deploy"); !strings.Contains(r.stderr, "no change") {
		t.Errorf("after it rejoined by itself, deploy says:\n%s", r.stderr)
	}
}

func (m *machines) livingReplicas(dead string) int {
	count := 0
	for _, s := range m.status().Services {
		for _, task := range s.Tasks {
			if task.State == "running" && task.Node != dead {
				count++
			}
		}
	}
	return count
}
