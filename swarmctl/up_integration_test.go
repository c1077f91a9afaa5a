//go:build integration

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/cluster"
	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// machines is a local cluster of its own, made for one test.
type machines struct {
	t    *testing.T
	bin  string
	env  []string
	name string
}

func newMachines(t *testing.T, args ...string) *machines {
	t.Helper()
	dir := t.TempDir()
	m := &machines{t: t, bin: filepath.Join(dir, "swarmctl"), name: fmt.Sprintf("it-%d", time.Now().UnixNano()%1_000_000)}
	if out, err := exec.Command("go", "build", "-o", m.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	m.env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "SWARMCTL_TARGET=local:"+m.name)
	t.Cleanup(func() { m.run("local", "down", "--name", m.name) })
	m.run(append([]string{"local", "up", "--bare", "--name", m.name, "--http-port", "0"}, args...)...)
	return m
}

func (m *machines) command(args ...string) *exec.Cmd {
	cmd := exec.Command(m.bin, args...)
	cmd.Env = m.env
	return cmd
}

// run runs a command that must do its work and returns what it printed.
func (m *machines) run(args ...string) string {
	m.t.Helper()
	cmd := m.command(args...)
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("swarmctl %s: %v\n%s%s", strings.Join(args, " "), err, progress.String(), out.String())
	}
	return out.String()
}

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
	if err := json.Unmarshal([]byte(m.run("node", "ls", "-o", "json")), &members); err != nil {
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
	m := newMachines(t)
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
	out := m.run("up")
	t.Logf("last run, after %s:\n%s", time.Since(start).Round(time.Millisecond), out)
	m.checkThreeManagers()

	start = time.Now()
	if out := m.run("up"); !strings.HasSuffix(out, "no change\n") {
		t.Errorf("run again, it printed:\n%s", out)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("nothing to do took %s, want less than 3s", took)
	}
}
