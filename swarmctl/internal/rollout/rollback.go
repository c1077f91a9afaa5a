package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// ReadWriter is a manager.
type ReadWriter interface {
	Reader
	Writer
}

// Rollback takes every target back to what it was before: updated services to
// their former spec, whether or not they themselves failed, and new services
// away. It waits until the former state runs.
func Rollback(ctx context.Context, api ReadWriter, targets []Target, timing Timing, sink event.Sink) error {
	var errs []error
	var back []Target
	for _, t := range targets {
		if t.Created {
			errs = append(errs, remove(ctx, api, t, sink))
			continue
		}
		if err := retry(ctx, func() error { return revert(ctx, api, &t, sink) }); err != nil {
			errs = append(errs, err)
			continue
		}
		t.Spec, t.Back = t.Before.Spec, true
		back = append(back, t)
	}
	if len(back) > 0 {
		errs = append(errs, Converge(ctx, api, back, timing, sink))
	}
	return errors.Join(errs...)
}

func remove(ctx context.Context, api ReadWriter, t Target, sink event.Sink) error {
	err := retry(ctx, func() error { return api.ServiceRemove(ctx, t.ID) })
	if err != nil {
		return fmt.Errorf("remove new service %s: %w", t.Name, err)
	}
	sink.Done(subject(t.Name), "removed; it was new")
	return nil
}

// revert asks for the previous spec, unless the swarm went back by itself. The
// tasks of the failed release become former ones.
func revert(ctx context.Context, api ReadWriter, t *Target, sink event.Sink) error {
	s, err := inspect(ctx, api, *t)
	if err != nil {
		return err
	}
	if t.Former, err = taskIDs(ctx, api, s); err != nil {
		return err
	}
	if len(Diff(s.Spec, t.Before.Spec, nil)) == 0 {
		return nil
	}
	sink.Start(subject(t.Name), "rolling back")
	_, err = api.ServiceUpdate(ctx, s.ID, s.Version, s.Spec, swarm.ServiceUpdateOptions{Rollback: "previous"})
	if staleVersion(err) && ctx.Err() == nil {
		return revert(ctx, api, t, sink)
	}
	if err != nil {
		return fmt.Errorf("roll back service %s: %w", t.Name, err)
	}
	return nil
}

func inspect(ctx context.Context, api Reader, t Target) (swarm.Service, error) {
	services, err := api.ServiceList(ctx, swarm.ServiceListOptions{Filters: filters.NewArgs(filters.Arg("id", t.ID))})
	if err != nil {
		return swarm.Service{}, fmt.Errorf("inspect service %s: %w", t.Name, err)
	}
	if len(services) != 1 {
		return swarm.Service{}, fmt.Errorf("inspect service %s: it is gone", t.Name)
	}
	return services[0], nil
}
