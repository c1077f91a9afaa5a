package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// rolledBackError is a release that did not come up and is gone again.
type rolledBackError struct{ error }

func (e rolledBackError) Unwrap() error { return e.error }

// ExitCode is the one for that.
func (rolledBackError) ExitCode() int { return exitRolledBack }

// timedOutError is a release that took too long and is gone again.
type timedOutError struct{ error }

func (e timedOutError) Unwrap() error { return e.error }

// ExitCode is the one for that.
func (timedOutError) ExitCode() int { return exitTimeout }

// Hint says what to do next.
func (timedOutError) Hint() string {
	return "see what it waits for with `swarmctl status`; allow more with --timeout"
}

var errTimeout = errors.New("the rollout took longer than --timeout allows")

// change is what a command wants of the stack.
type change struct {
	command string
	// plan looks at the swarm anew each time.
	plan                 func(context.Context) (rollout.Plan, error)
	timeout, lockTimeout time.Duration
}

// start takes the lock where there is something to write, and plans again
// under it: another deploy may have ended just now.
func (r *running) start(ctx context.Context, c change) error {
	plan, err := c.plan(ctx)
	if err != nil {
		return err
	}
	if plan.Empty() {
		r.unchanged(plan)
		return nil
	}
	req := lockRequest{stack: r.store.Stack, command: c.command, commit: r.record.Commit, timeout: c.lockTimeout}
	return r.app.locked(ctx, r.manager, req, func(ctx context.Context, lease *release.Lease) error {
		plan, err := c.plan(ctx)
		if err != nil {
			return err
		}
		if plan.Empty() {
			r.unchanged(plan)
			return nil
		}
		r.warn(plan)
		r.lease, r.timeout = lease, c.timeout
		return r.release(ctx, plan)
	})
}

func (r *running) unchanged(plan rollout.Plan) {
	r.warn(plan)
	r.app.sink().Unchanged("stack "+plan.Stack, "no change")
}

func (r *running) warn(plan rollout.Plan) {
	for _, w := range plan.Warnings {
		r.app.sink().Warn("stack "+plan.Stack, w)
	}
}

// release records, applies, waits, and takes everything back where it fails.
func (r *running) release(ctx context.Context, plan rollout.Plan) (err error) {
	if err := r.lease.Check(ctx); err != nil {
		return err
	}
	if err := r.store.CloseAbandoned(ctx); err != nil {
		return err
	}
	if r.record, err = r.store.Begin(ctx, withImages(r.record)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errTimeout)
	defer cancel()
	return r.run(ctx, plan)
}

func withImages(r release.Record) release.Record {
	r.Images = map[string]string{}
	for name, spec := range r.Services {
		r.Images[name] = spec.TaskTemplate.ContainerSpec.Image
	}
	return r
}

// running is a release under way.
type running struct {
	app     *app
	fleet   *fleet
	manager *engine.Client
	store   release.Store
	record  release.Record
	lease   *release.Lease
	timeout time.Duration
}

// afterwards is the least time for what is still done once the context has
// ended: a rollback may take as long as the rollout was allowed to.
const afterwards = 3 * time.Minute

func (r *running) run(ctx context.Context, plan rollout.Plan) error {
	sink := r.app.sink()
	var targets []rollout.Target
	err := r.lease.Check(ctx)
	if err == nil {
		targets, err = plan.Apply(ctx, r.manager, sink)
	}
	if err == nil {
		err = rollout.Converge(ctx, r.manager, targets, rollout.DefaultTiming, sink)
	}
	// What follows must also happen after a timeout or an interrupt.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(afterwards, r.timeout))
	defer cancel()
	after, unguard := r.lease.Guard(after)
	defer unguard()
	if fault := r.lease.Check(after); fault != nil {
		return r.abandoned(after, targets, fault)
	}
	if err == nil {
		return r.finish(after)
	}
	if errors.Is(err, context.Canceled) {
		return errors.Join(r.interrupted(after, targets), r.store.End(after, r.record.Number, release.Interrupted))
	}
	return r.takeBack(after, ctx, targets, err)
}

func (r *running) finish(ctx context.Context) error {
	if err := r.store.End(ctx, r.record.Number, release.Deployed); err != nil {
		return err
	}
	r.app.sink().Done("stack "+r.store.Stack, fmt.Sprintf("release %d deployed", r.record.Number))
	return r.prune(ctx)
}

// takeBack explains why the release failed, then brings the former state back.
func (r *running) takeBack(ctx, limit context.Context, targets []rollout.Target, cause error) error {
	sink := r.app.sink()
	r.explain(ctx, cause)
	outcome := release.RolledBack
	sink.Start("stack "+r.store.Stack, fmt.Sprintf("release %d failed; rolling back", r.record.Number))
	if err := rollout.Rollback(ctx, r.manager, targets, rollout.DefaultTiming, sink); err != nil {
		return errors.Join(cause, fmt.Errorf("roll back: %w", err), r.store.End(ctx, r.record.Number, release.Failed))
	}
	result := error(rolledBackError{fmt.Errorf("release %d was rolled back: %w", r.record.Number, cause)})
	if errors.Is(context.Cause(limit), errTimeout) {
		outcome = release.TimedOut
		result = timedOutError{fmt.Errorf("release %d was rolled back: %w", r.record.Number, errTimeout)}
	}
	sink.Done("stack "+r.store.Stack, "back to what ran before")
	return errors.Join(result, r.store.End(ctx, r.record.Number, outcome))
}
