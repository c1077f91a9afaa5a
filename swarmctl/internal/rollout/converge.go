package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Failure is a service that did not come up.
type Failure struct {
	Service string
	Reason  string
	// RolledBack tells whether the swarm took it back by itself already.
	RolledBack bool
	// Tasks that failed, newest first.
	Tasks []swarm.Task
}

// FailedError lists the services that did not come up.
type FailedError struct{ Failures []Failure }

func (e *FailedError) Error() string {
	var lines []string
	for _, f := range e.Failures {
		lines = append(lines, fmt.Sprintf("service %s did not come up: %s", f.Service, f.Reason))
	}
	return strings.Join(lines, "\n")
}

// Timing says how patient Converge is.
type Timing struct {
	// Poll is the time between two looks.
	Poll time.Duration
	// StuckFor is how long a task may fit on no node before that is a failure.
	StuckFor time.Duration
	// SilentFor is how long no manager may answer: an election takes a while.
	SilentFor time.Duration
}

// DefaultTiming fits a swarm with the default heartbeat.
var DefaultTiming = Timing{Poll: 500 * time.Millisecond, StuckFor: 45 * time.Second, SilentFor: time.Minute}

// watch is one service on its way.
type watch struct {
	target   Target
	verdict  Verdict
	stableAt time.Time // since when it has all its tasks
	stuckAt  time.Time // since when a task fits nowhere
	final    bool
}

// Converge waits until every target runs as its spec says and stays so for the
// spec's monitor time. Its error is a *FailedError where services did not come
// up, the context's where it ended first.
func Converge(ctx context.Context, api Reader, targets []Target, timing Timing, sink event.Sink) error {
	watches := make([]*watch, len(targets))
	for i, t := range targets {
		watches[i] = &watch{target: t}
		sink.Start(subject(t.Name), "rolling out")
	}
	heard := time.Now()
	for {
		err := look(ctx, api, watches, timing, sink)
		if err == nil {
			heard = time.Now()
		} else if ctx.Err() == nil && time.Since(heard) > timing.SilentFor {
			return fmt.Errorf("watch services: %w", err)
		}
		if allFinal(watches) {
			return failures(watches)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for convergence: %w", context.Cause(ctx))
		case <-time.After(timing.Poll):
		}
	}
}

func subject(service string) string { return "service " + service }

func allFinal(watches []*watch) bool {
	for _, w := range watches {
		if !w.final {
			return false
		}
	}
	return true
}

func failures(watches []*watch) error {
	var failed []Failure
	for _, w := range watches {
		if w.verdict.Phase != Converged {
			failed = append(failed, Failure{
				Service: w.target.Name, Reason: w.reason(),
				RolledBack: w.verdict.Phase == RolledBack, Tasks: w.verdict.Bad,
			})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &FailedError{failed}
}

// reason prefers what happened to a task over the swarm's summary of it.
func (w *watch) reason() string {
	if len(w.verdict.Bad) > 0 {
		return TaskError(w.verdict.Bad[0])
	}
	return w.verdict.Reason
}

// look asks once and moves every watch on.
func look(ctx context.Context, api Reader, watches []*watch, timing Timing, sink event.Sink) error {
	ids := filters.NewArgs()
	for _, w := range watches {
		ids.Add("id", w.target.ID)
	}
	services, err := api.ServiceList(ctx, swarm.ServiceListOptions{Filters: ids, Status: true})
	if err != nil {
		return err
	}
	tasks, err := tasksOf(ctx, api, services)
	if err != nil {
		return err
	}
	nodes, err := api.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return err
	}
	byID := map[string]swarm.Service{}
	for _, s := range services {
		byID[s.ID] = s
	}
	now := time.Now()
	for _, w := range watches {
		if w.final {
			continue
		}
		s, ok := byID[w.target.ID]
		if !ok {
			w.final, w.verdict = true, Verdict{Phase: Failed, Reason: "somebody removed the service"}
			continue
		}
		w.move(Judge(s, w.ours(tasks), nodes), s.Spec, timing, now)
		w.show(sink)
	}
	return nil
}

func tasksOf(ctx context.Context, api Reader, services []swarm.Service) ([]swarm.Task, error) {
	args := filters.NewArgs()
	for _, s := range services {
		args.Add("service", s.ID)
	}
	return api.TaskList(ctx, swarm.TaskListOptions{Filters: args})
}

// ours leaves out the ends of tasks that there were before this rollout: tasks
// may have failed for days on a node that lacked the image, for instance.
func (w *watch) ours(tasks []swarm.Task) []swarm.Task {
	var result []swarm.Task
	for _, t := range tasks {
		if t.ServiceID != w.target.ID {
			continue
		}
		if endedBadly(t, false) && w.target.Former[t.ID] {
			continue
		}
		result = append(result, t)
	}
	return result
}

// move takes in a new verdict: converged is only what stays so for the monitor
// time, stuck only what stays so for long.
func (w *watch) move(v Verdict, spec swarm.ServiceSpec, timing Timing, now time.Time) {
	if v.Phase == RolledBack && w.target.Back {
		v.Phase = Converged
	}
	w.verdict = v
	switch v.Phase {
	case Failed, RolledBack:
		w.final = true
		return
	case Converged:
		w.stuckAt = time.Time{}
		if w.stableAt.IsZero() {
			w.stableAt = now
		}
		w.final = now.Sub(w.stableAt) >= w.steadyFor(spec)
		return
	}
	w.stableAt = time.Time{}
	if !v.Stuck {
		w.stuckAt = time.Time{}
		return
	}
	if w.stuckAt.IsZero() {
		w.stuckAt = now
	}
	if now.Sub(w.stuckAt) >= timing.StuckFor {
		w.verdict.Phase, w.final = Failed, true
	}
}

// steadyFor is how long a service must keep running: an update was watched by
// the swarm already before it was called completed, a new service was not.
func (w *watch) steadyFor(spec swarm.ServiceSpec) time.Duration {
	if !w.target.Created {
		return 0
	}
	const defaultMonitor = 5 * time.Second
	if spec.UpdateConfig != nil && spec.UpdateConfig.Monitor > 0 {
		return spec.UpdateConfig.Monitor
	}
	return defaultMonitor
}

func (w *watch) show(sink event.Sink) {
	name := subject(w.target.Name)
	switch {
	case !w.final:
		text := "running"
		if w.verdict.Phase == Converged {
			text = "running, watched for a while"
		} else if w.verdict.Reason != "" {
			text = w.verdict.Reason
		}
		sink.Progress(name, text, int64(w.verdict.Running), int64(w.verdict.Desired), event.Tasks)
	case w.verdict.Phase == Converged:
		sink.Done(name, fmt.Sprintf("%d/%d running", w.verdict.Running, w.verdict.Desired))
	default:
		sink.Fail(name, w.reason())
	}
}

// lostLeader recognizes the answers of a manager that is just losing or
// finding its leader; the API gives them no type of their own.
func lostLeader(err error) bool {
	text := err.Error()
	return strings.Contains(text, "lost leader") || strings.Contains(text, "does not have a leader") || strings.Contains(text, "connection error")
}

// staleVersion recognizes a write on top of an older version of an object,
// for which the API has no type either.
func staleVersion(err error) bool {
	return err != nil && strings.Contains(err.Error(), "update out of sequence")
}

// ErrChanged says that somebody else changed the swarm while we did.
var ErrChanged = errors.New("somebody else changed the service at the same time; deploy again to plan anew")
