package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// poll is the time between two looks, patience how long no manager may answer:
// an election takes a while.
const (
	poll     = 500 * time.Millisecond
	patience = time.Minute
)

// Activate lets nodes take tasks again. The swarm moves none of those that run.
func Activate(ctx context.Context, api API, nodes []swarm.Node, sink event.Sink) error {
	return setAvailability(ctx, api, nodes, swarm.NodeAvailabilityActive, sink)
}

// ErrSlow is wrapped by errors about what took longer than it may; the swarm
// goes on with it.
var ErrSlow = errors.New("it took longer than")

// within gives do so much time. That time ran out is what the error is about: of
// the one that do came up with only the text is kept.
func within(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	late := fmt.Errorf("%w %s", ErrSlow, limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	err := do(ctx)
	if err == nil || errors.Is(err, ErrSlow) || !errors.Is(context.Cause(ctx), ErrSlow) {
		return err
	}
	return fmt.Errorf("%w: %s", late, err.Error())
}

// Drain takes all tasks off the nodes, and waits until as many replicas of each
// service run elsewhere and the nodes have stopped theirs, but no longer than the
// limit. Of nodes that are set to drain already nobody knows any more what ran on
// them: it waits until all services have the replicas that they should have.
func Drain(ctx context.Context, api API, nodes []swarm.Node, limit time.Duration, sink event.Sink) error {
	return within(ctx, limit, func(ctx context.Context) error { return drain(ctx, api, nodes, sink) })
}

func drain(ctx context.Context, api API, nodes []swarm.Node, sink event.Sink) error {
	moving, err := findMoving(ctx, api, nodes)
	if err != nil {
		return err
	}
	if err := setAvailability(ctx, api, nodes, swarm.NodeAvailabilityDrain, sink); err != nil {
		return err
	}
	for _, n := range nodes {
		sink.Start(subject(n), "moving its tasks")
	}
	if err := eventually(ctx, func(ctx context.Context) (string, error) { return moving.left(ctx, api, nodes, sink) }); err != nil {
		return err
	}
	for _, n := range nodes {
		sink.Done(subject(n), "runs nothing")
	}
	return nil
}

func subject(n swarm.Node) string { return "node " + Name(n) }

func setAvailability(ctx context.Context, api API, nodes []swarm.Node, to swarm.NodeAvailability, sink event.Sink) error {
	for _, n := range nodes {
		if n.Spec.Availability == to {
			sink.Unchanged(subject(n), "is set to "+string(to)+" already")
			continue
		}
		if err := update(ctx, api, n.ID, func(s *swarm.NodeSpec) { s.Availability = to }); err != nil {
			return fmt.Errorf("set node %s to %s: %w", Name(n), to, err)
		}
		sink.Done(subject(n), "set to "+string(to))
	}
	return nil
}

// update changes a node's spec on top of whatever it is by then.
func update(ctx context.Context, api API, id string, change func(*swarm.NodeSpec)) error {
	return eventually(ctx, func(ctx context.Context) (string, error) {
		n, _, err := api.NodeInspectWithRaw(ctx, id)
		if err != nil {
			return "", err
		}
		change(&n.Spec)
		err = api.NodeUpdate(ctx, id, n.Version, n.Spec)
		if err != nil && strings.Contains(err.Error(), "update out of sequence") {
			return "somebody else changes it", nil
		}
		return "", err
	})
}

// eventually asks until nothing is left to wait for. Errors are asked about
// again for a while, but for those that say that it will never work; the error
// says what was waited for.
func eventually(ctx context.Context, ask func(context.Context) (waitingFor string, err error)) error {
	heard, waiting := time.Now(), ""
	for {
		text, err := ask(ctx)
		switch {
		case err == nil && text == "":
			return nil
		case err == nil:
			heard, waiting = time.Now(), text
		case ctx.Err() == nil && (errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err) || time.Since(heard) > patience):
			return err
		}
		select {
		case <-ctx.Done():
			if waiting == "" {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%w; still %s", context.Cause(ctx), waiting)
		case <-time.After(poll):
		}
	}
}

// moving is how many replicas of each service have to run elsewhere; global
// services and jobs have none to be replaced.
type moving map[string]int

func findMoving(ctx context.Context, api API, nodes []swarm.Node) (moving, error) {
	services, tasks, err := look(ctx, api)
	if err != nil {
		return nil, err
	}
	// After an attempt that ran out of time the replicas that found no other node
	// are missing everywhere, and the history of tasks forgets where they were.
	again := slices.ContainsFunc(nodes, func(n swarm.Node) bool { return n.Spec.Availability == swarm.NodeAvailabilityDrain })
	m := moving{}
	for _, s := range services {
		here := slices.ContainsFunc(tasks, func(t swarm.Task) bool { return t.ServiceID == s.ID && alive(t) && on(nodes, t.NodeID) })
		switch r := s.Spec.Mode.Replicated; {
		case r == nil:
		case again:
			m[s.ID] = replicas(r)
		case here:
			m[s.ID] = min(running(tasks, s.ID, nil), replicas(r))
		}
	}
	return m, nil
}

func replicas(r *swarm.ReplicatedService) int {
	if r.Replicas == nil {
		return 1
	}
	return int(*r.Replicas)
}

func look(ctx context.Context, api API) ([]swarm.Service, []swarm.Task, error) {
	services, err := api.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list services: %w", err)
	}
	tasks, err := api.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs()})
	if err != nil {
		return nil, nil, fmt.Errorf("list tasks: %w", err)
	}
	return services, tasks, nil
}

// running counts a service's tasks that run, but for those on some nodes.
func running(tasks []swarm.Task, service string, but []swarm.Node) int {
	n := 0
	for _, t := range tasks {
		if t.ServiceID == service && t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning && !on(but, t.NodeID) {
			n++
		}
	}
	return n
}

// alive tells whether a task has a process, or is about to.
func alive(t swarm.Task) bool {
	switch t.Status.State {
	case swarm.TaskStateAssigned, swarm.TaskStateAccepted, swarm.TaskStatePreparing, swarm.TaskStateReady, swarm.TaskStateStarting, swarm.TaskStateRunning:
		return true
	}
	return false
}

// left says what is still to be waited for.
func (m moving) left(ctx context.Context, api API, nodes []swarm.Node, sink event.Sink) (string, error) {
	services, tasks, err := look(ctx, api)
	if err != nil {
		return "", err
	}
	var waiting []string
	for _, s := range services {
		if want := m[s.ID]; want > 0 {
			have := running(tasks, s.ID, nodes)
			sink.Progress("service "+s.Spec.Name, "elsewhere", int64(min(have, want)), int64(want), event.Tasks)
			if have < want {
				waiting = append(waiting, fmt.Sprintf("%d of %d replicas of %s run elsewhere%s", have, want, s.Spec.Name, obstacle(tasks, s.ID)))
			}
		}
	}
	return strings.Join(append(waiting, notEnded(tasks, nodes)...), ", "), nil
}

// notEnded are the nodes that have not stopped their tasks; one that is down
// will not say so.
func notEnded(tasks []swarm.Task, nodes []swarm.Node) []string {
	var waiting []string
	for _, n := range nodes {
		here := 0
		for _, t := range tasks {
			if t.NodeID == n.ID && alive(t) {
				here++
			}
		}
		if here > 0 && n.Status.State == swarm.NodeStateReady {
			waiting = append(waiting, fmt.Sprintf("%d tasks have not ended on %s", here, Name(n)))
		}
	}
	return waiting
}

// obstacle is why a replica does not run elsewhere: it finds no node, or fails on
// the one that it found, which may lack the image.
func obstacle(tasks []swarm.Task, service string) string {
	newest := swarm.Task{}
	for _, t := range tasks {
		if t.ServiceID != service || t.Status.Err == "" {
			continue
		}
		waits := t.Status.State == swarm.TaskStatePending
		failed := t.Status.State == swarm.TaskStateRejected || t.Status.State == swarm.TaskStateFailed
		if (waits || failed) && t.Status.Timestamp.Compare(newest.Status.Timestamp) >= 0 {
			newest = t
		}
	}
	if newest.Status.Err == "" {
		return ""
	}
	return " (" + newest.Status.Err + ")"
}
