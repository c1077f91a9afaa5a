package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reply is what a pulumi command prints, and how it ends.
type reply struct{ stdout, stderr, status string }

// The texts are those of pulumi 3.192.
func encrypted(value string) reply {
	return reply{stdout: fmt.Sprintf("{\n  \"value\": %q,\n  \"secret\": true\n}\n", value)}
}

var notThere = reply{stderr: "error: configuration key 'deploySecrets.X' not found for stack 'dev'", status: "255"}

// fakeConfig puts a pulumi command on the PATH that answers `config get` by the
// variable, and returns the commands that were run, sorted.
func fakeConfig(t *testing.T, replies map[string]reply) (commands func() []string) {
	t.Helper()
	dir := t.TempDir()
	for name, r := range replies {
		key := filepath.Join(dir, "yces:deploySecrets."+name)
		write(t, key+".out", r.stdout)
		write(t, key+".err", r.stderr)
		write(t, key+".status", firstOf(r.status, "0"))
	}
	script := "#!/bin/sh\nk=" + dir + "/$4\necho \"$*\" >\"$k.args\"\n/bin/cat \"$k.out\"\n/bin/cat \"$k.err\" >&2\nread s <\"$k.status\"\nexit $s\n"
	if err := os.WriteFile(filepath.Join(dir, "pulumi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "*.args"))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.TrimSpace(string(text)))
		}
		slices.Sort(all)
		return all
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func secretsOf(t *testing.T, spec string) Secrets {
	t.Helper()
	s, ok := SecretsOf(spec)
	if !ok {
		t.Fatalf("%s has no secrets", spec)
	}
	return s
}

func TestOnlyStacksHaveSecrets(t *testing.T) {
	for _, spec := range []string{"local", "local:lab", "inv.json", "pulumi"} {
		if s, ok := SecretsOf(spec); ok {
			t.Errorf("%s has the secrets %v", spec, s)
		}
	}
}

func TestSecretsAreAskedOfPulumiOneByOne(t *testing.T) {
	commands := fakeConfig(t, map[string]reply{"A": encrypted("one\ntwo \"three\"\n"), "B": notThere, "C": encrypted("12")})
	got, err := secretsOf(t, "pulumi:acme/yces/dev").Find(context.Background(), []string{"A", "B", "C"})
	if err != nil || len(got) != 2 || got["A"] != "one\ntwo \"three\"\n" || got["C"] != "12" {
		t.Errorf("got %q, %v", got, err)
	}
	const command = "config get --path yces:deploySecrets.%s --json --stack acme/yces/dev --non-interactive --color never"
	if want := []string{fmt.Sprintf(command, "A"), fmt.Sprintf(command, "B"), fmt.Sprintf(command, "C")}; !slices.Equal(commands(), want) {
		t.Errorf("ran pulumi %q", commands())
	}
}

func TestDiagnosticsAfterAValueAreNoPartOfIt(t *testing.T) {
	r := encrypted("a")
	r.stdout += "\nEnvironment diagnostics:\nwarning: something\n"
	fakeConfig(t, map[string]reply{"A": r})
	if got, err := secretsOf(t, "pulumi:dev").Find(context.Background(), []string{"A"}); err != nil || got["A"] != "a" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWhatCanNotBeASecretIsRefusedWithoutBeingShown(t *testing.T) {
	for _, c := range []struct {
		reply      reply
		want, hint string
	}{
		{reply{stdout: `{"value": "hunter2", "secret": false}`}, "read yces:deploySecrets.A of stack \"dev\": it is not encrypted", "`pulumi config set --secret --path 'yces:deploySecrets.A' --stack dev` encrypts it"},
		{reply{stdout: `{"value": "{\"x\":\"hunter2\"}", "objectValue": {"x": "hunter2"}, "secret": true}`}, "it is a list or a mapping, not a text", "asks for a text"},
		{reply{stdout: "hunter2\n"}, "is not what `pulumi config get --json` prints", ""},
		{reply{stdout: "hunter2\n", stderr: "error: could not decrypt configuration value: incorrect passphrase", status: "255"}, "read yces:deploySecrets.A of stack \"dev\": could not decrypt configuration value: incorrect passphrase", "set PULUMI_CONFIG_PASSPHRASE"},
		{reply{stderr: "error: no Pulumi.yaml project file found (searching upwards from /x)", status: "255"}, "no Pulumi.yaml project file found", "the folder that holds Pulumi.yaml"},
	} {
		fakeConfig(t, map[string]reply{"A": c.reply})
		_, err := secretsOf(t, "pulumi:dev").Find(context.Background(), []string{"A"})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
			t.Errorf("%+v: got %v, want %s", c.reply, err, c.want)
			continue
		}
		var h interface{ Hint() string }
		if hinted := errors.As(err, &h); hinted != (c.hint != "") || hinted && !strings.Contains(h.Hint(), c.hint) {
			t.Errorf("%s: got the hint %v, want %q", c.want, h, c.hint)
		}
	}
}

func TestOneCauseOfManyFaultsIsToldOnce(t *testing.T) {
	locked := reply{stderr: "error: passphrase must be set", status: "255"}
	fakeConfig(t, map[string]reply{"A": locked, "B": locked, "C": {stdout: `{"value": "x"}`}, "D": {stdout: `{"value": "x"}`}})
	_, err := secretsOf(t, "pulumi:dev").Find(context.Background(), []string{"A", "B", "C", "D"})
	want := `read yces:deploySecrets.A of stack "dev": passphrase must be set
read yces:deploySecrets.C of stack "dev": it is not encrypted
read yces:deploySecrets.D of stack "dev": it is not encrypted`
	if err == nil || err.Error() != want || !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAMissingSecretComesWithTheCommandThatSetsIt(t *testing.T) {
	got := secretsOf(t, "pulumi:dev").Missing("A")
	want := "stack \"dev\" has no yces:deploySecrets.A either; `pulumi config set --secret --path 'yces:deploySecrets.A' --stack dev` asks for it"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnEndedContextEndsTheSearch(t *testing.T) {
	fakeConfig(t, map[string]reply{"A": encrypted("a")})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := secretsOf(t, "pulumi:dev").Find(ctx, []string{"A"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
