package rollout

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// Phase says where a service is on its way.
type Phase string

// The phases. Everything but Working is final.
const (
	Working   Phase = "working"
	Converged Phase = "converged"
	// RolledBack: the swarm took the service back by itself.
	RolledBack Phase = "rolled back"
	Failed     Phase = "failed"
)

// Verdict is what a service's tasks say about it at one moment.
type Verdict struct {
	Phase Phase
	// Running are tasks of the present spec that run, healthy where there is a
	// health check, on ready nodes.
	Running, Desired int
	// Reason says why it does not run yet, or why it failed.
	Reason string
	// Stuck: nothing will change without somebody's help, a task that fits on
	// no node for instance.
	Stuck bool
	// Bad are the tasks that failed, newest first.
	Bad []swarm.Task
}

// tooManyFailures of one new service mean that it will not come up: a new
// service has no update status that would say so.
const tooManyFailures = 3

// Judge looks at a service and its tasks, pure. The engine calls a task
// running only once its health check passed.
func Judge(s swarm.Service, tasks []swarm.Task, nodes []swarm.Node) Verdict {
	present, bad := sortTasks(s, tasks)
	ready := readyNodes(nodes)
	v := Verdict{Phase: Working, Desired: desired(s, present, ready), Bad: bad}
	v.Running = running(present, ready, isJob(s))
	v.Reason, v.Stuck = waitingFor(present)

	switch state := updateState(s); state {
	case swarm.UpdateStateUpdating:
		v.Reason = cmp.Or(v.Reason, "updating")
	case swarm.UpdateStateRollbackStarted:
		v.Reason = "the swarm rolls back: " + s.UpdateStatus.Message
	case swarm.UpdateStatePaused, swarm.UpdateStateRollbackPaused:
		v.Phase, v.Reason = Failed, s.UpdateStatus.Message
	case swarm.UpdateStateRollbackCompleted:
		if v.Running >= v.Desired {
			v.Phase, v.Reason = RolledBack, s.UpdateStatus.Message
		}
	default:
		v.decide(state)
	}
	return v
}

// decide judges a service that no update is working on.
func (v *Verdict) decide(state swarm.UpdateState) {
	switch {
	case v.Running >= v.Desired:
		v.Phase = Converged
	case state == "" && len(v.Bad) >= tooManyFailures:
		v.Phase, v.Reason = Failed, TaskError(v.Bad[0])
	case v.Reason == "" && len(v.Bad) > 0:
		v.Reason = TaskError(v.Bad[0])
	}
}

func updateState(s swarm.Service) swarm.UpdateState {
	if s.UpdateStatus == nil {
		return ""
	}
	return s.UpdateStatus.State
}

// sortTasks returns the tasks of the service's present spec that are meant to
// run, and those of it that failed, newest first.
func sortTasks(s swarm.Service, tasks []swarm.Task) (present, bad []swarm.Task) {
	want := taskSpec(s.Spec.TaskTemplate)
	for _, t := range tasks {
		if t.ServiceID != s.ID {
			continue
		}
		if endedBadly(t, isJob(s)) {
			bad = append(bad, t)
			continue
		}
		if bytes.Equal(taskSpec(t.Spec), want) && (t.DesiredState == swarm.TaskStateRunning || t.DesiredState == swarm.TaskStateReady || t.DesiredState == swarm.TaskStateComplete) {
			present = append(present, t)
		}
	}
	slices.SortFunc(bad, func(a, b swarm.Task) int { return b.Status.Timestamp.Compare(a.Status.Timestamp) })
	return present, bad
}

// endedBadly: a service's process should not end, not even with exit code 0;
// one that was told to because it was unhealthy may well end so.
func endedBadly(t swarm.Task, job bool) bool {
	switch t.Status.State {
	case swarm.TaskStateFailed, swarm.TaskStateRejected, swarm.TaskStateOrphaned:
		return true
	case swarm.TaskStateComplete:
		return !job
	}
	return false
}

func isJob(s swarm.Service) bool {
	return s.Spec.Mode.ReplicatedJob != nil || s.Spec.Mode.GlobalJob != nil
}

func taskSpec(spec swarm.TaskSpec) []byte {
	text, err := json.Marshal(normalize(swarm.ServiceSpec{TaskTemplate: spec}, nil))
	if err != nil {
		panic(err) // a spec holds nothing that JSON can't
	}
	return text
}

func readyNodes(nodes []swarm.Node) map[string]bool {
	ready := map[string]bool{}
	for _, n := range nodes {
		ready[n.ID] = n.Status.State == swarm.NodeStateReady
	}
	return ready
}

func running(present []swarm.Task, ready map[string]bool, job bool) int {
	slots := map[string]bool{}
	for _, t := range present {
		if t.Status.State == swarm.TaskStateRunning && ready[t.NodeID] || t.Status.State == swarm.TaskStateComplete && job {
			slots[slot(t)] = true
		}
	}
	return len(slots)
}

// slot is what one replica keeps through its restarts: a number, or the node
// for a global service.
func slot(t swarm.Task) string {
	if t.Slot != 0 {
		return fmt.Sprint(t.Slot)
	}
	return t.NodeID
}

// desired is how many tasks should run. For a global service the swarm itself
// says so by its tasks, of which there is one for each node that fits.
func desired(s swarm.Service, present []swarm.Task, ready map[string]bool) int {
	mode := s.Spec.Mode
	switch {
	case mode.Replicated != nil && mode.Replicated.Replicas != nil:
		return int(*mode.Replicated.Replicas)
	case mode.Replicated != nil:
		return 1
	case mode.ReplicatedJob != nil && mode.ReplicatedJob.TotalCompletions != nil:
		return int(*mode.ReplicatedJob.TotalCompletions)
	case mode.ReplicatedJob != nil:
		return 1
	case s.ServiceStatus != nil && mode.Global != nil:
		return int(s.ServiceStatus.DesiredTasks)
	}
	slots := map[string]bool{}
	for _, t := range present {
		if ready[t.NodeID] {
			slots[t.NodeID] = true
		}
	}
	// At least one node should have it.
	return max(len(slots), 1)
}

// waitingFor says what the first task that does not run yet waits for.
func waitingFor(present []swarm.Task) (reason string, stuck bool) {
	for _, t := range present {
		switch t.Status.State {
		case swarm.TaskStatePending:
			if t.Status.Err != "" {
				return t.Status.Err, true
			}
			reason = cmp.Or(reason, "waiting for a node")
		case swarm.TaskStateStarting:
			reason = cmp.Or(reason, "starting, not healthy yet")
		case swarm.TaskStatePreparing:
			reason = cmp.Or(reason, "preparing")
		}
	}
	return reason, false
}

// TaskError is why a task failed, in one line.
func TaskError(t swarm.Task) string {
	text := cmp.Or(t.Status.Err, t.Status.Message)
	if t.Status.State == swarm.TaskStateComplete {
		text = "the process ended with exit code 0, by itself or because its health check failed"
	}
	if c := t.Status.ContainerStatus; c != nil && c.ExitCode != 0 && !strings.Contains(text, fmt.Sprint(c.ExitCode)) {
		text += fmt.Sprintf(" (exit code %d)", c.ExitCode)
	}
	return text
}
