package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// fakeSwarm is a swarm that moves tasks at once when a node is drained.
type fakeSwarm struct {
	nodes    []swarm.Node
	services []swarm.Service
	tasks    []swarm.Task
	calls    []string
	// stale is how many updates are refused, because somebody was faster.
	stale int
	// nowhere: no other node takes the tasks.
	nowhere bool
	// demotion is when managers cease to be some, where they take their time.
	demotion time.Time
}

func (f *fakeSwarm) ServiceList(context.Context, swarm.ServiceListOptions) ([]swarm.Service, error) {
	return f.services, nil
}

func (f *fakeSwarm) TaskList(context.Context, swarm.TaskListOptions) ([]swarm.Task, error) {
	return f.tasks, nil
}

func (f *fakeSwarm) NodeList(context.Context, swarm.NodeListOptions) ([]swarm.Node, error) {
	return f.nodes, nil
}

func (f *fakeSwarm) NodeInspectWithRaw(_ context.Context, id string) (swarm.Node, []byte, error) {
	i := slices.IndexFunc(f.nodes, func(n swarm.Node) bool { return n.ID == id })
	if i < 0 {
		return swarm.Node{}, nil, errdefs.ErrNotFound
	}
	if n := &f.nodes[i]; n.Spec.Role == swarm.NodeRoleWorker && time.Now().After(f.demotion) {
		n.ManagerStatus = nil
	}
	return f.nodes[i], nil, nil
}

func (f *fakeSwarm) NodeUpdate(_ context.Context, id string, _ swarm.Version, spec swarm.NodeSpec) error {
	if f.stale > 0 {
		f.stale--
		return errors.New("rpc error: update out of sequence")
	}
	f.calls = append(f.calls, fmt.Sprintf("%s %s %s", id, spec.Role, spec.Availability))
	for i := range f.nodes {
		if f.nodes[i].ID != id {
			continue
		}
		f.nodes[i].Spec = spec
	}
	if spec.Availability == swarm.NodeAvailabilityDrain {
		f.move(id)
	}
	return nil
}

func (f *fakeSwarm) move(from string) {
	for i, t := range f.tasks {
		if t.NodeID != from {
			continue
		}
		f.tasks[i].DesiredState, f.tasks[i].Status.State = swarm.TaskStateShutdown, swarm.TaskStateShutdown
		next := task(t.ServiceID, "n9")
		if f.nowhere {
			next.Status = swarm.TaskStatus{State: swarm.TaskStatePending, Err: "no suitable node"}
		}
		f.tasks = append(f.tasks, next)
	}
}

func (f *fakeSwarm) NodeRemove(_ context.Context, id string, _ swarm.NodeRemoveOptions) error {
	f.calls = append(f.calls, id+" removed")
	return nil
}

func task(service, node string) swarm.Task {
	return swarm.Task{ServiceID: service, NodeID: node, DesiredState: swarm.TaskStateRunning, Status: swarm.TaskStatus{State: swarm.TaskStateRunning}}
}

// node is described by words: manager, leader, down, lost (a manager that can't be reached), drained.
func node(name, words string) swarm.Node {
	n := swarm.Node{ID: "id-" + name, Description: swarm.NodeDescription{Hostname: name}}
	n.Spec.Role, n.Spec.Availability, n.Status.State = swarm.NodeRoleWorker, swarm.NodeAvailabilityActive, swarm.NodeStateReady
	for word := range strings.FieldsSeq(words) {
		switch word {
		case "manager", "leader", "lost":
			n.Spec.Role = swarm.NodeRoleManager
			n.ManagerStatus = &swarm.ManagerStatus{Reachability: swarm.ReachabilityReachable, Leader: word == "leader"}
			if word == "lost" {
				n.ManagerStatus.Reachability, n.Status.State = swarm.ReachabilityUnreachable, swarm.NodeStateDown
			}
		case "down":
			n.Status.State = swarm.NodeStateDown
		case "drained":
			n.Spec.Availability = swarm.NodeAvailabilityDrain
		}
	}
	return n
}

func TestNodesAreChosenByNameOrID(t *testing.T) {
	all := []swarm.Node{node("a", ""), node("b", ""), node("b", "down")}
	all[2].ID = "id-old"
	chosen, err := Choose(all, []string{"id-old", "a", "a"})
	if err != nil || list(chosen) != "a, b" || chosen[1].ID != "id-old" {
		t.Errorf("got %v, %v", chosen, err)
	}
	_, err = Choose(all, []string{"b", "c"})
	want := "2 nodes are called \"b\"; say which by its ID: id-b (ready), id-old (down)\nthere is no node \"c\"; the swarm has a, b, b"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatWouldEndTheSwarmIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		nodes  []swarm.Node
		chosen int // so many of the first
		want   string
	}{
		"one of three managers":          {[]swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "manager")}, 1, ""},
		"two of three managers":          {[]swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "manager")}, 2, ""},
		"the dead one":                   {[]swarm.Node{node("a", "lost"), node("b", "leader"), node("c", "manager")}, 1, ""},
		"a living one beside the dead":   {[]swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "lost")}, 1, "of the 2 managers left, 1 can be reached"},
		"the last manager":               {[]swarm.Node{node("a", "leader"), node("w", "")}, 1, "of the 0 managers left, 0 can be reached"},
		"a worker beside a dead one":     {[]swarm.Node{node("w", ""), node("a", "leader"), node("b", "lost"), node("c", "manager")}, 1, ""},
		"the last that is active":        {[]swarm.Node{node("w", ""), node("a", "leader drained")}, 1, "nothing would run any more"},
		"the last that is ready":         {[]swarm.Node{node("a", "leader"), node("w", "down")}, 1, "nothing would run any more"},
		"all, for both reasons, at once": {[]swarm.Node{node("a", "leader")}, 1, "nothing would run any more: no other node is ready and active than a\nthe swarm would lose its quorum"},
	} {
		err := CheckRemove(tt.nodes, tt.nodes[:tt.chosen])
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestTheUserHearsOfServicesThatWillBeAwayAndOfEvenNumbers(t *testing.T) {
	all := []swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "manager")}
	one, two := service("one", 1), service("two", 2)
	got := Away(all[:1], []swarm.Service{one, two}, []swarm.Task{task("one", "id-a"), task("two", "id-a")})
	if len(got) != 1 || got[0] != "service one has one replica, which is away until another has started" {
		t.Errorf("got %q", got)
	}
	if got := Even(all, all[:1]); got != "2 managers are left, of which no more may fail than of 1" {
		t.Errorf("got %q", got)
	}
	if got := Even(all, all[:2]); got != "" {
		t.Errorf("of one manager it says %q", got)
	}
}

func service(id string, replicas uint64) swarm.Service {
	s := swarm.Service{ID: id}
	s.Spec.Name, s.Spec.Mode.Replicated = id, &swarm.ReplicatedService{Replicas: &replicas}
	return s
}

func TestDrainWaitsUntilAsManyRunElsewhere(t *testing.T) {
	f := &fakeSwarm{nodes: []swarm.Node{node("a", ""), node("b", "")}, services: []swarm.Service{service("web", 2)}, tasks: []swarm.Task{task("web", "id-a"), task("web", "id-b")}, stale: 1}
	var said []string
	sink := func(e event.Event) { said = append(said, e.Subject+": "+e.Text) }
	if err := Drain(t.Context(), f, f.nodes[:1], time.Minute, sink); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.calls, []string{"id-a worker drain"}) {
		t.Errorf("calls %q", f.calls)
	}
	if !slices.Contains(said, "node a: runs nothing") {
		t.Errorf("said %q", said)
	}
}

func TestDrainSaysWhatDoesNotMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSwarm{nodes: []swarm.Node{node("a", ""), node("b", "")}, services: []swarm.Service{service("web", 1)}, tasks: []swarm.Task{task("web", "id-a")}, nowhere: true}
		for _, attempt := range []string{"the first", "another, of which the swarm only knows that the node is drained"} {
			err := Drain(t.Context(), f, f.nodes[:1], time.Minute, nil)
			if !errors.Is(err, ErrSlow) || !strings.Contains(err.Error(), "it took longer than 1m0s; still 0 of 1 replicas of web run elsewhere (no suitable node)") {
				t.Errorf("%s: got %v", attempt, err)
			}
		}
	})
}

// What fails elsewhere is tried so often that the tasks of the node are forgotten.
func TestANodeIsNotRemovedWhileReplicasThatItHadAreMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := task("web", "id-b")
		failed.Status = swarm.TaskStatus{State: swarm.TaskStateRejected, Err: "No such image: web"}
		f := &fakeSwarm{nodes: []swarm.Node{node("a", "drained"), node("b", "leader")}, services: []swarm.Service{service("web", 2)}, tasks: []swarm.Task{task("web", "id-b"), failed}}
		leave := func(context.Context, swarm.Node) (bool, error) { return true, nil }
		err := Remove(t.Context(), f, f.nodes[:1], leave, time.Minute, nil)
		if !errors.Is(err, ErrSlow) || !strings.Contains(err.Error(), "1 of 2 replicas of web run elsewhere (No such image: web)") {
			t.Errorf("got %v", err)
		}
		if len(f.calls) > 0 {
			t.Errorf("calls %q", f.calls)
		}
	})
}

func TestAWaitWithoutAnAnswerIsOneThatTookTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := Drain(t.Context(), silentSwarm{}, []swarm.Node{node("a", "")}, time.Minute, nil)
		if !errors.Is(err, ErrSlow) || !strings.Contains(err.Error(), "list services") {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Drain(ctx, silentSwarm{}, []swarm.Node{node("a", "")}, time.Minute, nil); err == nil || errors.Is(err, ErrSlow) {
			t.Errorf("somebody else's deadline: got %v", err)
		}
	})
}

// silentSwarm answers nothing.
type silentSwarm struct{ API }

func (silentSwarm) ServiceList(ctx context.Context, _ swarm.ServiceListOptions) ([]swarm.Service, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRemovalTakesTheDeadFirstAndTheLeaderLast(t *testing.T) {
	f := &fakeSwarm{nodes: []swarm.Node{node("a", "leader"), node("b", "manager"), node("c", "lost"), node("d", "manager"), node("e", "manager")}}
	var told []string
	leave := func(_ context.Context, n swarm.Node) (bool, error) {
		told = append(told, Name(n))
		return Name(n) == "a", nil
	}
	var said []string
	sink := func(e event.Event) {
		if e.Kind == event.Warning {
			said = append(said, e.Subject)
		}
	}
	if err := Remove(t.Context(), f, slices.Clone(f.nodes[:3]), leave, time.Minute, sink); err != nil {
		t.Fatal(err)
	}
	want := []string{"id-a manager drain", "id-b manager drain", "id-c worker active", "id-c removed", "id-b worker drain", "id-b removed", "id-a worker drain", "id-a removed"}
	if !slices.Equal(f.calls, want) {
		t.Errorf("calls\n%q, want\n%q", f.calls, want)
	}
	if !slices.Equal(told, []string{"b", "a"}) || !slices.Equal(said, []string{"node c", "node b"}) {
		t.Errorf("told %q, warned of %q", told, said)
	}
}

func TestOnlyTheTasksAreBoundToTheTimeOfADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSwarm{nodes: []swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "manager")}}
		f.demotion = time.Now().Add(30 * time.Second)
		asked := 0
		// The engine is slower than the list of members.
		leave := func(context.Context, swarm.Node) (bool, error) {
			if asked++; asked < 3 {
				return false, fmt.Errorf("leave: %w", errdefs.ErrUnavailable)
			}
			return true, nil
		}
		if err := Remove(t.Context(), f, slices.Clone(f.nodes[:1]), leave, time.Second, nil); err != nil {
			t.Error(err)
		}
		if want := []string{"id-a manager drain", "id-a worker drain", "id-a removed"}; !slices.Equal(f.calls, want) || asked != 3 {
			t.Errorf("calls %q, asked to leave %d times", f.calls, asked)
		}
	})
}

func TestARemovalThatEndsEarlySaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSwarm{nodes: []swarm.Node{node("a", "manager"), node("b", "leader"), node("c", "manager"), node("w", "")}}
		f.demotion = time.Now().Add(time.Hour)
		leave := func(context.Context, swarm.Node) (bool, error) { return true, nil }
		err := Remove(t.Context(), f, []swarm.Node{f.nodes[3], f.nodes[0], f.nodes[1]}, leave, time.Second, nil)
		var unfinished *UnfinishedError
		if !errors.As(err, &unfinished) || list(unfinished.Left) != "a, b" || !errors.Is(err, ErrSlow) ||
			err.Error() != "remove node a: demote it: it took longer than 2m0s; still it is a manager" {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheObstacleIsTheNewestOne(t *testing.T) {
	at := func(second int, state swarm.TaskState, text string) swarm.Task {
		return swarm.Task{ServiceID: "web", Status: swarm.TaskStatus{State: state, Err: text, Timestamp: time.Unix(int64(second), 0)}}
	}
	tasks := []swarm.Task{at(2, swarm.TaskStateRejected, "No such image: web"), at(1, swarm.TaskStateFailed, "boom"), at(3, swarm.TaskStateShutdown, "asked to")}
	if got := obstacle(tasks, "web"); got != " (No such image: web)" {
		t.Errorf("got %q", got)
	}
	if got := obstacle(tasks, "db"); got != "" {
		t.Errorf("of another service it says %q", got)
	}
}
