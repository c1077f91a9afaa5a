package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// interruptedError is a deploy that the user left while the swarm works on.
type interruptedError struct{ state []string }

func (e interruptedError) Error() string {
	return "interrupted; the swarm goes on by itself:\n" + strings.Join(e.state, "\n")
}

// Unwrap makes it the interrupt that it is.
func (interruptedError) Unwrap() error { return context.Canceled }

// Hint says what to do next.
func (interruptedError) Hint() string {
	return "`swarmctl status` shows how it ends, `swarmctl rollback` takes it back, `swarmctl deploy` takes it up again"
}

// interrupted says what state things are in.
func (r *running) interrupted(ctx context.Context, targets []rollout.Target) error {
	return interruptedError{r.states(ctx, targets)}
}

func (r *running) states(ctx context.Context, targets []rollout.Target) []string {
	var state []string
	for _, t := range targets {
		state = append(state, "service "+t.Name+": "+r.stateOf(ctx, t))
	}
	if len(targets) == 0 {
		state = append(state, "no service was changed")
	}
	return state
}

func (r *running) stateOf(ctx context.Context, t rollout.Target) string {
	args := filters.NewArgs(filters.Arg("id", t.ID))
	services, err := r.manager.ServiceList(ctx, swarm.ServiceListOptions{Filters: args, Status: true})
	if err != nil || len(services) == 0 {
		return "not known; the manager does not answer"
	}
	tasks, err := r.manager.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs(filters.Arg("service", t.ID))})
	if err != nil {
		return "not known; the manager does not answer"
	}
	nodes, err := r.manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return "not known; the manager does not answer"
	}
	v := rollout.Judge(services[0], tasks, nodes)
	return fmt.Sprintf("%d of %d replicas run the new release, %s", v.Running, v.Desired, v.Phase)
}
