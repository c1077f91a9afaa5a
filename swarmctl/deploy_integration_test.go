//go:build integration

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// TestDeploy is one stack's life on one swarm of three machines, in order.
func TestDeploy(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	m.app("1")
	m.steps(t, []step{
		{"a first release that fails leaves nothing", firstReleaseFails},
		{"the first release runs on two nodes", firstRelease},
		{"nothing changed, nothing is written", nothingChanged},
		{"a change sends its layer only and runs everywhere", changedLayer},
		{"plan names what differs and hides what is secret", planNames},
		{"a changed config file rolls out", changedConfig},
		{"a secret of a Pulumi stack reaches the service", stackSecret},
		{"rollback takes the whole stack back", rolledBack},
		{"logs name replica and node", logsNamed},
		{"a fault changes nothing", faultsChangeNothing},
		{"a drained node runs nothing", drainedNode},
		{"a removed node leaves, and can join again", removedNode},
		{"down removes the stack", stackDown},
	})
}

// step is a part of a test that needs those before it.
type step struct {
	name string
	run  func(*testing.T, *machines)
}

// steps runs them in order, and ends with the first that fails.
func (m *machines) steps(t *testing.T, all []step) {
	for _, s := range all {
		if !t.Run(s.name, func(t *testing.T) { s.run(t, m.in(t)) }) {
			return
		}
	}
}

// in is the same machines for a subtest.
func (m *machines) in(t *testing.T) *machines {
	other := *m
	other.t = t
	return &other
}

func (m *machines) expect(code int, r result, texts ...string) {
	m.t.Helper()
	if r.code != code {
		m.t.Fatalf("exit code %d, want %d:\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			m.t.Errorf("the output does not say %q:\n%s%s", text, r.stdout, r.stderr)
		}
	}
}

func firstReleaseFails(t *testing.T, m *machines) {
	r := m.with("CRASH=1").run("deploy")
	m.expect(3, r, "non-zero exit (3)", "cannot open the database", "was rolled back")
	if s := m.status(); len(s.Services) != 0 {
		t.Errorf("services are left: %+v", s.Services)
	}
}

func firstRelease(t *testing.T, m *machines) {
	r := m.must("deploy")
	s := m.status()
	if len(s.Nodes) != 3 || len(s.Services) != 1 {
		t.Fatalf("got %d nodes and %d services, want 3 and 1", len(s.Nodes), len(s.Services))
	}
	web := s.Services[0]
	if web.Running != 2 || web.Desired != 2 || len(web.Tasks) != 2 || web.Tasks[0].Node == web.Tasks[1].Node {
		t.Errorf("want two replicas on two nodes, got %+v", web)
	}
	m.serves("version 1")
	t.Logf("first release in %s", r.took.Round(time.Millisecond))
}

// serves waits until the balancer has found every replica, then asks often.
func (m *machines) serves(want string) {
	m.t.Helper()
	eventually(m.t, 20*time.Second, "answers "+want, func() bool {
		for range 10 {
			if text, err := m.get("/"); err != nil || !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// writes are the swarm's own record of what changed since a moment.
func (m *machines) writes(since time.Time) []events.Message {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	args := filters.NewArgs()
	for _, kind := range []events.Type{events.ServiceEventType, events.ConfigEventType, events.SecretEventType, events.NodeEventType, events.NetworkEventType} {
		args.Add("type", string(kind))
	}
	args.Add("scope", "swarm")
	messages, errs := m.manager().Events(ctx, events.ListOptions{
		Since: fmt.Sprint(since.Unix()), Until: fmt.Sprint(time.Now().Unix()), Filters: args,
	})
	var all []events.Message
	for {
		select {
		case e := <-messages:
			all = append(all, e)
		case <-errs:
			return all
		}
	}
}

// versions are those of every object that a deploy could write.
func (m *machines) versions() map[string]uint64 {
	m.t.Helper()
	ctx, docker := context.Background(), m.manager()
	versions := map[string]uint64{}
	services, err := docker.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, s := range services {
		versions["service "+s.Spec.Name] = s.Version.Index
	}
	configs, err := docker.ConfigList(ctx, swarm.ConfigListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range configs {
		versions["config "+c.Spec.Name] = c.Version.Index
	}
	secrets, err := docker.SecretList(ctx, swarm.SecretListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, s := range secrets {
		versions["secret "+s.Spec.Name] = s.Version.Index
	}
	return versions
}

func nothingChanged(t *testing.T, m *machines) {
	before := m.versions()
	// The engine counts events in whole seconds.
	time.Sleep(1100 * time.Millisecond)
	since := time.Now()
	r := m.must("deploy")
	m.expect(0, r, "no change")
	time.Sleep(1100 * time.Millisecond)
	if got := m.writes(since); len(got) > 0 {
		t.Errorf("the swarm saw %d writes: %+v", len(got), got)
	}
	if after := m.versions(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("versions went from %v to %v", before, after)
	}
	t.Logf("deploy without a change in %s", r.took.Round(time.Millisecond))
}

var sentSize = regexp.MustCompile(`has the image, ([\d.]+) (kB|MB) sent`)

// sent are the kilobytes that went to each node.
func sent(t *testing.T, r result) map[string]float64 {
	t.Helper()
	bytes := map[string]float64{}
	for _, e := range progress(t, r) {
		match := sentSize.FindStringSubmatch(e.Text)
		if match == nil {
			continue
		}
		var size float64
		if _, err := fmt.Sscan(match[1], &size); err != nil {
			t.Fatal(err)
		}
		if match[2] == "MB" {
			size *= 1000
		}
		bytes[e.Subject] = size
	}
	return bytes
}

func changedLayer(t *testing.T, m *machines) {
	m.app("2")
	layer, err := os.Stat(filepath.Join(m.dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	r := m.must("deploy", "--progress", "json")
	sizes := sent(t, r)
	if len(sizes) != 3 {
		t.Fatalf("image went to %d nodes, want 3: %v", len(sizes), sizes)
	}
	for node, kB := range sizes {
		// Compressed, the changed layer is smaller than its file; the other
		// layer alone is 8 MB.
		if limit := float64(layer.Size()) / 1000; kB > limit {
			t.Errorf("%s was sent %.0f kB, want less than the changed layer's %.0f", node, kB, limit)
		}
	}
	images := map[string]bool{}
	for _, task := range m.status().Services[0].Tasks {
		images[task.Image] = true
	}
	if len(images) != 1 {
		t.Errorf("replicas run %v", images)
	}
	m.serves("version 2")
	t.Logf("changed release in %s, sent %v kB", r.took.Round(time.Millisecond), sizes)
}

func planNames(t *testing.T, m *machines) {
	m.write("key", "another key")
	m.write("compose.yaml", strings.Replace(m.read("compose.yaml"), "SICK:", "API_TOKEN: hush\n      SICK:", 1))
	r := m.run("plan", "--detailed-exitcode")
	m.expect(7, r, "update service shop_web", "env.API_TOKEN: + (hidden)", "create secret shop_key-")
	if strings.Contains(r.stdout+r.stderr, "hush") || strings.Contains(r.stdout+r.stderr, "another key") {
		t.Errorf("the plan shows a secret:\n%s%s", r.stdout, r.stderr)
	}
	m.app("2")
	m.expect(0, m.run("plan", "--detailed-exitcode"), "no change")
}

func (m *machines) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

func changedConfig(t *testing.T, m *machines) {
	m.write("site.conf", "greeting = good evening\n")
	m.expect(0, m.run("deploy"), "create config shop_site-")
	var images []string
	for _, task := range m.status().Services[0].Tasks {
		images = append(images, task.State)
	}
	if strings.Join(images, " ") != "running running" {
		t.Errorf("tasks are %v", images)
	}
}

// image is the digest that runs.
func (m *machines) image() string {
	m.t.Helper()
	return m.status().Services[0].Image
}

func rolledBack(t *testing.T, m *machines) {
	m.expect(0, m.run("rollback"))
	m.serves("version 2")
	m.expect(2, m.run("rollback", "--to", "999"), "there is no release 999")
	m.expect(0, m.run("rollback", "--to", "2"))
	m.serves("version 1")
}

func logsNamed(_ *testing.T, m *machines) {
	m.expect(0, m.run("logs"), "shop_web.1@"+m.name, "shop_web.2@"+m.name, "| version 1 starts")
	m.expect(0, m.run("logs", "web", "--tail", "1"), "| version 1 starts")
	m.expect(2, m.run("logs", "nothing"), `has no service "nothing"`)
}

func faultsChangeNothing(t *testing.T, m *machines) {
	before := m.versions()
	good := m.target()
	edit := func(change func(*inventory.Inventory)) string {
		inv := good.Inventory
		inv.Nodes = append([]inventory.Node{}, inv.Nodes...)
		change(&inv)
		text, err := json.Marshal(inv)
		if err != nil {
			t.Fatal(err)
		}
		m.write("inventory.json", string(text))
		return filepath.Join(m.dir, "inventory.json")
	}
	login := []string{"-i", good.Identities[0]}

	m.app("4")
	wrongKey := edit(func(inv *inventory.Inventory) { inv.Nodes[1].HostKeys = inv.Nodes[0].HostKeys })
	m.expect(6, m.run(append(login, "-t", wrongKey, "deploy")...), good.Nodes[1].Name, "host key", "SHA256:")
	gone := edit(func(inv *inventory.Inventory) { inv.Nodes[0].Port, inv.Nodes[2].Port = 9, 9 })
	m.expect(6, m.run(append(login, "-t", gone, "deploy")...), good.Nodes[0].Name, good.Nodes[2].Name)

	m.expect(2, m.run("deploy", "--bogus"), "unknown flag: --bogus")
	m.write("compose.yaml", "services:\n  web: {image: x, prots: [], deploy: {replicas: many}}\n  db: {ports: [\"x:1\"]}\n")
	m.expect(2, m.run("deploy"), "prots", "replicas", "services.db.ports.0")
	if after := m.versions(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("versions went from %v to %v", before, after)
	}
	m.app("1")
}

func stackDown(t *testing.T, m *machines) {
	m.expect(2, m.run("down"), "--yes")
	m.expect(0, m.run("down", "--yes"))
	if left := m.versions(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if s := m.status(); len(s.Nodes) != 3 || len(s.Services) != 0 {
		t.Errorf("got %d nodes and %d services, want 3 and none", len(s.Nodes), len(s.Services))
	}
}
