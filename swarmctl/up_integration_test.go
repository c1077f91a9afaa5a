//go:build integration

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// TestUp goes through a cluster's life on one set of machines.
func TestUp(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "--bare")
	t.Run("converges after any kill", m.testKills)
	t.Run("takes a rebuilt machine in again", m.testRebuilt)
	t.Run("leaves a machine of another swarm alone", m.testOtherSwarm)
	t.Run("gives roles and labels, and takes them back", m.testRolesAndLabels)
	t.Run("answers while a manager is dead", m.testDeadManager)
	t.Run("removes a node whose machine is gone", m.testGone)
	t.Run("works for a user who is not root", m.testSudo)
}

func (m *machines) testKills(t *testing.T) {
	m = m.in(t)
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

func (m *machines) testRebuilt(t *testing.T) {
	m = m.in(t)
	m.docker("rm", "--force", m.container(2))
	m.docker("volume", "rm", m.container(2)+".docker", m.container(2)+".containerd")
	m.must("local", "up", "--bare", "--name", m.name)
	m.must("up")
	m.checkThreeManagers()
	m.checkNoChange()
}

func (m *machines) testOtherSwarm(t *testing.T) {
	m = m.in(t)
	m.docker("exec", m.container(3), "docker", "swarm", "leave", "--force")
	m.docker("exec", m.container(3), "docker", "swarm", "init")
	before := m.docker("exec", m.container(3), "docker", "node", "ls", "-q")
	cmd := m.command("up")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), m.name+"-3: it belongs to another swarm") {
		t.Errorf("got %v:\n%s", err, out)
	}
	if after := m.docker("exec", m.container(3), "docker", "node", "ls", "-q"); after != before {
		t.Errorf("its swarm was %q, is %q", before, after)
	}
	m.docker("exec", m.container(3), "docker", "swarm", "leave", "--force")
	m.must("up")
	m.checkThreeManagers()
}

// testSudo logs in as a user who may not open the engine's socket.
func (m *machines) testSudo(t *testing.T) {
	m = m.in(t)
	for i := 1; i <= 3; i++ {
		m.docker("exec", m.container(i), "sh", "-ec", `
			useradd --create-home --shell /bin/bash deploy
			echo "deploy ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/deploy
			install -d -o deploy -m 700 ~deploy/.ssh
			install -o deploy -m 600 /root/.ssh/authorized_keys ~deploy/.ssh/`)
	}
	m.change(func(inv *inventory.Inventory) {
		for i := range inv.Nodes {
			inv.Nodes[i].User = "deploy"
		}
	})
	m.checkNoChange()
	m.checkThreeManagers()
}

func (m *machines) testRolesAndLabels(t *testing.T) {
	m = m.in(t)
	spec := func() string {
		return m.docker("exec", m.container(1), "docker", "node", "inspect", m.name+"-3", "--format", "{{.Spec.Role}} {{.Spec.Labels}}")
	}
	changed := m.in(t)
	changed.change(func(inv *inventory.Inventory) {
		inv.Nodes[2].Role = inventory.Worker
		inv.Nodes[2].Labels = map[string]string{"zone": "c"}
	})
	changed.must("up")
	changed.checkNoChange()
	if got, want := spec(), "worker map[swarmctl.labels:zone zone:c]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.must("up")
	m.checkNoChange()
	if got, want := spec(), "manager map[]\n"; got != want {
		t.Errorf("taken back: got %q, want %q", got, want)
	}
}

func (m *machines) testDeadManager(t *testing.T) {
	m = m.in(t)
	victim := 1
	if m.members()[0].Leader { // losing the leader costs an election, which is the swarm's matter
		victim = 2
	}
	m.docker("pause", m.container(victim))
	defer m.docker("unpause", m.container(victim))
	start := time.Now()
	if members := m.members(); len(members) != 3 {
		t.Errorf("got %+v", members)
	}
	t.Logf("with a dead manager, node ls took %s", time.Since(start).Round(time.Millisecond))
	out, err := m.command("up").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 6 || !strings.Contains(string(out), fmt.Sprintf("reach %q", fmt.Sprintf("%s-%d", m.name, victim))) {
		t.Errorf("up: %v\n%s", err, out)
	}
}

// testGone is a scale-down: the machine is switched off, and the inventory does
// not name it any more.
func (m *machines) testGone(t *testing.T) {
	m = m.in(t)
	smaller := m.in(t)
	smaller.change(func(inv *inventory.Inventory) {
		inv.Nodes = slices.DeleteFunc(inv.Nodes, func(n inventory.Node) bool { return n.Name == m.name+"-3" })
	})
	m.docker("pause", m.container(3))
	defer func() {
		m.docker("unpause", m.container(3))
		m.docker("exec", m.container(3), "docker", "swarm", "leave", "--force")
		m.must("up")
		m.checkThreeManagers()
	}()
	eventually(t, time.Minute, "down in the swarm", func() bool {
		return slices.ContainsFunc(smaller.members(), func(n cluster.Member) bool { return n.Status == "down" && !n.InInventory })
	})
	smaller.expect(0, smaller.run("up"), m.name+"-3: is in the swarm but not in the inventory", "still counts as one of 3 managers", "`swarmctl node rm "+m.name+"-3` takes it out")
	smaller.expect(0, smaller.run("node", "rm", "--yes", m.name+"-3"), "2 managers are left", "its own engine was not told")
	if members := smaller.members(); len(members) != 2 {
		t.Errorf("after the removal: %+v", members)
	}
	smaller.checkNoChange()
}

// change makes another inventory of the cluster's the target.
func (m *machines) change(edit func(*inventory.Inventory)) {
	m.t.Helper()
	state := filepath.Join(m.getenv("XDG_STATE_HOME"), "swarmctl", "local", m.name)
	doc, err := os.ReadFile(filepath.Join(state, "inventory.json"))
	if err != nil {
		m.t.Fatal(err)
	}
	inv, err := inventory.Parse(doc)
	if err != nil {
		m.t.Fatal(err)
	}
	edit(&inv)
	if doc, err = json.Marshal(inv); err != nil {
		m.t.Fatal(err)
	}
	file := filepath.Join(m.t.TempDir(), "inventory.json")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.env = append(slices.Clip(m.env), "SWARMCTL_TARGET="+file, "SWARMCTL_IDENTITY="+filepath.Join(state, "id_ed25519"))
}

func (m *machines) container(i int) string {
	return fmt.Sprintf("swarmctl.%s.%s-%d", m.name, m.name, i)
}

func (m *machines) docker(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (m *machines) checkNoChange() {
	m.t.Helper()
	start := time.Now()
	if out := m.must("up").stdout; !strings.HasSuffix(out, "no change\n") {
		m.t.Errorf("run again, it printed:\n%s", out)
	}
	m.t.Logf("nothing to do took %s", time.Since(start).Round(time.Millisecond))
}
