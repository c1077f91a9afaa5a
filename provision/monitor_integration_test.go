//go:build integration

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
)

// The monitoring host is made anew, by itself and with its network, and stays
// where everybody looks for it.
func TestTheMonitorIsReplacedAtItsAddress(t *testing.T) {
	t.Parallel()
	s := newDev(t, "workers", "0", "jenkins", "false", "monitor", "true")
	s.up()
	before := s.monitor()
	s.set("sshKeys[1]", strings.Replace(login, "FK5h", "FK5g", 1))
	s.unchanged()
	s.set("rebuild[0]", before.Name)
	s.world.Forget()
	s.up()
	if want, got := []string{"delete eipassoc", "delete i", "create i", "create eipassoc"}, s.changes(); !slices.Equal(got, want) {
		t.Errorf("a rebuild did %q, want %q", got, want)
	}
	s.same(before)
	s.unchanged()
	s.set("monitorCidr", "10.31.0.0/24")
	s.world.Forget()
	s.up()
	if got := s.changes(); !slices.Contains(got, "delete vpc") || !slices.Contains(got, "create i") {
		t.Errorf("another range did %q", got)
	}
	s.same(before)
	s.unchanged()
	s.destroyed()
}

func (s *pulumiStack) monitor() inventory.Node {
	s.t.Helper()
	return s.inventory().ByRole(inventory.Monitor)[0]
}

// changes are what was done to AWS's resources, by what their IDs begin with.
func (s *pulumiStack) changes() []string {
	var changes []string
	for _, line := range s.world.Log() {
		kind, _, _ := strings.Cut(line, "-")
		changes = append(changes, kind)
	}
	return changes
}

// same wants the monitor to be found where it was, with the keys that it had.
func (s *pulumiStack) same(before inventory.Node) {
	s.t.Helper()
	if after := s.monitor(); after.Address != before.Address || !slices.Equal(after.HostKeys, before.HostKeys) {
		s.t.Errorf("the monitor was %+v and is %+v", before, after)
	}
}
