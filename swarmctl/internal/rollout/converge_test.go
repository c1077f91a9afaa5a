package rollout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

func TestConvergeReturnsWhyAServiceDidNotComeUp(t *testing.T) {
	f := &fakeSwarm{
		service: swarm.Service{ID: "s", Spec: spec("shop_web", "old"), UpdateStatus: &swarm.UpdateStatus{State: swarm.UpdateStateRollbackCompleted}},
		tasks: func() []swarm.Task {
			return []swarm.Task{task(1, "n1", swarm.TaskStateRunning, "old"), task(2, "n2", swarm.TaskStateRunning, "old"), task(2, "n1", swarm.TaskStateFailed, "new")}
		},
	}
	err := Converge(context.Background(), f, []Target{{ID: "s", Name: "shop_web"}}, quick, nil)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failures[0].Reason != "boom" || !failed.Failures[0].RolledBack {
		t.Errorf("got %v, want a rolled back failure whose reason is boom", err)
	}
}

func TestConvergeGivesUpOnATaskThatFitsNowhere(t *testing.T) {
	nowhere := task(1, "", swarm.TaskStatePending, "new")
	nowhere.Status.Err = "no suitable node (insufficient memory)"
	f := &fakeSwarm{service: swarm.Service{ID: "s", Spec: spec("shop_web", "new")}, tasks: func() []swarm.Task { return []swarm.Task{nowhere} }}
	err := Converge(context.Background(), f, []Target{{ID: "s", Name: "shop_web", Created: true}}, quick, nil)
	if err == nil || !strings.Contains(err.Error(), "insufficient memory") {
		t.Errorf("got %v, want the scheduler's reason", err)
	}
}

func TestConvergeDoesNotCallAFlappingServiceGood(t *testing.T) {
	looks := 0
	f := &fakeSwarm{service: swarm.Service{ID: "s", Spec: spec("shop_web", "new", func(s *swarm.ServiceSpec) { s.UpdateConfig.Monitor = 500 * time.Millisecond })}}
	f.tasks = func() []swarm.Task {
		looks++
		up := []swarm.Task{task(1, "n1", swarm.TaskStateRunning, "new"), task(2, "n2", swarm.TaskStateRunning, "new")}
		if looks%3 == 0 {
			return []swarm.Task{up[0], task(2, "n2", swarm.TaskStateStarting, "new")}
		}
		return up
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := Converge(ctx, f, []Target{{ID: "s", Name: "shop_web", Created: true}}, Timing{Poll: 5 * time.Millisecond, SilentFor: time.Second}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want it to wait on", err)
	}
}
