package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"

	"github.com/ycesproject/yces/provision/inventory"
)

// fakeFleet is machines in this process; a nil function is never to be called.
type fakeFleet struct {
	run     func(node, name, script string) (string, error)
	engines map[string]*fakeEngine
}

func (f *fakeFleet) Host(_ context.Context, n inventory.Node) (Host, error) {
	return fakeHost{f, n.Name}, nil
}

func (f *fakeFleet) Engine(n inventory.Node) (Engine, error) { return f.engines[n.Name], nil }

func (f *fakeFleet) Manager(n inventory.Node) (Manager, error) { return f.engines[n.Name], nil }

type fakeHost struct {
	fleet *fakeFleet
	node  string
}

func (h fakeHost) RunScript(_ context.Context, name, script string, line func(string)) (string, error) {
	out, err := h.fleet.run(h.node, name, script)
	if line != nil {
		for text := range strings.Lines(out) {
			line(strings.TrimSpace(text))
		}
	}
	return out, err
}

type fakeEngine struct {
	info        func() (system.Info, error)
	swarmInit   func(swarm.InitRequest) (string, error)
	swarmJoin   func(swarm.JoinRequest) error
	inspect     func() (swarm.Swarm, error)
	nodeList    func() ([]swarm.Node, error)
	nodeInspect func(id string) (swarm.Node, error)
	nodeUpdate  func(id string, v swarm.Version, spec swarm.NodeSpec) error
	nodeRemove  func(id string) error
}

func (e *fakeEngine) Info(context.Context) (system.Info, error) { return e.info() }

func (e *fakeEngine) SwarmInit(_ context.Context, r swarm.InitRequest) (string, error) {
	return e.swarmInit(r)
}

func (e *fakeEngine) SwarmJoin(_ context.Context, r swarm.JoinRequest) error { return e.swarmJoin(r) }

func (e *fakeEngine) SwarmInspect(context.Context) (swarm.Swarm, error) { return e.inspect() }

func (e *fakeEngine) NodeList(context.Context, swarm.NodeListOptions) ([]swarm.Node, error) {
	return e.nodeList()
}

func (e *fakeEngine) NodeInspectWithRaw(_ context.Context, id string) (swarm.Node, []byte, error) {
	n, err := e.nodeInspect(id)
	return n, nil, err
}

func (e *fakeEngine) NodeUpdate(_ context.Context, id string, v swarm.Version, s swarm.NodeSpec) error {
	return e.nodeUpdate(id, v, s)
}

func (e *fakeEngine) NodeRemove(_ context.Context, id string, _ swarm.NodeRemoveOptions) error {
	return e.nodeRemove(id)
}

// says is an engine that answers with the machine's membership.
func says(m Machine) *fakeEngine {
	return &fakeEngine{info: func() (system.Info, error) {
		return system.Info{ServerVersion: m.Docker.Version, Swarm: m.Swarm}, nil
	}}
}

const probeOutput = `os=debian
version=12
codename=bookworm
arch=x86_64
hostname=n1
systemd=yes
installed=yes
enabled=yes
running=yes
ipvs=yes
now=1700000000.250000000
`

func TestParseProbe(t *testing.T) {
	before := time.Unix(1699999990, 0)
	got, err := parseProbe(probeOutput, before, before.Add(500*time.Millisecond))
	want := Machine{
		Hostname: "n1", IPVS: true,
		OS:          OS{ID: "debian", Version: "12", Codename: "bookworm", Arch: "x86_64", Systemd: true},
		Docker:      Docker{Installed: true, Enabled: true, Running: true},
		ClockOffset: 10 * time.Second, ClockError: 500 * time.Millisecond,
	}
	if err != nil || got.Hostname != want.Hostname || got.OS != want.OS || got.Docker != want.Docker ||
		got.ClockOffset != want.ClockOffset || got.ClockError != want.ClockError || !got.IPVS {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if _, err := parseProbe("os=debian\n", before, before); err == nil {
		t.Error("output without a clock passed")
	}
}

func TestObserveNamesEveryMachineThatFails(t *testing.T) {
	fleet := &fakeFleet{run: func(node, _, _ string) (string, error) {
		if node == "n1" {
			return strings.ReplaceAll(probeOutput, "running=yes\n", ""), nil
		}
		return "", errors.New("no route to " + node)
	}}
	_, err := Observe(t.Context(), three(), fleet)
	if err == nil || !strings.Contains(err.Error(), "2 of 3 machines") ||
		!strings.Contains(err.Error(), "no route to n2") || !strings.Contains(err.Error(), "no route to n3") {
		t.Errorf("got %v", err)
	}
}

func TestObserveAsksTheNextManager(t *testing.T) {
	want := complete()
	fleet := &fakeFleet{
		run: func(string, string, string) (string, error) { return probeOutput, nil },
		engines: map[string]*fakeEngine{
			"n1": says(want.Machines["n1"]), "n2": says(want.Machines["n2"]), "n3": says(want.Machines["n3"]),
		},
	}
	fleet.engines["n1"].nodeList = func() ([]swarm.Node, error) { return nil, errors.New("the swarm does not have a leader") }
	fleet.engines["n2"].nodeList = func() ([]swarm.Node, error) { return want.Members, nil }
	state, err := Observe(t.Context(), three(), fleet)
	if err != nil || len(state.Members) != 3 {
		t.Errorf("got %+v, %v", state, err)
	}
	fleet.engines["n2"].nodeList = fleet.engines["n1"].nodeList
	if _, err := Observe(t.Context(), three(), fleet); !errors.As(err, new(*NoLeaderError)) {
		t.Errorf("got %v, want a NoLeaderError", err)
	}
}

func TestObserveWaitsForAnEngineThatIsJoining(t *testing.T) {
	calls := 0
	engine := &fakeEngine{info: func() (system.Info, error) {
		calls++
		if calls < 3 {
			return system.Info{Swarm: swarm.Info{LocalNodeState: swarm.LocalNodeStatePending}}, nil
		}
		return system.Info{Swarm: swarm.Info{LocalNodeState: swarm.LocalNodeStateActive}}, nil
	}}
	m, err := settle(t.Context(), engine, time.Minute)
	if err != nil || m.swarm.LocalNodeState != swarm.LocalNodeStateActive {
		t.Errorf("got %+v, %v", m, err)
	}
	calls = -1000
	m, err = settle(t.Context(), engine, 0)
	if err != nil || m.swarm.LocalNodeState != swarm.LocalNodeStatePending {
		t.Errorf("past the limit: got %+v, %v", m, err)
	}
}
