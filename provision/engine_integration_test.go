//go:build integration

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
	"github.com/ycesproject/yces/provision/inventory"
)

func newDev(t *testing.T, config ...string) *pulumiStack {
	t.Helper()
	return newStack(t, "Pulumi.dev.yaml", append([]string{"sshKeys[0]", login, "adminCidrs[0]", "203.0.113.17/32"}, config...)...)
}

func (s *pulumiStack) inventory() inventory.Inventory {
	s.t.Helper()
	var doc json.RawMessage
	s.output("inventory", &doc)
	inv, err := inventory.Parse(doc)
	if err != nil {
		s.t.Fatal(err)
	}
	return inv
}

// unchanged wants a second update to find nothing to do.
func (s *pulumiStack) unchanged() {
	s.t.Helper()
	s.world.Forget()
	s.up("--expect-no-changes")
	if log := s.world.Log(); len(log) > 0 {
		s.t.Errorf("an update without changes did %q", log)
	}
}

// destroyed wants nothing to be left, in the stack or in the clouds.
func (s *pulumiStack) destroyed() {
	s.t.Helper()
	s.must("destroy", "--yes", "--skip-preview")
	if left := s.world.IDs(); len(left) > 0 {
		s.t.Errorf("left behind: %q", left)
	}
}

func TestAnEmptyConfigurationNamesEveryFaultAndMakesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t, "Pulumi.dev.yaml", "managers", "2", "mangers", "3")
	_, all, err := s.try("preview")
	if err == nil {
		t.Fatalf("a preview with faults succeeded:\n%s", all)
	}
	for _, want := range []string{"has 4 faults", "yces:managers: must be odd", "yces:sshKeys: is empty", "yces:adminCidrs: names nobody", "yces:mangers: there is no such setting"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
	if ids := s.world.IDs(); len(ids) > 0 {
		t.Errorf("made %q", ids)
	}
}

// The life of a stack, from the first preview to an empty subscription.
func TestTheDevelopmentStackLives(t *testing.T) {
	t.Parallel()
	s := newDev(t)
	s.must("preview")
	if ids := s.world.IDs(); len(ids) > 0 {
		t.Fatalf("a preview made %q", ids)
	}
	s.up()
	inv := s.inventory()
	names := ""
	for _, n := range inv.Nodes {
		names += " " + n.Name
		if want := strings.TrimSpace(s.keys.host[n.Name]); !slices.Equal(n.HostKeys, []string{want}) {
			t.Errorf("%s has the keys %q, and told Azure %q", n.Name, n.HostKeys, want)
		}
	}
	if names != " yces-dev-manager-1 yces-dev-worker-1 yces-dev-jenkins" {
		t.Errorf("nodes are%s", names)
	}
	s.unchanged()
	s.readBySwarmctl()
	s.scales()
	s.destroyed()
}

// readBySwarmctl runs the real swarmctl, which asks the real pulumi. The model's
// machines don't answer, and are named.
func (s *pulumiStack) readBySwarmctl() {
	s.t.Helper()
	path, err := buildSwarmctl()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink(cli(), filepath.Join(s.bin, "pulumi")); err != nil {
		s.t.Fatal(err)
	}
	command := exec.CommandContext(s.t.Context(), path, "-t", "pulumi:dev", "node", "ls")
	command.Dir, command.Env = s.project, s.env
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 6 || !strings.Contains(string(out), `"yces-dev-manager-1" at 127.1.0.`) {
		s.t.Errorf("swarmctl -t pulumi:dev node ls: %v\n%s", err, out)
	}
}

func (s *pulumiStack) scales() {
	s.t.Helper()
	s.set("managers", "3")
	s.set("workers", "2")
	s.up()
	if n := len(s.inventory().Swarm()); n != 5 {
		s.t.Errorf("%d nodes, want 5", n)
	}
	s.unchanged()
	s.set("workers", "0")
	s.world.Forget()
	s.up()
	if n := len(s.inventory().Swarm()); n != 3 {
		s.t.Errorf("%d nodes, want 3", n)
	}
	s.orderly("yces-dev-worker-1")
	s.unchanged()
}

// orderly wants a machine to have gone before its interface, and that before its address.
func (s *pulumiStack) orderly(name string) {
	s.t.Helper()
	var order []string
	for _, line := range s.world.Log() {
		for _, suffix := range []string{"/virtualMachines/" + name, "/" + name + "-nic", "/" + name + "-address"} {
			if strings.HasPrefix(line, "delete ") && strings.HasSuffix(line, suffix) {
				order = append(order, suffix)
			}
		}
	}
	if len(order) != 3 || !strings.HasPrefix(order[0], "/virtualMachines/") || !strings.HasSuffix(order[1], "-nic") {
		s.t.Errorf("deleted in the order %q", order)
	}
}

func TestASizeChangeRestartsOneMachineAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newDev(t, "managers", "3", "jenkins", "false")
	s.up()
	before := s.inventory()
	s.world.Forget()
	s.set("size", "Standard_B2ms")
	s.up()
	var updated []string
	for _, line := range s.world.Log() {
		id, found := strings.CutPrefix(line, "update ")
		if !found {
			t.Errorf("a size change did %q", line)
		}
		updated = append(updated, id[strings.LastIndex(id, "/")+1:])
	}
	if want := []string{"yces-dev-manager-1", "yces-dev-manager-2", "yces-dev-manager-3", "yces-dev-worker-1"}; !slices.Equal(updated, want) {
		t.Errorf("updated %q, want %q", updated, want)
	}
	if after := s.inventory(); after.Nodes[0].Address != before.Nodes[0].Address || after.Nodes[0].HostKeys[0] != before.Nodes[0].HostKeys[0] {
		t.Error("a machine changed its address or key")
	}
	s.destroyed()
}

// A new SSH key changes what machines start with, as another cloud-init does.
func TestAChangedStartReachesOnlyMachinesThatAreToBeRebuilt(t *testing.T) {
	t.Parallel()
	s := newDev(t, "managers", "3", "workers", "0", "jenkins", "false", "protect", "true")
	s.up()
	before := s.inventory()
	s.set("sshKeys[1]", strings.Replace(login, "FK5h", "FK5g", 1))
	s.unchanged()
	s.set("rebuild[0]", "yces-dev-manager-2")
	s.up()
	after := s.inventory()
	for i, n := range after.Nodes {
		rebuilt := n.HostKeys[0] != before.Nodes[i].HostKeys[0]
		if rebuilt != (n.Name == "yces-dev-manager-2") {
			t.Errorf("%s was rebuilt: %t", n.Name, rebuilt)
		}
		if n.Address != before.Nodes[i].Address || n.PrivateAddress != before.Nodes[i].PrivateAddress {
			t.Errorf("%s moved from %s to %s", n.Name, before.Nodes[i].Address, n.Address)
		}
	}
	s.unchanged()
	s.set("rebuild[0]", "yces-dev-manager-3")
	s.up()
	s.fails("protect", "destroy", "--yes", "--skip-preview")
	s.set("protect", "false")
	s.must("config", "rm", "--path", "yces:rebuild")
	s.up()
	s.destroyed()
}

func TestDriftIsSeenAndUndone(t *testing.T) {
	t.Parallel()
	s := newDev(t, "jenkins", "false")
	s.up()
	err := s.world.Edit("/yces-dev-swarm-nsg", func(r *cloudmodel.Resource) {
		rules := r.Inputs.Objects("securityRules")
		delete(rules[0], "sourceAddressPrefixes")
		rules[0]["sourceAddressPrefix"] = "*"
		r.State["securityRules"] = r.Inputs["securityRules"]
	})
	if err != nil {
		t.Fatal(err)
	}
	s.world.Remove("/yces-dev-worker-1")
	s.fails("no changes were expected", "refresh", "--expect-no-changes", "--preview-only")
	s.must("refresh", "--yes", "--skip-preview")
	s.up()
	s.unchanged()
	err = s.world.Edit("/yces-dev-swarm-nsg", func(r *cloudmodel.Resource) {
		if from := r.Inputs.Objects("securityRules")[0]; from.Text("sourceAddressPrefix") == "*" {
			t.Error("SSH is still open to the world")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.inventory().Swarm()); n != 2 {
		t.Errorf("%d nodes after the repair", n)
	}
	s.destroyed()
}

func TestAnUpdateThatBrokeOffIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	s := newDev(t)
	s.world.Fail("yces-dev-worker-1", errors.New("AllocationFailed: no capacity"))
	s.fails("AllocationFailed", "up", "--yes", "--skip-preview")
	s.up()
	s.unchanged()
	s.destroyed()
}

func TestTheProductionExampleLivesOnBothClouds(t *testing.T) {
	t.Parallel()
	s := newStack(t, "Pulumi.prod.example.yaml")
	s.up()
	inv := s.inventory()
	if inv.Bastion == nil || len(inv.ByRole(inventory.Monitor)) != 1 || inv.Endpoint != "https://qr.example.com" {
		t.Errorf("%+v", inv)
	}
	zones := ""
	for _, n := range inv.Swarm() {
		zones += n.Labels["zone"]
	}
	if zones != "12312" {
		t.Errorf("nodes are in the zones %s", zones)
	}
	s.unchanged()
	for _, d := range []string{"yces-prod-address", "yces-prod-jenkins-home"} {
		if !slices.ContainsFunc(s.world.IDs(), func(id string) bool { return strings.Contains(id, d+"/providers/Microsoft.Authorization/locks/") }) {
			t.Errorf("%s is not locked", d)
		}
	}
	s.set("protect", "false")
	s.up()
	s.destroyed()
}
