//go:build integration

package target

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realPulumi puts the real pulumi command on the PATH, in a project's folder
// with a stack, and returns a way to run it with a standard input.
func realPulumi(t *testing.T) (pulumi func(stdin string, args ...string)) {
	t.Helper()
	name := os.Getenv("PULUMI")
	if name == "" {
		name = "pulumi"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := errors.Join(os.Symlink(path, filepath.Join(dir, "pulumi")), os.Mkdir(filepath.Join(dir, "backend"), 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("PULUMI_HOME", filepath.Join(dir, "home"))
	t.Setenv("PULUMI_BACKEND_URL", "file://"+filepath.Join(dir, "backend"))
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", "tests")
	t.Setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
	project := t.TempDir()
	write(t, filepath.Join(project, "Pulumi.yaml"), "name: yces\nruntime: go\n")
	t.Chdir(project)
	pulumi = func(stdin string, args ...string) {
		t.Helper()
		command := exec.Command("pulumi", append(args, "--non-interactive")...)
		command.Stdin = strings.NewReader(stdin)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	pulumi("", "stack", "init", "dev")
	return pulumi
}

func TestTheRealPulumiGivesSecretsAsTheyWereSet(t *testing.T) {
	pulumi := realPulumi(t)
	values := map[string]string{
		"LINES": "-----BEGIN KEY-----\n\"a\" $b 'c' \\d é\n-----END KEY-----", "NUMBER": "0123", "LONG": strings.Repeat("0123456789abcdef", 4096),
	}
	for name, value := range values {
		pulumi(value, "config", "set", "--secret", "--path", deployKey+"."+name)
	}
	pulumi("x", "config", "set", "--plaintext", "--path", deployKey+".PLAIN")
	pulumi("x", "config", "set", "--secret", "--path", deployKey+".PARENT.child")

	got, err := secretsOf(t, "pulumi:dev").Find(context.Background(), []string{"LINES", "NUMBER", "LONG", "NOT_THERE"})
	if err != nil || len(got) != len(values) {
		t.Errorf("got %d values, %v", len(got), err)
	}
	for name, want := range values {
		if got[name] != want {
			t.Errorf("%s is %.60q, want %.60q", name, got[name], want)
		}
	}
	for name, want := range map[string]string{"PLAIN": "it is not encrypted", "PARENT": "it is a list or a mapping"} {
		if _, err := secretsOf(t, "pulumi:dev").Find(context.Background(), []string{name}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheRealPulumiSaysWhyItCanNotDecrypt(t *testing.T) {
	pulumi := realPulumi(t)
	pulumi("x", "config", "set", "--secret", "--path", deployKey+".A")
	find := func(spec, want, hint string) {
		t.Helper()
		_, err := secretsOf(t, spec).Find(context.Background(), []string{"A"})
		var h interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &h) || !strings.Contains(h.Hint(), hint) {
			t.Errorf("%s: got %v with hint %v; want %q and %q", spec, err, h, want, hint)
		}
	}
	find("pulumi:gone", "no stack named 'gone' found", "`pulumi stack ls`")
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
	find("pulumi:dev", "incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE")
	t.Chdir(t.TempDir())
	find("pulumi:dev", "pass the fully qualified name", "the folder that holds Pulumi.yaml")
}
