//go:build integration

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/cluster"
	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// killAt runs `up` and kills it as soon as the event comes.
func (m *machines) killAt(moment func(event.Event) bool) {
	m.t.Helper()
	cmd := m.command("up", "--progress", "json")
	progress, err := cmd.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	var seen strings.Builder
	lines := bufio.NewScanner(progress)
	for lines.Scan() {
		fmt.Fprintln(&seen, lines.Text())
		var e event.Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && moment(e) {
			_ = cmd.Process.Kill()
			return
		}
	}
	m.t.Fatalf("the moment never came:\n%s", seen.String())
}

func (m *machines) members() []cluster.Member {
	m.t.Helper()
	var members []cluster.Member
	if err := json.Unmarshal([]byte(m.must("node", "ls", "-o", "json").stdout), &members); err != nil {
		m.t.Fatal(err)
	}
	return members
}

func (m *machines) checkThreeManagers() {
	m.t.Helper()
	members := m.members()
	leaders := 0
	for _, n := range members {
		if n.Leader {
			leaders++
		}
		if n.Role != "manager" || n.Status != "ready" || n.Reachability != "reachable" || !n.InInventory {
			m.t.Errorf("node is not as it should be: %+v", n)
		}
	}
	if len(members) != 3 || leaders != 1 {
		m.t.Errorf("%d nodes and %d leaders, want 3 and 1", len(members), leaders)
	}
}

func begins(text string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Kind == event.Started && strings.Contains(e.Text, text) }
}

func ends(text string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Kind == event.Done && strings.Contains(e.Text, text) }
}

func prints(text string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Kind == event.Output && strings.Contains(e.Text, text) }
}

func TestUpConvergesAfterAnyKill(t *testing.T) {
	m := newMachines(t, "--bare")
	for _, moment := range []struct {
		name string
		at   func(event.Event) bool
	}{
		{"installation begins", begins("installing Docker")},
		{"package is being unpacked", prints("Unpacking docker")},
		{"first machine has Docker", ends("Docker installed")},
		{"swarm is being initialized", begins("initializing the swarm")},
		{"managers are joining", begins("joining as manager")},
	} {
		start := time.Now()
		m.killAt(moment.at)
		t.Logf("killed when %s, after %s", moment.name, time.Since(start).Round(time.Millisecond))
	}
	start := time.Now()
	out := m.must("up").stdout
	t.Logf("last run, after %s:\n%s", time.Since(start).Round(time.Millisecond), out)
	m.checkThreeManagers()
	m.checkNoChange()
}

	start = time.Now()
	if out := m.must("up").stdout; !strings.HasSuffix(out, "no change\n") {
		t.Errorf("run again, it printed:\n%s", out)
	}
	t.Logf("nothing to do took %s", time.Since(start).Round(time.Millisecond))
}
