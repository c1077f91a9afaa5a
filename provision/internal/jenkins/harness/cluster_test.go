//go:build integration

package harness

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// short are the times of the service, in the proportions of compose.yaml.
var short = map[string]string{
	"APP_DRAIN": "3s", "UPDATE_DELAY": "2s", "UPDATE_MONITOR": "6s", "STOP_GRACE": "12s",
	"HEALTH_INTERVAL": "1s", "HEALTH_START_PERIOD": "1s",
}

// cluster is a local swarm of two machines.
type cluster struct {
	name, state, bin string
	inventory, key   string
	endpoint         string
}

// newCluster makes machines that are gone when the test ends.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{name: fmt.Sprintf("pl-%x", time.Now().UnixNano()&0xffffff), state: t.TempDir()}
	c.bin = filepath.Join(t.TempDir(), "swarmctl")
	build := exec.Command("go", "build", "-o", c.bin, "./swarmctl")
	build.Dir, build.Env = root(t), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build swarmctl: %v\n%s", err, out)
	}
	t.Cleanup(func() { c.must(t, "local", "down", "--name", c.name) })
	c.must(t, "local", "up", "--name", c.name, "--managers", "1", "--workers", "1", "--http-port", "0", "--probe-interval", "1s", "--probe-threshold", "2")
	dir := filepath.Join(c.state, "swarmctl", "local", c.name)
	c.inventory, c.key = read(t, filepath.Join(dir, "inventory.json")), read(t, filepath.Join(dir, "id_ed25519"))
	var inventory struct{ Endpoint string }
	if err := json.Unmarshal([]byte(c.inventory), &inventory); err != nil {
		t.Fatal(err)
	}
	c.endpoint = inventory.Endpoint
	return c
}

// must runs swarmctl against the cluster and returns its standard output.
func (c *cluster) must(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(c.bin, args...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+c.state, "SWARMCTL_TARGET=local:"+c.name)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("swarmctl %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

type release struct {
	Number  int
	Commit  string
	Outcome string
}

// releases are the records of the stack, newest first.
func (c *cluster) releases(t *testing.T) []release {
	t.Helper()
	var all []release
	if err := json.Unmarshal([]byte(c.must(t, "releases", "--stack", "yces", "-o", "json")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// pages asks the balancer for the page until two replicas have answered, and
// returns it by replica.
func (c *cluster) pages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for range 100 {
		// What goes over one connection goes to one replica.
		client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 1}}
		var version struct{ Host string }
		if err := json.Unmarshal([]byte(c.get(t, client, "/version")), &version); err != nil {
			t.Fatal(err)
		}
		pages[version.Host] = c.get(t, client, "/")
		client.CloseIdleConnections()
		if len(pages) == 2 {
			return pages
		}
	}
	t.Fatalf("only %d replica answers", len(pages))
	return nil
}

func (c *cluster) get(t *testing.T, client *http.Client, path string) string {
	t.Helper()
	resp, err := client.Get(c.endpoint + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// serves tells whether every replica shows the text.
func (c *cluster) serves(t *testing.T, text string) {
	t.Helper()
	for host, page := range c.pages(t) {
		if !strings.Contains(page, text) {
			t.Errorf("%s does not show %q", host, text)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
