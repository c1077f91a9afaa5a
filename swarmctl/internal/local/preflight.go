package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/system"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// Cures that several faults share.
const (
	cureStart  = "start Docker with `sudo systemctl start docker`, or install it with `sudo apt-get install docker.io`"
	cureSocket = "run it with sudo, or join the group: `sudo usermod -aG docker $USER`, then log in again"
	cureRemote = "unset DOCKER_HOST and DOCKER_CONTEXT, and use an engine that runs on this machine as root"
)

// outer is what the checks learn about the engine that the machines run on.
type outer struct {
	info    system.Info
	missing []string
}

// connect asks the engine who it is, or says why it can't be used.
func connect(ctx context.Context, e *engine.Client) (outer, []fault) {
	var f faultList
	if runtime.GOOS != "linux" {
		f.add("run swarmctl on Linux, in a virtual machine for instance", "machines as containers need Linux: their addresses can't be reached on %s", runtime.GOOS)
		return outer{}, f
	}
	socket, ok := strings.CutPrefix(e.DaemonHost(), "unix://")
	if !ok {
		f.add(cureRemote, "the engine at %s is not on this machine", e.DaemonHost())
		return outer{}, f
	}
	ctx, cancel := context.WithTimeout(ctx, engine.PingTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return outer{}, []fault{dialFault(socket, err)}
	}
	defer func() { _ = conn.Close() }()
	return ask(ctx, e, conn)
}

func ask(ctx context.Context, e *engine.Client, conn net.Conn) (outer, []fault) {
	var o outer
	var f faultList
	info, err := e.Info(ctx)
	if err != nil {
		f.add(cureStart, "the Docker engine does not answer: %s", err)
		return o, f
	}
	o.info = info
	if slices.Contains(info.SecurityOptions, "name=rootless") {
		f.add(cureRemote, "the Docker engine is rootless: addresses of its containers can't be reached from here")
	}
	if info.OperatingSystem == "Docker Desktop" || info.OSType != "linux" {
		f.add(cureRemote, "the engine runs in the virtual machine of %s: addresses of its containers can't be reached from here", info.OperatingSystem)
	}
	o.missing, err = machines.MissingCaps(conn)
	if err != nil {
		f.add("", "%s", err)
	}
	return o, f
}

func dialFault(socket string, err error) fault {
	if errors.Is(err, fs.ErrPermission) {
		return fault{text: fmt.Sprintf("no permission to use the Docker engine at %s", socket), cure: cureSocket}
	}
	return fault{text: fmt.Sprintf("no Docker engine answers at %s: %s", socket, err), cure: cureStart}
}

// conflicts are the faults of the options against what exists.
func conflicts(ctx context.Context, o Options, have cluster) []fault {
	var f faultList
	for _, m := range have.Machines {
		if m.Bare != o.Bare && !m.halfMade() {
			f = append(f, bareFault(o, m))
			break
		}
	}
	if have.Balancer != nil && (have.Balancer.Port == o.HTTPPort || o.HTTPPort == 0) {
		return f
	}
	if o.HTTPPort > 0 && o.HTTPPort <= 65535 && !portFree(ctx, o.HTTPPort) {
		f = append(f, fault{
			text:  fmt.Sprintf("--http-port: 127.0.0.1:%d is taken by another program", o.HTTPPort),
			cure:  "choose another with --http-port, or 0 for any that is free",
			usage: true,
		})
	}
	return f
}

func bareFault(o Options, m part) fault {
	text := fmt.Sprintf("--bare: the cluster %q exists and its machines came with Docker", o.Name)
	if m.Bare {
		text = fmt.Sprintf("--bare: the cluster %q exists and its machines are bare; name the flag again", o.Name)
	}
	return fault{text: text, cure: fmt.Sprintf("`swarmctl local down --name %s` first, or choose another --name", o.Name), usage: true}
}

func portFree(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// anyPort returns a port of 127.0.0.1 that was free a moment ago.
func anyPort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
