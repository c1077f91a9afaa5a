//go:build integration

package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// serveVariable makes this test's own binary a web server, so that a machine
// can run one without installing anything.
const serveVariable = "LOCAL_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		m.Run() // its result is the process's
		return
	}
	// Ready as long as the file is not there.
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat("/root/unready"); err == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		fmt.Fprint(w, name)
	})
	panic(http.ListenAndServe(":80", nil))
}

// recorder keeps events.
type recorder struct {
	mu     sync.Mutex
	events []event.Event
}

func (r *recorder) sink(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func localEngine(t *testing.T) *engine.Client {
	t.Helper()
	e, err := engine.Local()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// testOptions name a cluster that no one else has, and that is removed when
// the test ends.
func testOptions(t *testing.T, e *engine.Client) Options {
	t.Helper()
	var id [4]byte
	if _, err := rand.Read(id[:]); err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Name = "t-local-" + hex.EncodeToString(id[:])
	o.Managers, o.HTTPPort = 1, 0
	o.ProbeInterval = 200 * time.Millisecond
	o.Dir = filepath.Join(t.TempDir(), o.Name)
	o.Getenv = os.Getenv
	t.Cleanup(func() {
		if err := Down(context.Background(), e, o, false, nil); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return o
}

func mustUp(t *testing.T, e *engine.Client, o Options) inventory.Inventory {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	inv, err := Up(ctx, e, o, func(ev event.Event) {
		if ev.Kind != event.Output {
			t.Logf("%s: %s", ev.Subject, ev.Text)
		}
	})
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	return inv
}

// dial logs in with the key of the state directory and accepts hostKey only.
func dial(t *testing.T, o Options, n inventory.Node, hostKey string) (*ssh.Client, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.Dir, target.IdentityFile))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(hostKey))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.Dial("tcp", fmt.Sprintf("%s:%d", n.Address, n.Port), &ssh.ClientConfig{
		User: n.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(key), Timeout: 10 * time.Second,
	})
}

// run runs a command on the machine and returns what it printed.
func run(t *testing.T, o Options, n inventory.Node, stdin io.Reader, command string) string {
	t.Helper()
	c, err := dial(t, o, n, n.HostKeys[0])
	if err != nil {
		t.Fatalf("log in to %s: %v", n.Name, err)
	}
	defer func() { _ = c.Close() }()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	s.Stdin = stdin
	out, err := s.CombinedOutput(command)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", n.Name, command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// labelled counts containers, networks and volumes of a cluster.
func labelled(t *testing.T, e *engine.Client, name string) (containers, networks, volumes int) {
	t.Helper()
	ctx := context.Background()
	c, err := e.ContainerList(ctx, container.ListOptions{All: true, Filters: clusterFilter(name)})
	if err != nil {
		t.Fatal(err)
	}
	n, err := e.NetworkList(ctx, network.ListOptions{Filters: clusterFilter(name)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.VolumeList(ctx, volume.ListOptions{Filters: clusterFilter(name)})
	if err != nil {
		t.Fatal(err)
	}
	return len(c), len(n), len(v.Volumes)
}

func TestTwoClustersSideBySide(t *testing.T) {
	e := localEngine(t)
	with, bare := testOptions(t, e), testOptions(t, e)
	bare.Bare = true
	a, b := mustUp(t, e, with), mustUp(t, e, bare)

	if a.Endpoint == b.Endpoint || a.Nodes[0].Address == b.Nodes[0].Address {
		t.Errorf("clusters share an address: %s %s, %s %s", a.Endpoint, a.Nodes[0].Address, b.Endpoint, b.Nodes[0].Address)
	}
	if got := run(t, with, a.Nodes[0], nil, "docker info -f '{{.Driver}}'"); got != "overlay2" {
		t.Errorf("storage driver = %q, want overlay2", got)
	}
	if got := run(t, bare, b.Nodes[0], nil, "command -v docker || echo none"); got != "none" {
		t.Errorf("the bare machine has Docker: %q", got)
	}
	for o, inv := range map[string]inventory.Inventory{with.Name: a, bare.Name: b} {
		if got := run(t, map[string]Options{with.Name: with, bare.Name: bare}[o], inv.Nodes[0], nil, "systemctl is-system-running"); got != "running" {
			t.Errorf("%s: systemd says %q, want running", o, got)
		}
	}
	t.Run("another machine's host key is refused", func(t *testing.T) {
		if c, err := dial(t, with, a.Nodes[0], b.Nodes[0].HostKeys[0]); err == nil {
			_ = c.Close()
			t.Error("logged in")
		}
	})
	t.Run("plain ssh gets in with the written configuration", func(t *testing.T) {
		out, err := exec.Command("ssh", "-F", filepath.Join(with.Dir, SSHConfigFile), a.Nodes[0].Name, "hostname").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != a.Nodes[0].Name {
			t.Errorf("ssh printed %q, %v", out, err)
		}
	})
	t.Run("down leaves nothing of its own and all of the other", func(t *testing.T) {
		if err := Down(context.Background(), e, bare, false, nil); err != nil {
			t.Fatal(err)
		}
		if c, n, v := labelled(t, e, bare.Name); c+n+v != 0 {
			t.Errorf("%d containers, %d networks, %d volumes are left", c, n, v)
		}
		if _, err := os.Stat(bare.Dir); !os.IsNotExist(err) {
			t.Errorf("state directory: %v", err)
		}
		if got := run(t, with, a.Nodes[0], nil, "hostname"); got != a.Nodes[0].Name {
			t.Errorf("the other cluster's machine says %q", got)
		}
	})
}

func TestAMachineSurvivesAPowerLoss(t *testing.T) {
	e, ctx := localEngine(t), context.Background()
	o := testOptions(t, e)
	before := mustUp(t, e, o).Nodes[0]
	run(t, o, before, nil, "tar -cC /etc hostname | docker import - kept:1 && sync")
	machineID := run(t, o, before, nil, "cat /etc/machine-id")

	if err := Stop(ctx, e, o.Name, before.Name, nil); err != nil {
		t.Fatal(err)
	}
	if c, err := dial(t, o, before, before.HostKeys[0]); err == nil {
		_ = c.Close()
		t.Error("a stopped machine answers")
	}
	if err := Start(ctx, e, o, before.Name, nil); err != nil {
		t.Fatal(err)
	}
	// run checks address and host key against what they were before.
	if got := run(t, o, before, nil, "docker image inspect -f '{{len .RootFS.Layers}}' kept:1"); got != "1" {
		t.Errorf("image after the power loss: %q", got)
	}
	if got := run(t, o, before, nil, "cat /etc/machine-id"); got != machineID {
		t.Errorf("machine ID = %s, was %s", got, machineID)
	}
	if err := Stop(ctx, e, o.Name, "nix", nil); err == nil || !strings.Contains(err.Error(), `no machine "nix"`) {
		t.Errorf("error for an unknown machine: %v", err)
	}
}

func TestUpAgainMendsWhatIsMissingAndNothingElse(t *testing.T) {
	e, ctx := localEngine(t), context.Background()
	o := testOptions(t, e)
	o.Bare, o.Workers = true, 1

	t.Run("interrupted while machines are made", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := Up(ctx, e, o, func(ev event.Event) {
			if strings.HasPrefix(ev.Subject, "machine ") {
				cancel()
			}
		})
		var hinted interface{ Hint() string }
		if !errors.Is(err, context.Canceled) || !errors.As(err, &hinted) {
			t.Fatalf("error = %v, want an interruption with its cure", err)
		}
	})
	inv := mustUp(t, e, o)

	t.Run("run again it changes nothing", func(t *testing.T) {
		var r recorder
		again, err := Up(ctx, e, o, r.sink)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range r.events {
			if ev.Kind != event.Unchanged {
				t.Errorf("%s: %s %s", ev.Subject, ev.Kind, ev.Text)
			}
		}
		if fmt.Sprint(again) != fmt.Sprint(inv) {
			t.Errorf("inventory = %v, was %v", again, inv)
		}
	})
	t.Run("a stopped machine and a lost key are mended", func(t *testing.T) {
		if err := Stop(ctx, e, o.Name, inv.Nodes[1].Name, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(o.Dir); err != nil {
			t.Fatal(err)
		}
		again := mustUp(t, e, o)
		if got := run(t, o, again.Nodes[1], nil, "hostname"); got != inv.Nodes[1].Name {
			t.Errorf("hostname = %q", got)
		}
	})
	t.Run("a machine that was not asked for is kept", func(t *testing.T) {
		fewer := o
		fewer.Workers = 0
		if n := len(mustUp(t, e, fewer).Nodes); n != 2 {
			t.Errorf("%d machines, want 2", n)
		}
	})
	t.Run("half a container is made anew", func(t *testing.T) {
		more := o
		more.Workers = 2
		m := more.machines()[2]
		_, err := e.ContainerCreate(ctx, &container.Config{
			Image: "debian:bookworm-slim", Cmd: []string{"true"}, Labels: map[string]string{labelCluster: o.Name, labelNode: m.Name, labelRole: "worker"},
		}, nil, nil, nil, resourceName(o.Name, m.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := mustUp(t, e, more).Nodes[2]; run(t, o, got, nil, "hostname") != m.Name {
			t.Error("the machine is not the one asked for")
		}
	})
}
