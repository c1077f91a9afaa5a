package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePulumi puts a pulumi command on the PATH that answers with a text and a
// status, and keeps its arguments.
func fakePulumi(t *testing.T, stdout, stderr, status string) (arguments func() string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "out"), stdout)
	write(t, filepath.Join(dir, "err"), stderr)
	script := "#!/bin/sh\nprintf '%s ' \"$@\" >" + dir + "/args\n/bin/cat " + dir + "/out\n/bin/cat " + dir + "/err >&2\nexit " + status + "\n"
	if err := os.WriteFile(filepath.Join(dir, "pulumi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return func() string {
		text, err := os.ReadFile(filepath.Join(dir, "args"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

func TestAStacksInventoryIsAskedOfPulumi(t *testing.T) {
	arguments := fakePulumi(t, strings.Replace(inventoryText, "NAME", "yces-dev", 1), "", "0")
	got, err := Load(context.Background(), "pulumi:acme/yces/dev", environment())
	if err != nil || got.Name != "yces-dev" || got.Nodes[0].Address != "10.0.0.1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := "stack output inventory --json --stack acme/yces/dev --non-interactive --color never "; arguments() != want {
		t.Errorf("ran pulumi %s, want %s", arguments(), want)
	}
}

// The texts are those of pulumi 3.192.
func TestWhatPulumiRefusesComesWithACure(t *testing.T) {
	for said, want := range map[string]string{
		"error: current stack does not have output property 'inventory'\n":                                  "`pulumi up --stack dev`",
		"error: no stack named 'dev' found\n":                                                               "`pulumi stack ls`",
		"error: if you're using the --stack flag, pass the fully qualified name (organization/project/s)\n": "the folder that holds Pulumi.yaml",
		"error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n":            "`pulumi login`",
		"error: constructing secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE\n":       "set PULUMI_CONFIG_PASSPHRASE",
		"error: something else\n": "`pulumi stack output --stack dev` says the same",
	} {
		fakePulumi(t, "", said, "255")
		_, err := Load(context.Background(), "pulumi:dev", environment())
		var h interface{ Hint() string }
		if !errors.Is(err, ErrInvalid) || !errors.As(err, &h) || !strings.Contains(h.Hint(), want) {
			t.Errorf("%q: got %v", said, err)
			continue
		}
		if text := strings.TrimSuffix(strings.TrimPrefix(said, "error: "), "\n"); err.Error() != `read stack "dev": `+text {
			t.Errorf("%q became %q", said, err)
		}
	}
}

func TestAStackIsNotReadWithoutPulumi(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Load(context.Background(), "pulumi:dev", environment())
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "the pulumi command is not installed") {
		t.Errorf("got %v", err)
	}
}

func TestNamesThatAreNoStacksNeverReachPulumi(t *testing.T) {
	fakePulumi(t, strings.Replace(inventoryText, "NAME", "x", 1), "", "0")
	for _, spec := range []string{"pulumi:", "pulumi:--help", "pulumi:a b", "pulumi:a/b/c/d"} {
		if _, err := Load(context.Background(), spec, environment()); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "not a stack's name") {
			t.Errorf("%s: got %v", spec, err)
		}
	}
}

func TestAnOutputThatIsNoInventoryNamesItsFaults(t *testing.T) {
	fakePulumi(t, `{"name": "a b", "nodes": []}`, "", "0")
	_, err := Load(context.Background(), "pulumi:dev", environment())
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `output "inventory" of stack "dev": inventory has 2 faults`) {
		t.Errorf("got %v", err)
	}
}

func TestAnEndedContextEndsTheQuestion(t *testing.T) {
	fakePulumi(t, "", "", "0")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, "pulumi:dev", environment()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
