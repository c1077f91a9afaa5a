//go:build integration

// Package harness runs the Jenkinsfile without a Jenkins: the Groovy programs in
// groovy/ check it strictly and execute it, the tests here drive them.
package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scm is what is checked out: Jenkins calls the variable so.
type scm struct {
	URL    string `json:"url"`
	Branch string `json:"branch"`
	// Ref is the branch to fetch where Branch is Jenkins' name for a pull request.
	Ref    string `json:"ref,omitempty"`
	Commit string `json:"commit"`
	// Change is the number of a pull request.
	Change string `json:"change,omitempty"`
}

// credential is an entry of Jenkins' store.
type credential struct {
	Kind     string `json:"kind"`
	Secret   string `json:"secret,omitempty"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Name     string `json:"name,omitempty"`
	Content  string `json:"content,omitempty"`
	Key      string `json:"key,omitempty"`
}

// settings are what the harness reads on standard input.
type settings struct {
	Jenkinsfile string `json:"jenkinsfile"`
	// Check names Jenkinsfiles that are checked and not run.
	Check []string `json:"check,omitempty"`
	// AnyStages leaves out what this project asks of its Jenkinsfile.
	AnyStages   bool                  `json:"anyStages,omitempty"`
	Credentials map[string]credential `json:"credentials"`
	Environment map[string]string     `json:"environment"`
	Params      map[string]string     `json:"params"`
	SCM         scm                   `json:"scm"`
	Job         string                `json:"job"`
	Number      int                   `json:"number"`
	URL         string                `json:"url"`
	Previous    string                `json:"previous,omitempty"`
	Workspace   string                `json:"workspace"`
	Archive     string                `json:"archive"`
	Locks       string                `json:"locks"`
	Summary     string                `json:"summary"`
}

// outcome is what a run came to.
type outcome struct {
	code    int
	console string
	Result  string
	Stages  []struct {
		Name, Status string
		Milliseconds int
	}
	Mails    []struct{ To, Subject, Body string }
	Archived []string
	Locks    []string
	Tests    *struct{ Total, Failed, Skipped int }
	Coverage *struct{ Statements, Covered int }
	// Leaks counts lines of the console that held a secret before it was masked.
	Leaks int
	// archive is the folder of what was archived.
	archive string
}

// newSettings are those of a build in folders of its own.
func newSettings(t *testing.T, jenkinsfile string) settings {
	t.Helper()
	dir := t.TempDir()
	return settings{
		Jenkinsfile: jenkinsfile, Job: "yces", Number: 1, URL: "https://jenkins.example",
		SCM:       scm{Branch: "main"},
		Workspace: filepath.Join(dir, "workspace"), Archive: filepath.Join(dir, "archive"),
		Locks: filepath.Join(dir, "locks"), Summary: filepath.Join(dir, "summary.json"),
		Credentials: map[string]credential{}, Params: map[string]string{},
		Environment: map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")},
	}
}

// harness runs the Groovy programs; what they say goes to echo as well.
func harness(t *testing.T, s settings, echo io.Writer) outcome {
	t.Helper()
	input, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs("groovy")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("groovy", "-cp", folder, filepath.Join(folder, "harness.groovy"))
	cmd.Env = append(os.Environ(), "JAVA_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "JAVA_HOME="+javaHome(t))
	cmd.Stdin = bytes.NewReader(input)
	var console bytes.Buffer
	cmd.Stdout = io.MultiWriter(&console, echo)
	cmd.Stderr = cmd.Stdout
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), console: console.String(), archive: s.Archive}
	if s.Check != nil {
		return o
	}
	if _, err := os.Stat(s.Summary); err != nil {
		t.Fatalf("the harness did not come to an end:\n%s", o.console)
	}
	if err := json.Unmarshal([]byte(read(t, s.Summary)), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// javaHome is that of the java on the PATH: Debian's groovy looks for the
// default one only, and takes another for its dependency.
func javaHome(t *testing.T) string {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		t.Fatal(err)
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(java))
}

// status is how a stage ended; empty when it did not come to it.
func (o outcome) status(stage string) string {
	for _, s := range o.Stages {
		if s.Name == stage {
			return s.Status
		}
	}
	return ""
}

func (o outcome) expect(t *testing.T, result string, stages map[string]string) {
	t.Helper()
	if o.Result != result {
		t.Fatalf("the build is %q, want %s:\n%s", o.Result, result, o.console)
	}
	for stage, want := range stages {
		if got := o.status(stage); got != want {
			t.Errorf("stage %s: %q, want %q\n%s", stage, got, want, o.console)
		}
	}
}

func (o outcome) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.console, text) {
			t.Errorf("the console does not say %q:\n%s", text, o.console)
		}
	}
}

// with are the same settings with more environment.
func (s settings) with(environment map[string]string) settings {
	s.Environment = maps.Clone(s.Environment)
	maps.Copy(s.Environment, environment)
	return s
}

// root is the top of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
