//go:build integration

package harness

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script runs one of the scripts of .ci in dir and returns its exit code and output.
func script(t *testing.T, dir, name string, env []string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(root(t), ".ci", name), args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// stub puts a swarmctl into a folder that tells how it was called.
func stub(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(write(t, filepath.Join(dir, "bin", "swarmctl"), "#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

const tells = `echo "args: $*"; echo "target: $SWARMCTL_TARGET"; echo "env: $(env | grep -c hunter22)"; [ "$1" = build ] || echo "stdin: $(cat)"; exit 3`

func TestRegistryPasswordGoesByStandardInput(t *testing.T) {
	env := []string{"REGISTRY_USER=ann", "REGISTRY_PASSWORD=hunter22", "INVENTORY=/tmp/inventory.json"}
	for _, verb := range []string{"push", "deploy"} {
		code, out := script(t, stub(t, tells), "swarm", env, verb, "--images", "x")
		for _, want := range []string{"args: " + verb + " --registry-user ann --registry-password-stdin --images x\n", "target: /tmp/inventory.json\n", "env: 0\n", "stdin: hunter22\n"} {
			if code != 3 || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, want 3 and %q:\n%s", verb, code, want, out)
			}
		}
	}
	code, out := script(t, stub(t, tells), "swarm", append(env, "TARGET=/tmp/other.json"), "build")
	if code != 3 || out != "args: build\ntarget: /tmp/other.json\nenv: 0\n" {
		t.Errorf("build: exit code %d:\n%s", code, out)
	}
}

func TestOnlyWhatTheBuildReleasedIsTakenBack(t *testing.T) {
	dir := stub(t, `if [ "$1" = releases ]; then cat now; else echo "args: $*"; fi`)
	write(t, filepath.Join(dir, "now"), "release 2")
	for _, c := range []struct {
		before string
		want   int
	}{{"", 1}, {"release 2", 1}, {"release 1", 0}} {
		if c.before != "" {
			write(t, filepath.Join(dir, "out", "releases-before.json"), c.before)
		}
		code, out := script(t, dir, "swarm", nil, "undo")
		if code != c.want || strings.Contains(out, "args: rollback") != (c.want == 0) {
			t.Errorf("before: %q: exit code %d, want %d:\n%s", c.before, code, c.want, out)
		}
	}
}

func TestVulnerabilitiesAreFoundOrSaidNotToBeLookedFor(t *testing.T) {
	known := database(t)
	write(t, filepath.Join(known, "index", "modules.json"), `[{"path":"stdlib","vulns":[{"id":"GO-2025-0001","modified":"2025-01-01T00:00:00Z"}]}]`)
	write(t, filepath.Join(known, "index", "vulns.json"), `[{"id":"GO-2025-0001","modified":"2025-01-01T00:00:00Z"}]`)
	entry, err := json.Marshal(map[string]any{
		"id": "GO-2025-0001", "modified": "2025-01-01T00:00:00Z", "published": "2025-01-01T00:00:00Z", "schema_version": "1.3.1", "summary": "made up", "details": "made up",
		"database_specific": map[string]any{"url": "https://example.org/GO-2025-0001"},
		"affected": []any{map[string]any{
			"package":            map[string]any{"name": "stdlib", "ecosystem": "Go"},
			"ranges":             []any{map[string]any{"type": "SEMVER", "events": []any{map[string]any{"introduced": "0"}}}},
			"ecosystem_specific": map[string]any{"imports": []any{map[string]any{"path": "encoding/json"}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(known, "ID", "GO-2025-0001.json"), string(entry))
	for name, c := range map[string]struct {
		database, says string
		code           int
	}{
		"none":        {"file://" + database(t), "No vulnerabilities found", 0},
		"one":         {"file://" + known, "GO-2025-0001", 3},
		"unreachable": {"http://127.0.0.1:9", "NOTHING WAS LOOKED FOR", 4},
	} {
		code, out := script(t, root(t), "vulnerabilities.sh", []string{"GOVULNDB=" + c.database, "PACKAGES=./provision/inventory"})
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", name, code, c.code, c.says, out)
		}
	}
}

func TestScriptsAreSoundShell(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(root(t), ".ci", "*.sh"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("shellcheck", append(scripts, filepath.Join(root(t), ".ci", "swarm"), filepath.Join(root(t), ".ci", "run"))...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
