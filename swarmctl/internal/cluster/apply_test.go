package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// swarmOf is a manager that holds the nodes in memory.
type swarmOf struct {
	mu    sync.Mutex
	nodes map[string]swarm.Node
}

func newSwarmOf(nodes ...swarm.Node) *swarmOf {
	s := &swarmOf{nodes: map[string]swarm.Node{}}
	for _, n := range nodes {
		s.nodes[n.ID] = n
	}
	return s
}

// engine is the manager as an engine of the machine.
func (s *swarmOf) engine(m Machine) *fakeEngine {
	e := says(m)
	e.inspect = func() (swarm.Swarm, error) {
		return swarm.Swarm{JoinTokens: swarm.JoinTokens{Manager: "manager-token", Worker: "worker-token"}}, nil
	}
	e.nodeList = func() ([]swarm.Node, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var list []swarm.Node
		for _, n := range s.nodes {
			list = append(list, n)
		}
		return list, nil
	}
	e.nodeInspect = func(id string) (swarm.Node, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		n, ok := s.nodes[id]
		if !ok {
			return n, errdefs.ErrNotFound
		}
		return n, nil
	}
	e.nodeUpdate = func(id string, v swarm.Version, spec swarm.NodeSpec) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := s.nodes[id]
		if n.Version != v {
			return errors.New("update out of sequence") // untyped, as the engine's is
		}
		n.Spec, n.Version.Index = spec, v.Index+1
		n.ManagerStatus = nil
		if spec.Role == swarm.NodeRoleManager {
			n.ManagerStatus = &swarm.ManagerStatus{Reachability: swarm.ReachabilityReachable}
		}
		s.nodes[id] = n
		return nil
	}
	e.nodeRemove = func(id string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.nodes[id].ManagerStatus != nil {
			return errdefs.ErrFailedPrecondition
		}
		delete(s.nodes, id)
		return nil
	}
	return e
}

func apply(t *testing.T, fleet Fleet, stages ...Stage) error {
	t.Helper()
	return Plan{Stages: stages, managers: three().Swarm()}.Apply(t.Context(), fleet, DockerCE(), nil)
}

func step(i int) Step { return Step{three().Nodes[i], "test"} }

func TestJoinSendsTheRolesTokenAndTriesEveryManager(t *testing.T) {
	members := complete().Members
	sw := newSwarmOf(members...)
	first := sw.engine(inSwarm("n1", true))
	var mu sync.Mutex
	var asked []swarm.JoinRequest
	joined := false
	joining := &fakeEngine{
		swarmJoin: func(r swarm.JoinRequest) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, r)
			if len(asked) == 1 {
				return errors.New("rpc error: connection refused")
			}
			joined = true
			return nil
		},
		info: func() (system.Info, error) {
			mu.Lock()
			defer mu.Unlock()
			if joined {
				return system.Info{Swarm: inSwarm("n3", false).Swarm}, nil
			}
			return system.Info{Swarm: withDocker("n3").Swarm}, nil
		},
	}
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": first, "n3": joining}}
	if err := apply(t, fleet, Stage{Join{step(2), inventory.Worker}}); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || asked[0].JoinToken != "worker-token" || asked[0].AdvertiseAddr != "10.1.0.3" {
		t.Fatalf("asked %+v", asked)
	}
	for _, r := range asked {
		if len(r.RemoteAddrs) != 1 || !strings.HasSuffix(r.RemoteAddrs[0], ":2377") {
			t.Errorf("remote addresses %q", r.RemoteAddrs)
		}
	}
}

func TestJoinThatAnotherRunBeganIsNoError(t *testing.T) {
	sw := newSwarmOf(complete().Members...)
	joining := says(inSwarm("n3", false))
	joining.swarmJoin = func(swarm.JoinRequest) error { return errors.New("this node is already part of a swarm") }
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": sw.engine(inSwarm("n1", true)), "n3": joining}}
	if err := apply(t, fleet, Stage{Join{step(2), inventory.Worker}}); err != nil {
		t.Error(err)
	}
}

func TestLabelsAreSetOnTopOfWhatSomeoneElseChanged(t *testing.T) {
	members := complete().Members
	members[2].Spec.Labels = map[string]string{"by-hand": "1", "old": "x"}
	sw := newSwarmOf(members...)
	manager := sw.engine(inSwarm("n1", true))
	update, tries := manager.nodeUpdate, 0
	manager.nodeUpdate = func(id string, v swarm.Version, spec swarm.NodeSpec) error {
		tries++
		if tries == 1 { // someone was faster
			n := sw.nodes[id]
			n.Version.Index++
			n.Spec.Availability = swarm.NodeAvailabilityDrain
			sw.nodes[id] = n
		}
		return update(id, v, spec)
	}
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": manager, "n3": says(inSwarm("n3", false))}}
	op := SetLabels{step(2), map[string]string{"zone": "c"}, []string{"old"}}
	if err := apply(t, fleet, Stage{op}); err != nil {
		t.Fatal(err)
	}
	got := sw.nodes["id-n3"].Spec
	if len(got.Labels) != 2 || got.Labels["zone"] != "c" || got.Labels["by-hand"] != "1" || got.Availability != swarm.NodeAvailabilityDrain {
		t.Errorf("got %+v", got)
	}
}

func TestGhostManagerIsDemotedBeforeItIsRemoved(t *testing.T) {
	sw := newSwarmOf(complete().Members...)
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": sw.engine(inSwarm("n1", true))}}
	if err := apply(t, fleet, Stage{RemoveGhost{step(1), "id-n2", true}}); err != nil {
		t.Fatal(err)
	}
	if _, there := sw.nodes["id-n2"]; there {
		t.Error("the entry is still there")
	}
}

func TestManagerThatIsGoneIsPassedOver(t *testing.T) {
	sw := newSwarmOf(complete().Members...)
	gone := &fakeEngine{info: func() (system.Info, error) { return system.Info{}, errors.New("connection lost") }}
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": gone, "n2": sw.engine(inSwarm("n2", true))}}
	if err := apply(t, fleet, Stage{SetRole{step(2), "id-n3", inventory.Manager}}); err != nil {
		t.Fatal(err)
	}
	if sw.nodes["id-n3"].Spec.Role != swarm.NodeRoleManager {
		t.Error("not promoted")
	}
}

func TestFinalAnswerIsNotAskedForAgain(t *testing.T) {
	sw := newSwarmOf(complete().Members...)
	manager := sw.engine(inSwarm("n1", true))
	tries := 0
	manager.nodeUpdate = func(string, swarm.Version, swarm.NodeSpec) error {
		tries++
		return errdefs.ErrInvalidArgument
	}
	fleet := &fakeFleet{engines: map[string]*fakeEngine{"n1": manager}}
	err := apply(t, fleet, Stage{SetRole{step(2), "id-n3", inventory.Manager}})
	if !errdefs.IsInvalidArgument(err) || tries != 1 {
		t.Errorf("tried %d times, %v", tries, err)
	}
}

func TestFailedStageEndsAndTheNextIsNotBegun(t *testing.T) {
	var mu sync.Mutex
	var ran []string
	fleet := &fakeFleet{run: func(node, name, _ string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		ran = append(ran, node)
		if node == "n1" {
			return "", errors.New("disk full")
		}
		return "", nil
	}}
	err := apply(t, fleet, Stage{EnableDocker{step(0)}, EnableDocker{step(1)}}, Stage{EnableDocker{step(2)}})
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || len(incomplete.Broken) != 1 || len(incomplete.Left) != 1 {
		t.Fatalf("got %v", err)
	}
	slices.Sort(ran)
	if !slices.Equal(ran, []string{"n1", "n2"}) {
		t.Errorf("ran on %q", ran)
	}
	want := "1 of 3 changes made, 1 not begun:\nnode n1: enable and start Docker: disk full"
	if err.Error() != want {
		t.Errorf("got %q\nwant %q", err, want)
	}
}

func TestInterruptSaysWhatStateThingsAreIn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fleet := &fakeFleet{run: func(node, _, _ string) (string, error) {
		if node == "n1" {
			return "", nil
		}
		cancel()
		return "", ctx.Err()
	}}
	plan := Plan{Stages: []Stage{{EnableDocker{step(0)}}, {EnableDocker{step(1)}}, {EnableDocker{step(2)}}}}
	err := plan.Apply(ctx, fleet, DockerCE(), nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if want := "1 of 3 changes made, 1 not begun, broken off:\nnode n2: enable and start Docker"; err.Error() != want {
		t.Errorf("got %q\nwant %q", err, want)
	}
}

func TestInstallTrustsOnlyTheRightKey(t *testing.T) {
	in := Installer{Version: "28.5.2", Repository: "http://mirror.test/linux", Fingerprint: testFingerprint}
	for name, tt := range map[string]struct {
		fetched  string
		wantErr  string
		wantVars []string
	}{
		"right key":   {"key\n" + readKey(t, "key.asc"), "", []string{"REPOSITORY='http://mirror.test/linux/debian'", "VERSION='5:28.5.2-1~debian.12~bookworm'", "KEY='-----BEGIN"}},
		"unreachable": {"unreachable\n", "", []string{"KEY=''"}},
		"wrong key":   {"key\n" + readKey(t, "two-keys.asc"), "check the key of http://mirror.test/linux", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var script string
			fleet := &fakeFleet{run: func(_, name, text string) (string, error) {
				if name == "fetch key" {
					return tt.fetched, nil
				}
				script = text
				return "Setting up docker\n", nil
			}}
			var lines []string
			sink := event.Sink(func(e event.Event) {
				if e.Kind == event.Output {
					lines = append(lines, e.Text)
				}
			})
			op := InstallDocker{step(0), bare("n1").OS}
			err := Plan{Stages: []Stage{{op}}}.Apply(t.Context(), fleet, in, sink)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) || script != "" {
					t.Errorf("got %v; installed with %q", err, script)
				}
				return
			}
			if err != nil || !slices.Equal(lines, []string{"Setting up docker"}) {
				t.Errorf("got %v, output %q", err, lines)
			}
			for _, want := range tt.wantVars {
				if !strings.Contains(script, want) {
					t.Errorf("script has no %s", want)
				}
			}
		})
	}
}

// exited is a script that ended badly.
type exited int

func (e exited) Error() string { return "exit code" }
func (e exited) Status() int   { return int(e) }

func TestARepositoryWithoutTheVersionHasAHint(t *testing.T) {
	for status, want := range map[exited]bool{exitNoVersion: true, 1: false} {
		fleet := &fakeFleet{run: func(_, name, _ string) (string, error) {
			if name == "fetch key" {
				return "unreachable\n", nil
			}
			return "", status
		}}
		err := Plan{Stages: []Stage{{InstallDocker{step(0), bare("n1").OS}}}}.Apply(t.Context(), fleet, DockerCE(), nil)
		var missing noVersionError
		if errors.As(err, &missing) != want || !errors.Is(err, status) {
			t.Errorf("exit code %d: got %v", status, err)
		}
	}
}

func TestScriptThatWasCutOffRunsNothing(t *testing.T) {
	for name, script := range map[string]string{"install": installScript, "enable": enableScript, "fetch": fetchKeyScript, "probe": probeScript} {
		lines := strings.Split(strings.TrimSpace(script), "\n")
		open := 0
		for i, line := range lines[:len(lines)-1] {
			switch {
			case strings.HasSuffix(line, "() {"):
				open++
			case line == "}":
				open--
			case open == 0 && line != "" && !strings.HasPrefix(line, "#"):
				t.Errorf("%s: line %d runs before all of the script is there: %s", name, i+1, line)
			}
		}
	}
}
