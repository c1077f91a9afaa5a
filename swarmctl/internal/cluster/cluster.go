// Package cluster makes the swarm match the inventory, in three moves: Observe
// looks at every machine and at the swarm, NewPlan compares and decides, and
// Plan.Apply does what was decided.
//
// Every operation leaves the machines in a state that the next Observe
// understands, so that a run which was killed anywhere is simply run again.
package cluster

import (
	"context"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"

	"github.com/ycesproject/yces/provision/inventory"
)

// Host runs scripts as root on one machine.
type Host interface {
	// RunScript feeds the script to the machine's shell through standard input
	// and returns what it printed there; line, where not nil, is given each
	// line of both outputs as it comes.
	RunScript(ctx context.Context, name, script string, line func(string)) (stdout string, err error)
}

// Engine is the Docker engine of one machine, as a member of a swarm to be.
type Engine interface {
	Info(ctx context.Context) (system.Info, error)
	SwarmInit(ctx context.Context, req swarm.InitRequest) (nodeID string, err error)
	SwarmJoin(ctx context.Context, req swarm.JoinRequest) error
}

// Manager is the Docker engine of a manager.
type Manager interface {
	SwarmInspect(ctx context.Context) (swarm.Swarm, error)
	NodeList(ctx context.Context, options swarm.NodeListOptions) ([]swarm.Node, error)
	NodeInspectWithRaw(ctx context.Context, id string) (swarm.Node, []byte, error)
	NodeUpdate(ctx context.Context, id string, version swarm.Version, spec swarm.NodeSpec) error
	NodeRemove(ctx context.Context, id string, options swarm.NodeRemoveOptions) error
}

// Fleet reaches the machines.
type Fleet interface {
	Host(ctx context.Context, node inventory.Node) (Host, error)
	Engine(node inventory.Node) (Engine, error)
	Manager(node inventory.Node) (Manager, error)
}

// swarmPort is where managers listen for one another and for workers.
const swarmPort = "2377"
