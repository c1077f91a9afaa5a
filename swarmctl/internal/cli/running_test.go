package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// sick is a task that its health check ended.
var sick = swarm.Task{
	ID: "task1", NodeID: "node1", ServiceID: "service1",
	Status: swarm.TaskStatus{State: swarm.TaskStateFailed, Err: "task: non-zero exit (3)", ContainerStatus: &swarm.ContainerStatus{ContainerID: "box", ExitCode: 3}},
}

func runningOn(t *testing.T, answers map[string]any) (*running, *recorder) {
	t.Helper()
	docker := modelEngine(t, answers)
	seen := &recorder{}
	return &running{app: &app{display: seen}, manager: docker, fleet: modelFleet(map[string]*engine.Client{"n1": docker}, "n1")}, seen
}

func TestAFailureIsExplainedByErrorHealthCheckAndLog(t *testing.T) {
	var log bytes.Buffer
	_, _ = stdcopy.NewStdWriter(&log, stdcopy.Stderr).Write([]byte("cannot open the database\n"))
	r, seen := runningOn(t, map[string]any{
		"GET /nodes": []swarm.Node{{ID: "node1", Description: swarm.NodeDescription{Hostname: "n1"}}},
		"GET /containers/box/json": map[string]any{"State": map[string]any{"Health": container.Health{Log: []*container.HealthcheckResult{
			{ExitCode: 0, Output: "older"}, {ExitCode: 1, Output: "readyz answers 503"},
		}}}},
		"GET /tasks/task1/logs": log.String(),
	})
	r.explain(t.Context(), &rollout.FailedError{Failures: []rollout.Failure{{Service: "shop_web", Tasks: []swarm.Task{sick}}}})
	for _, want := range []string{
		"warning service shop_web: task task1 on n1: task: non-zero exit (3)",
		"warning service shop_web: health check: exit code 1: readyz answers 503",
		"warning service shop_web: log: cannot open the database",
	} {
		if !strings.Contains(seen.text(), want) {
			t.Errorf("nothing says %q:\n%s", want, seen.text())
		}
	}
	if strings.Contains(seen.text(), "older") {
		t.Errorf("an earlier answer is shown:\n%s", seen.text())
	}
}

func TestWhatCantBeExplainedIsStillNamed(t *testing.T) {
	r, seen := runningOn(t, nil)
	r.explain(t.Context(), &rollout.FailedError{Failures: []rollout.Failure{{Service: "shop_web", Tasks: []swarm.Task{sick}}}})
	if want := "warning service shop_web: task task1 on no node: task: non-zero exit (3)"; seen.text() != want {
		t.Errorf("got %q, want %q", seen.text(), want)
	}
}

func TestAnInterruptSaysHowFarAServiceIs(t *testing.T) {
	replicas := uint64(2)
	runs := swarm.Task{ID: "t", ServiceID: "service1", NodeID: "node1", Slot: 1, DesiredState: swarm.TaskStateRunning, Status: swarm.TaskStatus{State: swarm.TaskStateRunning}}
	r, _ := runningOn(t, map[string]any{
		"GET /services": []swarm.Service{{ID: "service1", Spec: swarm.ServiceSpec{Mode: swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &replicas}}}}},
		"GET /tasks":    []swarm.Task{runs},
		"GET /nodes":    []swarm.Node{{ID: "node1", Status: swarm.NodeStatus{State: swarm.NodeStateReady}}},
	})
	if got := r.stateOf(t.Context(), rollout.Target{ID: "service1"}); !strings.HasPrefix(got, "1 of 2 replicas run the new release") {
		t.Errorf("got %q", got)
	}
	silent, _ := runningOn(t, nil)
	if got := silent.stateOf(t.Context(), rollout.Target{ID: "service1"}); got != "not known; the manager does not answer" {
		t.Errorf("without an answer: %q", got)
	}
}
