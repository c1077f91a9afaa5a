package maintain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Leave tells a node's own engine to leave the swarm. It returns false where the
// node's machine is not known, or can't be reached, and an error that is
// errdefs.ErrUnavailable while that engine takes itself for a manager.
type Leave func(ctx context.Context, n swarm.Node) (left bool, err error)

// settle is how long one node may take to cease being a manager and to leave.
const settle = 2 * time.Minute

// UnfinishedError is a removal that ended early. Left are the nodes that the
// swarm still has, drained.
type UnfinishedError struct {
	Left []swarm.Node
	Err  error
}

func (e *UnfinishedError) Error() string { return e.Err.Error() }

func (e *UnfinishedError) Unwrap() error { return e.Err }

// Remove drains the nodes that answer, for which there is a limit, then takes one
// after another out of the swarm: those that are down first, as they count when
// managers vote. What begins once the tasks have moved is not stopped half-way
// because they took long.
func Remove(ctx context.Context, api API, nodes []swarm.Node, leave Leave, limit time.Duration, sink event.Sink) error {
	answering := slices.DeleteFunc(slices.Clone(nodes), func(n swarm.Node) bool { return n.Status.State != swarm.NodeStateReady })
	if len(answering) > 0 {
		if err := Drain(ctx, api, answering, limit, sink); err != nil {
			return err
		}
	}
	order := slices.SortedStableFunc(slices.Values(nodes), func(a, b swarm.Node) int { return cmp.Compare(rank(a), rank(b)) })
	for i, n := range order {
		err := within(ctx, settle, func(ctx context.Context) error { return removeOne(ctx, api, n, leave, sink) })
		if err != nil {
			return &UnfinishedError{order[i:], fmt.Errorf("remove node %s: %w", Name(n), err)}
		}
	}
	return nil
}

// rank is the order of removal; losing the leader costs an election.
func rank(n swarm.Node) int {
	switch {
	case n.Status.State != swarm.NodeStateReady:
		return 0
	case n.ManagerStatus != nil && n.ManagerStatus.Leader:
		return 2
	}
	return 1
}

func removeOne(ctx context.Context, api API, n swarm.Node, leave Leave, sink event.Sink) error {
	sink.Start(subject(n), "leaving the swarm")
	if isManager(n) {
		if err := demote(ctx, api, n); err != nil {
			return fmt.Errorf("demote it: %w", err)
		}
	}
	left := false
	if n.Status.State == swarm.NodeStateReady {
		var err error
		if left, err = leave.patiently(ctx, n); err != nil {
			return err
		}
	}
	err := eventually(ctx, func(ctx context.Context) (string, error) {
		err := api.NodeRemove(ctx, n.ID, swarm.NodeRemoveOptions{Force: true})
		if errdefs.IsNotFound(err) { // an attempt before, whose answer was lost
			return "", nil
		}
		return "", err
	})
	if err != nil {
		return err
	}
	sink.Done(subject(n), "removed from the swarm")
	if !left {
		sink.Warn(subject(n), "its own engine was not told: if the machine comes back, run `docker swarm leave --force` there")
	}
	return nil
}

// patiently asks again while the node's engine is not done with being a manager:
// it is off the list of members before it knows.
func (leave Leave) patiently(ctx context.Context, n swarm.Node) (left bool, err error) {
	err = eventually(ctx, func(ctx context.Context) (string, error) {
		var err error
		left, err = leave(ctx, n)
		if errdefs.IsUnavailable(err) {
			return "its engine takes itself for a manager", nil
		}
		return "", err
	})
	return left, err
}

func demote(ctx context.Context, api API, n swarm.Node) error {
	if err := update(ctx, api, n.ID, func(s *swarm.NodeSpec) { s.Role = swarm.NodeRoleWorker }); err != nil {
		return err
	}
	return eventually(ctx, func(ctx context.Context) (string, error) {
		now, _, err := api.NodeInspectWithRaw(ctx, n.ID)
		if err == nil && now.ManagerStatus != nil {
			return "it is a manager", nil
		}
		return "", err
	})
}
