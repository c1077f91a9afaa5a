package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// ConflictError is a machine that is a member elsewhere, or an operating
// system that we can't install on: nothing that `up` may decide.
type ConflictError struct{ Err error }

func (e *ConflictError) Error() string { return e.Err.Error() }

func (e *ConflictError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (*ConflictError) Hint() string {
	return "nothing was changed; a machine leaves a swarm for good with `docker swarm leave --force` on that machine"
}

// check refuses what would destroy something.
func (p *planner) check() error {
	var faults []error
	for _, n := range p.inv.Swarm() {
		if err := p.checkMachine(p.state.Machines[n.Name]); err != nil {
			faults = append(faults, fmt.Errorf("node %s: %w", n.Name, err))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &ConflictError{fmt.Errorf("the swarm can't be made to match the inventory:\n%w", errors.Join(faults...))}
}

func (p *planner) checkMachine(m Machine) error {
	if !m.Docker.Installed && m.OS.ID != "debian" && m.OS.ID != "ubuntu" {
		return fmt.Errorf("Docker is missing, and it is installed on Debian and Ubuntu only, not on %q; install it yourself", m.OS.ID)
	}
	if !m.OS.Systemd && !m.Docker.Running {
		return errors.New("it was not booted with systemd, which starts Docker")
	}
	switch m.Swarm.LocalNodeState {
	case swarm.LocalNodeStateLocked:
		return errors.New("its part of the swarm is locked; open it with `docker swarm unlock`")
	case swarm.LocalNodeStateError:
		return fmt.Errorf("its engine can't take part in the swarm that it belongs to: %s", m.Swarm.Error)
	case swarm.LocalNodeStatePending:
		return errors.New("its engine has been trying to join a swarm for a while; see `journalctl -u docker` there")
	}
	return p.checkMembership(m)
}

// checkMembership refuses a machine that belongs to another swarm than the one
// that answered us.
func (p *planner) checkMembership(m Machine) error {
	if m.Swarm.NodeID == "" {
		return nil
	}
	if _, ok := p.state.member(m.Swarm.NodeID); ok {
		return nil
	}
	var managers []string
	for _, peer := range m.Swarm.RemoteManagers {
		managers = append(managers, peer.Addr)
	}
	slices.Sort(managers)
	return fmt.Errorf("it belongs to another swarm, with managers at %s", strings.Join(managers, ", "))
}
