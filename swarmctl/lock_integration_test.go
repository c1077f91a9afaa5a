//go:build integration

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
)

// TestLock is about two who deploy the same stack at the same time.
func TestLock(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "--managers", "1")
	m.app("1")
	m.write("compose.yaml", strings.Replace(m.read("compose.yaml"), "replicas: 2", "replicas: 1", 1))
	m.steps(t, []step{
		{"of two deploys one is refused or waits", twoDeploys},
		{"a lock released by hand stops its holder", releasedByHand},
		{"a killed deploy frees its lock", killedDeploy},
		{"nothing changed, nothing is locked", unchangedIsNotLocked},
		{"down leaves no lock", downLeavesNoLock},
	})
}

// lockConfig is the lock as the swarm has it; nil is none.
func (m *machines) lockConfig() *swarm.Config {
	m.t.Helper()
	configs, err := m.manager().ConfigList(context.Background(), swarm.ConfigListOptions{Filters: filters.NewArgs(filters.Arg("label", "io.yces.swarmctl.lock=shop"))})
	if err != nil || len(configs) > 1 {
		m.t.Fatalf("got %d locks, %v", len(configs), err)
	}
	if len(configs) == 0 {
		return nil
	}
	return &configs[0]
}

// holding starts a deploy of its own and returns once it has the lock; ended
// yields what became of it.
func (m *machines) holding(env string) (cmd *exec.Cmd, ended <-chan result) {
	m.t.Helper()
	cmd = m.with(env).command("deploy")
	results := make(chan result, 1)
	go func() { results <- finish(m.t, cmd) }()
	eventually(m.t, 30*time.Second, "locked", func() bool {
		select {
		case r := <-results:
			m.t.Fatalf("the deploy ended before it was seen to have the lock, exit code %d:\n%s", r.code, r.stderr)
		default:
		}
		return m.lockConfig() != nil
	})
	return cmd, results
}

func twoDeploys(t *testing.T, m *machines) {
	first, ended := m.holding("SICK=")
	m.write("site.conf", "greeting = second\n") // the first has read its files by now
	r := m.run("deploy")
	m.expect(5, r, "stack shop is locked by ", fmt.Sprintf("(pid %d), `swarmctl deploy`", first.Process.Pid), "since ", "hint: --lock-timeout")
	t.Logf("refused after %s", r.took.Round(time.Millisecond))

	var status struct {
		Locked bool
		Lock   struct{ Holder struct{ PID int } }
	}
	if err := json.Unmarshal([]byte(m.must("lock", "status", "-o", "json").stdout), &status); err != nil {
		t.Fatal(err)
	}
	if !status.Locked || status.Lock.Holder.PID != first.Process.Pid {
		t.Errorf("the lock's status is %+v", status)
	}
	m.expect(0, m.run("lock", "status"), "stack shop is locked by ", "renewed at ")

	r = m.run("deploy", "--lock-timeout", "2m")
	m.expect(0, r, "lock: held by ", "lock: taken after ", "deployed")
	m.expect(0, <-ended, "release 1 deployed")
	if !strings.Contains(r.stderr, "release 2 deployed") {
		t.Errorf("the second one is not the second release:\n%s", r.stderr)
	}
	t.Logf("the second had waited and deployed after %s", r.took.Round(time.Millisecond))
	if left := m.lockConfig(); left != nil {
		t.Errorf("the lock is left: %+v", left.Spec)
	}
}

func releasedByHand(t *testing.T, m *machines) {
	m.expect(0, m.run("lock", "release", "--yes"), "is not locked")
	_, ended := m.holding("SICK=1")
	m.expect(2, m.run("lock", "release"), "--yes")
	m.expect(0, m.run("lock", "release", "--yes"), "lock released")
	began := time.Now()
	r := <-ended
	m.expect(1, r, "the lock of stack shop was lost", "released it by hand", "service shop_web:", "hint:")
	t.Logf("the holder stopped after %s", time.Since(began).Round(time.Millisecond))
	if left := m.lockConfig(); left != nil {
		t.Errorf("the lock is left: %+v", left.Spec)
	}
}

func killedDeploy(t *testing.T, m *machines) {
	m.write("site.conf", "greeting = too late\n")
	cmd, ended := m.holding("SICK=")
	_ = cmd.Process.Kill()
	killed := time.Now()
	<-ended
	// It may have written its services before; this is a change in any case.
	m.write("site.conf", "greeting = welcome\n")
	m.expect(5, m.run("deploy"), fmt.Sprintf("(pid %d)", cmd.Process.Pid))
	r := m.run("deploy", "--lock-timeout", "60s")
	m.expect(0, r, "lock: warning: taken over from", "deployed")
	_, taken, _ := strings.Cut(r.stderr, "lock: taken after ")
	t.Logf("lock taken after %s; deployed %s after the kill", strings.Fields(taken)[0], time.Since(killed).Round(time.Millisecond))
}

func unchangedIsNotLocked(t *testing.T, m *machines) {
	before := m.versions()
	time.Sleep(1100 * time.Millisecond) // the engine counts events in whole seconds
	since := time.Now()
	m.expect(0, m.run("deploy"), "no change")
	time.Sleep(1100 * time.Millisecond)
	if got := m.writes(since); len(got) > 0 {
		t.Errorf("the swarm saw %d writes: %+v", len(got), got)
	}
	if after := m.versions(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("versions went from %v to %v", before, after)
	}
}

func downLeavesNoLock(t *testing.T, m *machines) {
	m.expect(0, m.run("down", "--yes"))
	if left := m.versions(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	// A node lets go of a network some time after the swarm has.
	eventually(t, 30*time.Second, "nothing to remove", func() bool {
		return strings.Contains(m.must("down", "--yes").stderr, "there is nothing of it")
	})
}
