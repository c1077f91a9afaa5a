package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// Observe looks at every machine of the swarm to be, all at the same time, and
// at the swarm through one of its managers. It changes nothing. Its error
// names every machine that could not be looked at.
func Observe(ctx context.Context, inv inventory.Inventory, fleet Fleet) (State, error) {
	nodes := inv.Swarm()
	machines := make([]Machine, len(nodes))
	faults := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { machines[i], faults[i] = observeMachine(ctx, n, fleet) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	if err := errors.Join(faults...); err != nil {
		return State{}, fmt.Errorf("nothing was changed, because %d of %d machines could not be looked at:\n%w", countFaults(faults), len(nodes), err)
	}
	state := State{Machines: make(map[string]Machine, len(nodes))}
	for i, n := range nodes {
		state.Machines[n.Name] = machines[i]
	}
	err := state.observeSwarm(ctx, nodes, fleet)
	return state, err
}

func countFaults(faults []error) int {
	n := 0
	for _, err := range faults {
		if err != nil {
			n++
		}
	}
	return n
}

func observeMachine(ctx context.Context, node inventory.Node, fleet Fleet) (Machine, error) {
	host, err := fleet.Host(ctx, node)
	if err != nil {
		return Machine{}, err
	}
	m, err := probe(ctx, host)
	if err != nil {
		return Machine{}, fmt.Errorf("look at %q: %w", node.Name, err)
	}
	if !m.Docker.Running {
		return m, nil
	}
	engine, err := fleet.Engine(node)
	if err != nil {
		return Machine{}, fmt.Errorf("reach the engine of %q: %w", node.Name, err)
	}
	info, err := settle(ctx, engine, settleTime)
	if err != nil {
		return Machine{}, fmt.Errorf("ask the engine of %q: %w", node.Name, err)
	}
	m.Docker.Version, m.Swarm = info.version, info.swarm
	return m, nil
}

// membership is the part of an engine's Info that says where it belongs.
type membership struct {
	version string
	swarm   swarm.Info
}

// settleTime is how long an engine may be about to join: it goes on by itself
// after whoever told it to was killed.
const settleTime = 15 * time.Second

// settle returns the engine's membership once it is no longer pending, or what
// it is when the time is over.
func settle(ctx context.Context, engine Engine, limit time.Duration) (membership, error) {
	deadline := time.Now().Add(limit)
	for {
		info, err := engine.Info(ctx)
		if err != nil {
			return membership{}, err
		}
		if info.Swarm.LocalNodeState != swarm.LocalNodeStatePending || time.Now().After(deadline) {
			return membership{info.ServerVersion, info.Swarm}, nil
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return membership{}, err
		}
	}
}

// pollInterval is the time between two looks at what changes by itself.
const pollInterval = 250 * time.Millisecond

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// observeSwarm asks the managers, in the inventory's order, until one answers.
func (s *State) observeSwarm(ctx context.Context, nodes []inventory.Node, fleet Fleet) error {
	var faults []error
	for _, n := range nodes {
		if !s.Machines[n.Name].Swarm.ControlAvailable {
			continue
		}
		members, err := listMembers(ctx, n, fleet)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s.Members = members
		return nil
	}
	if len(faults) > 0 {
		return &NoLeaderError{Err: errors.Join(faults...)}
	}
	return nil
}

func listMembers(ctx context.Context, node inventory.Node, fleet Fleet) ([]swarm.Node, error) {
	manager, err := fleet.Manager(node)
	if err != nil {
		return nil, fmt.Errorf("reach manager %q: %w", node.Name, err)
	}
	// Without a majority of managers the engine itself answers after 20 s.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	members, err := manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes on %q: %w", node.Name, err)
	}
	return members, nil
}

// NoLeaderError is a swarm whose managers do not agree on a leader.
type NoLeaderError struct{ Err error }

func (e *NoLeaderError) Error() string { return fmt.Sprintf("ask the swarm: %v", e.Err) }

func (e *NoLeaderError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (*NoLeaderError) Hint() string {
	return "a swarm works as long as more than half of its managers do: start the others again, and run this once more"
}
