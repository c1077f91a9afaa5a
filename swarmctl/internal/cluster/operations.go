package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// Operation is one change to one machine or to its entry in the swarm.
type Operation interface {
	// Subject is what it changes, in the user's words.
	Subject() string
	// String says what it does.
	String() string
	// Cause says why.
	Cause() string
	// progress says what is under way while it is, and what is so afterwards.
	progress() (doing, did string)
	apply(ctx context.Context, a *applier) error
}

// Step is what all operations have: a machine and a cause.
type Step struct {
	Node inventory.Node
	Why  string
}

// Subject is what the operation changes, in the user's words.
func (s Step) Subject() string { return "node " + s.Node.Name }

// Cause says why.
func (s Step) Cause() string { return s.Why }

// InstallDocker installs the engine, or finishes a broken installation.
type InstallDocker struct {
	Step
	OS OS
}

func (InstallDocker) String() string { return "install Docker" }

func (InstallDocker) progress() (doing, did string) { return "installing Docker", "Docker installed" }

// EnableDocker starts the engine, now and at every boot.
type EnableDocker struct{ Step }

func (EnableDocker) String() string { return "enable and start Docker" }

func (EnableDocker) progress() (doing, did string) { return "starting Docker", "Docker runs" }

// InitSwarm makes a new swarm of one manager.
type InitSwarm struct {
	Step
	// AddressPool is where overlay networks get their subnets from.
	AddressPool string
}

func (o InitSwarm) String() string {
	return fmt.Sprintf("initialize the swarm at %s, networks from %s", o.Node.SwarmAddress(), o.AddressPool)
}

func (InitSwarm) progress() (doing, did string) {
	return "initializing the swarm", "swarm initialized"
}

// Join makes a machine a member of the swarm.
type Join struct {
	Step
	Role inventory.Role
}

func (o Join) String() string {
	return fmt.Sprintf("join as %s at %s", o.Role, o.Node.SwarmAddress())
}

func (o Join) progress() (doing, did string) {
	return fmt.Sprintf("joining as %s", o.Role), fmt.Sprintf("joined as %s", o.Role)
}

// SetRole promotes a worker or demotes a manager.
type SetRole struct {
	Step
	NodeID string
	Role   inventory.Role
}

func (o SetRole) String() string {
	if o.Role == inventory.Manager {
		return "promote to manager"
	}
	return "demote to worker"
}

func (o SetRole) progress() (doing, did string) {
	return fmt.Sprintf("becoming a %s", o.Role), fmt.Sprintf("is a %s", o.Role)
}

// SetLabels gives a member its labels.
type SetLabels struct {
	Step
	// Set are the labels to have; Unset are those that an earlier inventory had.
	Set   map[string]string
	Unset []string
}

func (o SetLabels) String() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(o.Set)) {
		parts = append(parts, key+"="+o.Set[key])
	}
	for _, key := range o.Unset {
		parts = append(parts, "no "+key)
	}
	return "label " + strings.Join(parts, ", ")
}

func (SetLabels) progress() (doing, did string) { return "setting labels", "labels set" }

// RemoveGhost removes the entry that a rebuilt machine left behind.
type RemoveGhost struct {
	Step
	NodeID string
	// Manager: the entry is a manager's, which has to be demoted first.
	Manager bool
}

func (o RemoveGhost) String() string { return "remove the former entry " + short(o.NodeID) }

func (RemoveGhost) progress() (doing, did string) {
	return "removing the former entry", "former entry removed"
}

// AwaitReady waits until a member that was down is back.
type AwaitReady struct {
	Step
	NodeID string
}

func (AwaitReady) String() string { return "wait until ready" }

func (AwaitReady) progress() (doing, did string) { return "waiting until ready", "ready" }

// short is how the engine's own client shortens an ID.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// swarmRole is the role in Docker's terms.
func swarmRole(r inventory.Role) swarm.NodeRole {
	if r == inventory.Manager {
		return swarm.NodeRoleManager
	}
	return swarm.NodeRoleWorker
}
