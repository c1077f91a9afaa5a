//go:build integration

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// buildOnce builds the real swarmctl, once for all tests.
var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "swarmctl-test-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "swarmctl")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build swarmctl: %w\n%s", err, out)
	}
	return bin, nil
})

// machines are a real swarm of machines as containers, and a service's folder.
type machines struct {
	t    testing.TB
	name string
	bin  string
	dir  string // of the service
	env  []string
}

// newMachines makes machines; they are gone when the test ends, and the test
// fails if anything of them is left.
func newMachines(t testing.TB, flags ...string) *machines {
	t.Helper()
	bin, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	m := &machines{t: t, bin: bin, dir: t.TempDir()}
	m.name = fmt.Sprintf("it-%x", time.Now().UnixNano()&0xffffff)
	m.env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir(), "SWARMCTL_TARGET=local:"+m.name)
	t.Cleanup(m.remove)
	up := append([]string{"local", "up", "--name", m.name, "--http-port", "0", "--probe-interval", "1s", "--probe-threshold", "2"}, flags...)
	m.must(up...)
	return m
}

// remove takes the machines down and looks for what is left.
func (m *machines) remove() {
	if m.t.Failed() && os.Getenv("KEEP") != "" {
		m.t.Logf("cluster %s is kept", m.name)
		return
	}
	if r := m.run("local", "down", "--name", m.name); r.code != 0 {
		m.t.Errorf("local down exited %d:\n%s", r.code, r.stderr)
	}
	docker, err := engine.Local()
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	ctx := context.Background()
	ours := filters.NewArgs(filters.Arg("label", "swarmctl.local.cluster="+m.name))
	containers, err := docker.ContainerList(ctx, container.ListOptions{All: true, Filters: ours})
	if err != nil || len(containers) > 0 {
		m.t.Errorf("left behind: %d containers, %v", len(containers), err)
	}
	networks, err := docker.NetworkList(ctx, network.ListOptions{Filters: ours})
	if err != nil || len(networks) > 0 {
		m.t.Errorf("left behind: %d networks, %v", len(networks), err)
	}
	volumes, err := docker.VolumeList(ctx, volume.ListOptions{Filters: ours})
	if err != nil || len(volumes.Volumes) > 0 {
		m.t.Errorf("left behind: %d volumes, %v", len(volumes.Volumes), err)
	}
}

// result is what one command line did.
type result struct {
	stdout, stderr string
	code           int
	took           time.Duration
}

// command is a swarmctl command line, not started yet.
func (m *machines) command(args ...string) *exec.Cmd {
	cmd := exec.Command(m.bin, args...)
	cmd.Dir, cmd.Env = m.dir, m.env
	return cmd
}

func (m *machines) run(args ...string) result {
	m.t.Helper()
	return finish(m.t, m.command(args...))
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout: out.String(), stderr: errs.String(), code: cmd.ProcessState.ExitCode(), took: time.Since(start)}
}

// must runs a command line that has to succeed.
func (m *machines) must(args ...string) result {
	m.t.Helper()
	r := m.run(args...)
	if r.code != 0 {
		m.t.Fatalf("swarmctl %s exited %d:\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r
}

// with is the same cluster with more environment.
func (m *machines) with(env ...string) *machines {
	other := *m
	other.env = append(append([]string{}, m.env...), env...)
	return &other
}

// app writes a version of the test service into the service's folder. The
// image has a layer that never changes and one that does.
func (m *machines) app(version string) {
	m.t.Helper()
	for _, name := range []string{"Dockerfile", "compose.yaml", "site.conf", "key"} {
		text, err := os.ReadFile(filepath.Join("testdata", "app", name))
		if err != nil {
			m.t.Fatal(err)
		}
		m.write(name, string(text))
	}
	payload := filepath.Join(m.dir, "payload")
	if _, err := os.Stat(payload); errors.Is(err, os.ErrNotExist) {
		m.write("payload", incompressible(8<<20))
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", filepath.Join(m.dir, "app"), "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("build the test service: %v\n%s", err, out)
	}
}

// incompressible text is the same in every run.
func incompressible(size int) string {
	b := make([]byte, size)
	state := uint64(88172645463325252)
	for i := range b {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		b[i] = byte(state)
	}
	return string(b)
}

func (m *machines) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machines) target() target.Target {
	m.t.Helper()
	t, err := target.Load(context.Background(), "local:"+m.name, m.getenv)
	if err != nil {
		m.t.Fatal(err)
	}
	return t
}

func (m *machines) getenv(key string) string {
	for i := len(m.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(m.env[i], key+"="); ok {
			return value
		}
	}
	return ""
}

// engineOf is a machine's engine, reached as swarmctl reaches it.
func (m *machines) engineOf(node inventory.Node) *engine.Client {
	m.t.Helper()
	pool := sshconn.NewPool(sshconn.Config{Identities: m.target().Identities})
	docker, err := engine.New(func(ctx context.Context) (net.Conn, error) {
		conn, err := pool.Conn(ctx, node)
		if err != nil {
			return nil, err
		}
		return conn.DialUnix(ctx, engine.Socket)
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _, _ = docker.Close(), pool.Close() })
	return docker
}

// manager is the first manager's engine.
func (m *machines) manager() *engine.Client {
	return m.engineOf(m.target().ByRole(inventory.Manager)[0])
}

// get asks the service through the balancer.
func (m *machines) get(path string) (string, error) {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(m.target().Endpoint + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}

// eventually waits for something that takes a while by nature.
func eventually(t testing.TB, limit time.Duration, what string, check func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !check() {
		if time.Since(start) > limit {
			t.Fatalf("after %s: not yet %s", limit, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(start)
}

// status is `swarmctl status -o json`, as a script reads it.
type status struct {
	Nodes []struct {
		Name, Role, Status string
	}
	Services []struct {
		Name, Image, State string
		Running, Desired   int
		Tasks              []struct{ Node, State, Image string }
	}
}

func (m *machines) status() status {
	m.t.Helper()
	var s status
	if err := json.Unmarshal([]byte(m.must("status", "-o", "json").stdout), &s); err != nil {
		m.t.Fatal(err)
	}
	return s
}

// progress is what a command with --progress json said.
func progress(t *testing.T, r result) []event.Event {
	t.Helper()
	var all []event.Event
	for line := range strings.Lines(r.stderr) {
		var e event.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			continue // the error and the hint are not events
		}
		all = append(all, e)
	}
	return all
}
