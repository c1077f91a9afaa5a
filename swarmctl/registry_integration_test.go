//go:build integration

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// TestRegistry is a stack whose image is kept by a registry with TLS and
// passwords, on one swarm of three machines, in order.
func TestRegistry(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	m.app("1")
	r := newTestRegistry(m)
	m.write("compose.yaml", strings.Replace(m.read("compose.yaml"), "image: shop/web", "image: "+r.host+"/shop/web:1", 1))
	for _, step := range []struct {
		name string
		run  func(*testing.T, *testRegistry)
	}{
		{"wrong credentials change nothing", wrongCredentials},
		{"pushed, and deployed by digest", pushedAndDeployed},
		{"steps of their own deploy what was pushed", deployedInSteps},
		{"after a password has changed and the registry has gone, a node is lost", nodeLost},
		{"a new node gets the image with the next deploy", newNodeGetsTheImage},
		{"a machine of the swarm builds", builtOnANode},
		{"a node that lost its image gets it from another", imageFromAnotherNode},
		{"a rollback brings the image to a node that never had it", rolledBackOnNewNode},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			again := *r
			again.m = m.in(t)
			step.run(t, &again)
		})
		if !ok {
			return
		}
	}
}

// everything is the version of every object of the swarm.
func (m *machines) everything() string {
	m.t.Helper()
	versions := m.versions()
	nodes, err := m.manager().NodeList(context.Background(), swarm.NodeListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, n := range nodes {
		versions["node "+n.Description.Hostname] = n.Version.Index
	}
	return fmt.Sprint(versions)
}

// deployAs deploys with a password from standard input.
func (r *testRegistry) deployAs(password string, args ...string) result {
	r.m.t.Helper()
	cmd := r.m.command(append([]string{"deploy", "--registry-user", registryUser, "--registry-password-stdin"}, args...)...)
	cmd.Stdin = strings.NewReader(password + "\n")
	got := finish(r.m.t, cmd)
	if text := got.stdout + got.stderr; strings.Contains(text, password) {
		r.m.t.Errorf("the output has the password:\n%s", text)
	}
	return got
}

func wrongCredentials(t *testing.T, r *testRegistry) {
	before := r.m.everything()
	r.m.expect(1, r.deployAs("swordfish"), "log in: registry "+r.host+" as user "+registryUser, "hint: see that user and password are right")
	r.m.expect(1, r.loggedIn("swordfish").run("deploy"), "registry "+r.host+" as user "+registryUser)
	r.m.expect(1, r.m.with("DOCKER_CONFIG="+t.TempDir()).run("deploy"), "push image "+r.host+"/shop/web:1: registry "+r.host+" without credentials")
	if after := r.m.everything(); after != before {
		t.Errorf("versions went from %s to %s", before, after)
	}
}

func pushedAndDeployed(t *testing.T, r *testRegistry) {
	got := r.deployAs("first", "--progress", "json")
	r.m.expect(0, got, "pushing to registry "+r.host+" as user "+registryUser, "has the image, pulled in", "release 1 deployed")
	want := r.host + "/shop/web@" + r.digest("shop/web:1", "first")
	if image := r.m.image(); image != want {
		t.Errorf("%s runs, want %s", image, want)
	}
	r.m.serves("version 1")

	before := r.m.everything()
	r.m.expect(0, r.loggedIn("first").run("deploy"), "no change")
	if after := r.m.everything(); after != before {
		t.Errorf("versions went from %s to %s", before, after)
	}
}

// deployedInSteps is what a pipeline does, a command for each stage.
func deployedInSteps(t *testing.T, r *testRegistry) {
	r.m.app("2")
	r.m.write("compose.yaml", strings.Replace(r.m.read("compose.yaml"), "image: shop/web", "image: "+r.host+"/shop/web:2", 1))
	m := r.loggedIn("first")
	m.must("build", "--images", "images.json")
	m.expect(2, m.run("deploy", "--images", "images.json"), "was built and not pushed")
	m.expect(0, m.run("push", "--images", "images.json"), "web="+r.host+"/shop/web@sha256:")
	// What is there by now under the tag is not what was built above.
	m.app("other")
	m.write("compose.yaml", strings.Replace(r.m.read("compose.yaml"), "image: shop/web", "image: "+r.host+"/shop/web:2", 1))
	noEngine := m.with("DOCKER_HOST=unix://" + filepath.Join(t.TempDir(), "none.sock"))
	m.expect(7, noEngine.run("plan", "--images", "images.json", "--detailed-exitcode"), r.digest("shop/web:2", "first"))
	noEngine.must("deploy", "--images", "images.json")
	m.serves("version 2")
}

func nodeLost(t *testing.T, r *testRegistry) {
	r.password("second")
	before := r.m.versions()
	r.m.expect(1, r.loggedIn("first").run("deploy"), "log in: registry "+r.host+" as user "+registryUser)
	if after := r.m.versions(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("versions went from %v to %v", before, after)
	}
	r.stop()
	ref := r.m.image()
	dead := r.m.status().Services[0].Tasks[0].Node
	r.m.must("local", "stop", "--name", r.m.name, dead)
	took := eventually(t, 90*time.Second, "two replicas on the living nodes", func() bool { return r.m.livingReplicas(dead) == 2 })
	t.Logf("%s was lost; its task runs elsewhere after %s", dead, took.Round(time.Second))
	r.m.serves("version 2")
	r.m.expect(0, r.loggedIn("first").run("deploy", "--skip-down", "--image", ref), "no change")
	r.start()
	r.m.must("local", "start", "--name", r.m.name, dead)
	eventually(t, time.Minute, "ready again", func() bool {
		for _, n := range r.m.status().Nodes {
			if n.Status != "ready" {
				return false
			}
		}
		return true
	})
}

func newNodeGetsTheImage(t *testing.T, r *testRegistry) {
	r.m.must("local", "up", "--name", r.m.name, "--workers", "1")
	nodes := r.m.target().Swarm()
	joined := nodes[len(nodes)-1]
	ref, before := r.m.image(), r.m.versions()
	r.m.expect(1, r.deployAs("second", "--image", ref), "node "+joined.Name+": pull "+ref+": registry "+r.host+" as user "+registryUser,
		"x509", "/etc/docker/certs.d/"+r.host+"/ca.crt")
	r.trustedBy(joined)
	has := func() bool {
		found, err := engine.HasImage(context.Background(), r.m.engineOf(joined), ref)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if has() {
		t.Fatalf("%s has the image already", joined.Name)
	}
	r.m.expect(0, r.deployAs("second", "--image", r.host+"/shop/web:2"), "node "+joined.Name+": has the image", "no change")
	if !has() {
		t.Errorf("%s has no image", joined.Name)
	}
	if after := r.m.versions(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("versions went from %v to %v", before, after)
	}
}

// builtOnANode: the machine that deploys has no engine.
func builtOnANode(t *testing.T, r *testRegistry) {
	r.m.app("3")
	node := r.m.target().Swarm()[1].Name
	m := r.loggedIn("second").with("DOCKER_HOST=unix://"+filepath.Join(t.TempDir(), "none.sock"), "XDG_CACHE_HOME="+t.TempDir())
	m.expect(0, m.run("deploy", "--builder", "node:"+node, "--registry", r.host+"/team"), "building on "+node)
	want := r.host + "/team/shop/web@" + r.digest("team/shop/web:latest", "second")
	if image := m.image(); image != want {
		t.Errorf("%s runs, want %s", image, want)
	}
	m.serves("version 3")

	m.app("4")
	m.must("build", "--builder", "node:"+node, "--images", "images.json")
	m.must("push", "--images", "images.json")
	m.must("deploy", "--images", "images.json")
	if image := m.image(); !strings.HasPrefix(image, "127.0.0.1:5555/shop/web@sha256:") {
		t.Errorf("%s runs, want one that was handed over", image)
	}
	m.serves("version 4")
}

func imageFromAnotherNode(t *testing.T, r *testRegistry) {
	ref := r.m.image()
	running := map[string]bool{}
	for _, task := range r.m.status().Services[0].Tasks {
		running[task.Node] = true
	}
	for _, n := range r.m.target().Swarm() {
		if running[n.Name] {
			continue
		}
		if _, err := r.m.engineOf(n).ImageRemove(context.Background(), ref, image.RemoveOptions{Force: true}); err != nil {
			t.Fatal(err)
		}
	}
	m := r.m.with("XDG_CACHE_HOME=" + t.TempDir())
	m.expect(0, m.run("deploy", "--image", ref), "taken from node", "no change")
	for _, n := range m.target().Swarm() {
		if found, err := engine.HasImage(context.Background(), m.engineOf(n), ref); err != nil || !found {
			t.Errorf("%s: has the image: %t, %v", n.Name, found, err)
		}
	}
	var made struct{ Images []struct{ Reference string } }
	text, err := os.ReadFile(filepath.Join(m.dir, "images.json"))
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	if err != nil || len(made.Images) != 1 || made.Images[0].Reference != ref {
		t.Errorf("images.json says %+v, %v; want %s", made, err, ref)
	}
}

func rolledBackOnNewNode(t *testing.T, r *testRegistry) {
	nodes := r.m.target().Swarm()
	joined := nodes[len(nodes)-1].Name
	r.m.expect(1, r.m.with("DOCKER_CONFIG="+t.TempDir()).run("rollback", "--to", "1"),
		"node "+joined+" has no image "+r.host+"/shop/web@sha256:", "node "+joined+": pull ", "without credentials")
	r.m.serves("version 4")
	r.m.expect(0, r.loggedIn("second").run("rollback", "--to", "1"), "node "+joined+": has the image, pulled in")
	r.m.serves("version 1")
}
