package local

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// faultsWith connects to an engine that the environment names.
func faultsWith(t *testing.T, dockerHost string) []fault {
	t.Helper()
	t.Setenv("DOCKER_HOST", dockerHost)
	e, err := engine.Local()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	_, faults := connect(context.Background(), e)
	return faults
}

func TestAnEngineThatDoesNotRunIsNamedWithItsCure(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "docker.sock")
	faults := faultsWith(t, "unix://"+socket)
	if len(faults) != 1 || !strings.Contains(faults[0].text, socket) || faults[0].cure != cureStart {
		t.Errorf("faults = %+v", faults)
	}
}

func TestAnEngineElsewhereIsRefused(t *testing.T) {
	faults := faultsWith(t, "tcp://192.0.2.1:2375")
	if len(faults) != 1 || faults[0].cure != cureRemote {
		t.Errorf("faults = %+v", faults)
	}
}

func TestASocketWithoutPermissionIsNamedWithItsCure(t *testing.T) {
	f := dialFault("/var/run/docker.sock", fmt.Errorf("dial: %w", fs.ErrPermission))
	if f.cure != cureSocket {
		t.Errorf("cure = %q", f.cure)
	}
}

func TestFaultsOfOptionsAndOfTheMachineAreReportedTogether(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	e, err := engine.Local()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	o := DefaultOptions()
	o.Managers = 0
	_, err = Up(context.Background(), e, o, nil)
	for _, want := range []string{"2 faults", "--managers", "no Docker engine answers"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

func takenPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestATakenPortIsNamedWithItsFlag(t *testing.T) {
	o := DefaultOptions()
	o.HTTPPort = takenPort(t)
	faults := conflicts(context.Background(), o, cluster{})
	if len(faults) != 1 || !strings.Contains(faults[0].text, fmt.Sprintf("--http-port: 127.0.0.1:%d", o.HTTPPort)) {
		t.Errorf("faults = %+v", faults)
	}
}

func TestTheClustersOwnPortIsNotTaken(t *testing.T) {
	o := DefaultOptions()
	o.HTTPPort = takenPort(t)
	if faults := conflicts(context.Background(), o, cluster{Balancer: &part{Port: o.HTTPPort}}); len(faults) != 0 {
		t.Errorf("faults = %+v, want none", faults)
	}
}

func TestBareMachinesAndOthersAreNotMixed(t *testing.T) {
	o := DefaultOptions()
	o.HTTPPort = 0
	bare := cluster{Machines: []part{{Node: "local-1", Bare: true, State: container.StateRunning}}}
	if faults := conflicts(context.Background(), o, bare); len(faults) != 1 || !faults[0].usage {
		t.Errorf("faults = %+v", faults)
	}
	o.Bare = true
	if faults := conflicts(context.Background(), o, bare); len(faults) != 0 {
		t.Errorf("faults = %+v, want none", faults)
	}
}
