package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/local"
)

// without runs a command line on a machine that has no engine.
func without(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "docker.sock"))
	env := map[string]string{"HOME": dir}
	var out, err bytes.Buffer
	code = Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &err}, func(k string) string { return env[k] })
	return code, out.String(), err.String()
}

func TestFaultsOfLocalCommandsHaveTheRightExitCodeAndCure(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want []string
	}{
		{"local up --managers 0 --workers 99", exitUsage, []string{"--managers", "--workers", "no Docker engine answers", "hint: start Docker"}},
		{"local up", exitFailed, []string{"no Docker engine answers", "hint: start Docker"}},
		{"local down", exitFailed, []string{"no Docker engine answers"}},
		{"local ls", exitFailed, []string{"no Docker engine answers"}},
		{"local stop local-1", exitFailed, []string{"no Docker engine answers"}},
		{"local start local-1", exitFailed, []string{"no Docker engine answers"}},
		{"local down --name ../../x", exitUsage, []string{"--name: must be"}},
		{"local start --name / local-1", exitUsage, []string{"--name: must be"}},
		{"local stop", exitUsage, []string{"takes one node's name", "swarmctl local ls"}},
		{"local start a b", exitUsage, []string{"takes one node's name"}},
		{"local up extra", exitUsage, []string{`unknown argument "extra"`}},
		{"local up --manager 3", exitUsage, []string{"unknown flag"}},
		{"local up --probe-interval soon", exitUsage, []string{`--probe-interval: must be a duration like 90s or 5m, got "soon"`}},
		{"local up -o yaml", exitUsage, []string{"text or json"}},
	} {
		code, stdout, stderr := without(t, strings.Fields(c.args)...)
		if code != c.code {
			t.Errorf("%s: exit %d, want %d: %s", c.args, code, c.code, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: standard error lacks %q:\n%s", c.args, want, stderr)
			}
		}
		if stdout != "" {
			t.Errorf("%s: standard output has %q", c.args, stdout)
		}
	}
}

func TestNextStepsNameAClusterThatIsNotTheDefault(t *testing.T) {
	inv := inventory.Inventory{Name: "lab", Endpoint: "http://127.0.0.1:9000", Nodes: []inventory.Node{{Name: "lab-1", Role: inventory.Manager, Address: "10.213.0.11"}}}
	text := localUpText(inv, local.Options{Dir: "/state/lab", Bare: true})
	for _, want := range []string{"http://127.0.0.1:9000\n", "swarmctl -t local:lab up", "swarmctl -t local:lab deploy", "ssh -F /state/lab/ssh_config lab-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
	inv.Name = "local"
	if text := localUpText(inv, local.Options{}); strings.Contains(text, "-t local") {
		t.Errorf("the default cluster is named:\n%s", text)
	}
}
