//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soakDeploys is how many releases `make soak` rolls out under load, with the
// times that compose.yaml has for production; 0 outside of it.
func soakDeploys(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOAK_DEPLOYS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// shortened are compose.yaml's times for tests: the drain is longer than the
// probe's 1 s × 2, the delay between two replicas as long as it, and the
// monitor longer than a bad task needs to turn unhealthy, as in production.
var shortened = []string{
	"APP_DRAIN=3s", "UPDATE_DELAY=2s", "UPDATE_MONITOR=6s", "STOP_GRACE=12s", "HEALTH_INTERVAL=1s", "HEALTH_START_PERIOD=1s",
}

// newService makes machines for the QR service of this repository.
func newService(t *testing.T) *machines {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	// All requests of the test come from one address.
	env := []string{"QR_IMAGE=yces/qr-it", "APP_RATE_LIMIT=off"}
	if soakDeploys(t) > 0 {
		flags = []string{"--probe-interval", "5s"}
	} else {
		env = append(env, shortened...)
	}
	m := newMachines(t, flags...)
	m.dir = root
	return m.with(env...)
}

// release deploys the service under a version, which is all that changes.
func (m *machines) release(version string) result {
	m.t.Helper()
	return m.with("VERSION="+version, "COMMIT="+version).must("deploy")
}

// shows waits until every answer comes from the version.
func (m *machines) shows(version string) {
	m.t.Helper()
	eventually(m.t, 30*time.Second, "version "+version, func() bool {
		for range 10 {
			text, err := m.get("/version")
			var v struct{ Version string }
			if err != nil || json.Unmarshal([]byte(text), &v) != nil || v.Version != version {
				return false
			}
		}
		return true
	})
}

// TestService is the whole way, with the real service on a real swarm.
func TestService(t *testing.T) {
	m := newService(t)
	m.release("it-1")
	m.shows("it-1")
	m.steps(t, []step{
		{"three nodes, two replicas on two of them", twoReplicas},
		{"codes read back as what was asked for", codesReadBack},
		{"the page renders in a browser", pageRenders},
		{"no request fails while releases roll out", noRequestLost},
		{"a machine that dies is replaced and comes back by itself", machineDies},
	})
}

func twoReplicas(t *testing.T, m *machines) {
	s := m.status()
	ready := 0
	for _, n := range s.Nodes {
		if n.Status == "ready" {
			ready++
		}
	}
	qr := s.Services[0]
	if ready != 3 || qr.Running != 2 || qr.Desired != 2 || qr.Tasks[0].Node == qr.Tasks[1].Node {
		t.Errorf("%d nodes are ready; the service is %+v", ready, qr)
	}
}

func codesReadBack(t *testing.T, m *machines) {
	for path, want := range map[string]string{
		"/api/v1/qr.png?data=https%3A%2F%2Fexample.org%2F%3Fa%3D1%26b%3D2": "https://example.org/?a=1&b=2",
		"/api/v1/ean13.png?data=590123412345":                              "5901234123457",
	} {
		image, err := m.get(path)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "code.png")
		if err := os.WriteFile(file, []byte(image), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("zbarimg", "--quiet", "--raw", file).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s reads as %q, %v; want %q", path, got, err, want)
		}
	}
}

func pageRenders(t *testing.T, m *machines) {
	out, err := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--dump-dom", m.target().Endpoint+"/").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>QR codes and barcodes</h1>", "it-1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the page has no %s:\n%s", want, out)
		}
	}
}

func noRequestLost(t *testing.T, m *machines) {
	endpoint := m.target().Endpoint
	const path = "/api/v1/qr.svg?data=https%3A%2F%2Fexample.org"
	loads := map[string]*load{
		"new connections":  startLoad(t, endpoint, path, false),
		"kept connections": startLoad(t, endpoint, path, true),
	}
	n := max(soakDeploys(t), 2)
	for i := range n {
		r := m.release(fmt.Sprintf("load-%d", i))
		t.Logf("deploy %d took %s", i+1, r.took.Round(100*time.Millisecond))
	}
	// What runs at the end is the last release, on both replicas.
	m.shows(fmt.Sprintf("load-%d", n-1))
	for name, l := range loads {
		asked, failed, why := l.count()
		t.Logf("%s: %d of %d requests failed in %d deploys, the slowest took %s", name, failed, asked, n, l.slowest.Round(time.Millisecond))
		if failed > 0 {
			t.Errorf("%s: %d of %d requests failed: %s", name, failed, asked, why)
		}
	}
}

// machineDies ends a machine that runs a replica as a power loss does.
func machineDies(t *testing.T, m *machines) {
	victim := m.status().Services[0].Tasks[0].Node
	l := startLoad(t, m.target().Endpoint, "/healthz", false)
	m.must("local", "stop", "--name", m.name, victim)
	died := time.Now()

	out := eventually(t, 30*time.Second, "taken out of the balancer", func() bool {
		for range 10 {
			if _, err := m.get("/healthz"); err != nil {
				return false
			}
		}
		return true
	})
	back := eventually(t, 2*time.Minute, "two replicas on living machines", func() bool { return m.livingReplicas(victim) == 2 })
	asked, failed, why := l.count()
	t.Logf("the balancer took the node out after %s, its replica ran elsewhere after %s; %d of %d requests failed meanwhile: %s",
		out.Round(100*time.Millisecond), back.Round(100*time.Millisecond), failed, asked, why)

	started := time.Now()
	m.must("local", "start", "--name", m.name, victim)
	eventually(t, time.Minute, "the machine is Ready again", func() bool {
		for _, n := range m.status().Nodes {
			if n.Name == victim && n.Status == "ready" {
				return true
			}
		}
		return false
	})
	t.Logf("the machine was Ready %s after it was started, %s after it died", time.Since(started).Round(100*time.Millisecond), time.Since(died).Round(time.Second))
	if r := m.must("up"); !strings.Contains(r.stdout, "no change") {
		t.Errorf("after it rejoined by itself, up says:\n%s", r.stdout)
	}
}

// livingReplicas are those that run elsewhere than on the dead machine; none
// while no manager answers.
func (m *machines) livingReplicas(dead string) int {
	m.t.Helper()
	r := m.run("status", "-o", "json")
	var s status
	if r.code != 0 || json.Unmarshal([]byte(r.stdout), &s) != nil {
		return 0
	}
	count := 0
	for _, service := range s.Services {
		for _, task := range service.Tasks {
			if task.State == "running" && task.Node != dead {
				count++
			}
		}
	}
	return count
}
