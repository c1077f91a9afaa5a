//go:build integration

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/command/stack/loader"
	"github.com/docker/cli/cli/command/stack/options"
	stack "github.com/docker/cli/cli/command/stack/swarm"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/pflag"
)

// TestSpecsEqualThoseOfDockerStackDeploy deploys one file with docker's own
// code and with ours, and compares what the swarm stored.
func TestSpecsEqualThoseOfDockerStackDeploy(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "--managers", "1")
	m.app("1")
	// An image of its own: other tests build theirs at the same time.
	m.write("compose.yaml", strings.Replace(m.read("compose.yaml"), "image: shop/web", "image: shop/wide", 1))
	m.must("plan") // makes the image
	for _, name := range []string{"compose.yaml", "site.conf", "key"} {
		text, err := os.ReadFile(filepath.Join("testdata", "wide", name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(name, string(text))
	}

	m.dockerStackDeploy("wide")
	theirs := m.specs()
	m.must("down", "--yes")
	m.must("deploy")
	ours := m.specs()
	if len(theirs) != 2 || len(ours) != 2 {
		t.Fatalf("docker made %d services and swarmctl %d, want 2", len(theirs), len(ours))
	}
	for name := range theirs {
		if ours[name] != theirs[name] {
			t.Errorf("%s: docker stack deploy's lines, then swarmctl's:\n%s", name, firstDifference(theirs[name], ours[name]))
		}
	}
	if r := m.must("deploy"); !strings.Contains(r.stderr, "no change") {
		t.Errorf("the second deploy says:\n%s", r.stderr)
	}
}

// dockerStackDeploy is `docker stack deploy`, by its own code.
func (m *machines) dockerStackDeploy(name string) {
	m.t.Helper()
	cli, err := command.NewDockerCli(command.WithAPIClient(m.manager()), command.WithCombinedStreams(os.Stderr))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cli.Initialize(flags.NewClientOptions()); err != nil {
		m.t.Fatal(err)
	}
	opts := &options.Deploy{Composefiles: []string{filepath.Join(m.dir, "compose.yaml")}, Namespace: name, ResolveImage: stack.ResolveImageNever, Detach: true} //nolint:staticcheck // docker's own code is what we compare with
	config, err := loader.LoadComposefile(cli, *opts)                                                                                                           //nolint:staticcheck // docker's own code is what we compare with
	if err != nil {
		m.t.Fatal(err)
	}
	if err := stack.RunDeploy(context.Background(), cli, pflag.NewFlagSet("", pflag.ContinueOnError), opts, config); err != nil { //nolint:staticcheck // docker's own code is what we compare with
		m.t.Fatal(err)
	}
}

var (
	digest      = regexp.MustCompile(`127\.0\.0\.1:5555/shop/wide@sha256:[0-9a-f]{64}`)
	contentHash = regexp.MustCompile(`(wide_(?:site|key))-[0-9a-f]{12}`)
)

// specs are the stored specs as text, less what differs on purpose: the image
// by its digest, and names of configs and secrets that follow their content.
func (m *machines) specs() map[string]string {
	m.t.Helper()
	ctx, docker := context.Background(), m.manager()
	services, err := docker.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	networks, err := docker.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	names := map[string]string{}
	for _, n := range networks {
		names[n.ID] = n.Name
	}
	specs := map[string]string{}
	for _, s := range services {
		for i, n := range s.Spec.TaskTemplate.Networks {
			s.Spec.TaskTemplate.Networks[i].Target = names[n.Target]
		}
		for _, c := range s.Spec.TaskTemplate.ContainerSpec.Configs {
			c.ConfigID = ""
		}
		for _, c := range s.Spec.TaskTemplate.ContainerSpec.Secrets {
			c.SecretID = ""
		}
		text, err := json.MarshalIndent(s.Spec, "", " ")
		if err != nil {
			m.t.Fatal(err)
		}
		specs[s.Spec.Name] = contentHash.ReplaceAllString(digest.ReplaceAllString(string(text), "shop/wide:latest"), "$1")
	}
	return specs
}

// firstDifference is where two texts part, with a few lines of each.
func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	at := 0
	for at < len(left) && at < len(right) && left[at] == right[at] {
		at++
	}
	few := func(lines []string) string { return strings.Join(lines[at:min(at+6, len(lines))], "\n") }
	return few(left) + "\n----\n" + few(right)
}
