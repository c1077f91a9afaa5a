package rollout

import (
	"context"
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

// A node that lacked the image until the deploy brought it, for instance.
func TestWhatFailedBeforeAnUpdateIsNotHeldAgainstIt(t *testing.T) {
	var tasks []swarm.Task
	for i := range tooManyFailures {
		failed := task(2, "n2", swarm.TaskStateFailed, "web")
		failed.ID = fmt.Sprint("f", i)
		tasks = append(tasks, failed)
	}
	one, two := task(1, "n1", swarm.TaskStateRunning, "web"), task(2, "n2", swarm.TaskStateStarting, "web")
	f := &fakeSwarm{service: swarm.Service{ID: "s", Spec: spec("shop_web", "web")}}
	f.tasks = func() []swarm.Task { return append(tasks, one, two) }
	f.update = func(swarm.ServiceSpec, swarm.ServiceUpdateOptions) error { return nil }
	more := spec("shop_web", "web", func(s *swarm.ServiceSpec) { s.Labels["more"] = "yes" })
	p, err := NewPlan(Desired{Stack: "shop", Services: map[string]swarm.ServiceSpec{"shop_web": more}}, observed(f.service))
	if err != nil {
		t.Fatal(err)
	}
	targets, err := p.Apply(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	f.tasks = func() []swarm.Task {
		if looks++; looks > 3 {
			two.Status.State = swarm.TaskStateRunning
		}
		return append(tasks, one, two)
	}
	if err := Converge(context.Background(), f, targets, quick, nil); err != nil {
		t.Errorf("got %v", err)
	}
	again := task(2, "n2", swarm.TaskStateFailed, "web")
	again.ID = "new"
	f.tasks = func() []swarm.Task { return append(tasks, one, again, again, again) }
	if err := Converge(context.Background(), f, targets, quick, nil); err == nil {
		t.Error("what fails after it is not held against it either")
	}
}
