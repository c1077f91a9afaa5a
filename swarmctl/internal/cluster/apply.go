package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Apply does what the plan says, one stage after another, and tells the sink.
// A stage's operations run at the same time; one that fails lets the others of
// its stage end. The error is an *IncompleteError.
func (p Plan) Apply(ctx context.Context, fleet Fleet, install Installer, sink event.Sink) error {
	a := &applier{fleet: fleet, installer: install, managers: p.managers, sink: sink}
	incomplete := &IncompleteError{Total: len(p.Operations())}
	for _, stage := range p.Stages {
		if incomplete.Err != nil {
			incomplete.Left = append(incomplete.Left, stage...)
			continue
		}
		incomplete.add(stage, a.run(ctx, stage))
	}
	if incomplete.Err != nil {
		return incomplete
	}
	return nil
}

// applier is what operations need to happen.
type applier struct {
	fleet     Fleet
	installer Installer
	managers  []inventory.Node
	sink      event.Sink
}

// run does one stage and returns each operation's error.
func (a *applier) run(ctx context.Context, stage Stage) []error {
	faults := make([]error, len(stage))
	var wg sync.WaitGroup
	for i, op := range stage {
		wg.Go(func() { faults[i] = a.do(ctx, op) })
	}
	wg.Wait()
	return faults
}

func (a *applier) do(ctx context.Context, op Operation) error {
	doing, did := op.progress()
	a.sink.Start(op.Subject(), doing)
	if err := op.apply(ctx, a); err != nil {
		a.sink.Fail(op.Subject(), op.String())
		return fmt.Errorf("%s: %s: %w", op.Subject(), op, err)
	}
	a.sink.Done(op.Subject(), did)
	return nil
}

// IncompleteError is a plan of which only a part was done.
type IncompleteError struct {
	Err    error
	Total  int
	Broken []Operation // that failed or were interrupted
	Left   []Operation // that were not begun
}

func (e *IncompleteError) add(stage Stage, faults []error) {
	for i, err := range faults {
		if err != nil {
			e.Broken = append(e.Broken, stage[i])
		}
	}
	e.Err = errors.Join(faults...)
}

func (e *IncompleteError) Error() string {
	done := e.Total - len(e.Broken) - len(e.Left)
	text := fmt.Sprintf("%d of %d changes made", done, e.Total)
	if len(e.Left) > 0 {
		text += fmt.Sprintf(", %d not begun", len(e.Left))
	}
	if !errors.Is(e.Err, context.Canceled) {
		return text + ":\n" + e.Err.Error()
	}
	var broken []string
	for _, op := range e.Broken {
		broken = append(broken, fmt.Sprintf("%s: %s", op.Subject(), op))
	}
	return text + ", broken off:\n" + strings.Join(broken, "\n")
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *IncompleteError) Hint() string {
	var own interface{ Hint() string }
	if errors.As(e.Err, &own) && own.Hint() != "" {
		return own.Hint()
	}
	return "what was done stays done; run the command again and it goes on from there"
}

// manager returns the first manager that takes part in the swarm.
func (a *applier) manager(ctx context.Context) (Manager, error) {
	var faults []error
	for _, n := range a.managers {
		engine, err := a.fleet.Engine(n)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		info, err := engine.Info(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			faults = append(faults, fmt.Errorf("ask the engine of %q: %w", n.Name, err))
		case info.Swarm.ControlAvailable:
			return a.fleet.Manager(n)
		default:
			faults = append(faults, fmt.Errorf("%q is no manager now", n.Name))
		}
	}
	return nil, fmt.Errorf("find a manager: %w", errors.Join(faults...))
}

// patience is how long what a swarm does by itself may take: an election, a
// change of role, a node's way back.
const patience = 60 * time.Second

// retryable tells whether an answer may be another one soon. During an election
// and after a change by someone else the engine answers with errors that have
// no type of their own, so that what is known to be final is told instead.
func retryable(err error) bool {
	for _, final := range []func(error) bool{
		errdefs.IsInvalidArgument, errdefs.IsNotFound, errdefs.IsPermissionDenied, errdefs.IsUnauthorized,
		errdefs.IsFailedPrecondition, errdefs.IsNotImplemented, errdefs.IsConflict,
		func(err error) bool {
			return errors.Is(err, context.Canceled) || errors.As(err, new(*ConflictError))
		},
	} {
		if final(err) {
			return false
		}
	}
	return true
}

// errNotYet asks until to look again.
var errNotYet = errors.New("not yet")

// until repeats the step while its error is one that passes, for as long as
// the patience lasts.
func until(ctx context.Context, step func(context.Context) error) error {
	deadline := time.Now().Add(patience)
	for {
		err := step(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case !retryable(err):
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("gave up after %s: %w", patience, err)
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return err
		}
	}
}

// withManager repeats the step on whichever manager is there.
func (a *applier) withManager(ctx context.Context, step func(context.Context, Manager) error) error {
	return until(ctx, func(ctx context.Context) error {
		m, err := a.manager(ctx)
		if err != nil {
			return err
		}
		return step(ctx, m)
	})
}
