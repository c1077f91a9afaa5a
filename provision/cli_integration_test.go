//go:build integration

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
)

// buildDir is where programs are built; TestMain removes it.
var buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "provision") })

// buildCost is the time and memory that it took: that of a warm cache, since the
// tests' own binary has just been compiled. Makefile prints the file that
// PROVISION_COST names.
func buildCost(begin time.Time, state *os.ProcessState) error {
	path := os.Getenv("PROVISION_COST")
	if path == "" {
		return nil
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("the system does not say what a process used")
	}
	line := fmt.Sprintf("provision: built in %s, %s of CPU; the largest process took %d MiB\n",
		time.Since(begin).Round(time.Second/10), (state.UserTime() + state.SystemTime()).Round(time.Second/10), usage.Maxrss>>10)
	return os.WriteFile(path, []byte(line), 0o600)
}

// build and buildSwarmctl build the two programs, once for all tests.
var (
	build         = sync.OnceValues(func() (string, error) { return buildPackage("provision", ".", buildCost) })
	buildSwarmctl = sync.OnceValues(func() (string, error) { return buildPackage("swarmctl", "../swarmctl", nil) })
)

func buildPackage(name, folder string, cost func(time.Time, *os.ProcessState) error) (string, error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	begin, command := time.Now(), exec.Command("go", "build", "-p", "1", "-ldflags", "-s -w", "-o", path, folder)
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	if cost == nil {
		return path, nil
	}
	return path, cost(begin, command.ProcessState)
}

// keys stands in for machines: each start gives one a new host key.
type keys struct {
	mu   sync.Mutex
	host map[string]string
}

func (k *keys) Start(m cloudmodel.Machine) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, k.host[m.Name] = cloudmodel.NewKey()
	return nil
}

func (k *keys) Stop(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.host, name)
	return nil
}

func (k *keys) Run(name, script string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !strings.Contains(script, "ssh_host_ed25519_key.pub") {
		return "", fmt.Errorf("unexpected script:\n%s", script)
	}
	return k.host[name], nil
}

// pulumiStack is one stack of the real Pulumi.yaml in a backend of its own, on an
// empty world.
type pulumiStack struct {
	t     *testing.T
	world *cloudmodel.World
	keys  *keys
	env   []string
	// project is a folder with copies of Pulumi.yaml and the stack's file,
	// because the CLI writes to the latter.
	project string
	// bin comes first on the PATH.
	bin string
}

const login = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"

// newStack begins with the repository's stack file, completed as an operator does.
func newStack(t *testing.T, file string, config ...string) *pulumiStack {
	t.Helper()
	k := &keys{host: map[string]string{}}
	return newStackOn(t, cloudmodel.New(k), k, file, config...)
}

func newStackOn(t *testing.T, world *cloudmodel.World, k *keys, file string, config ...string) *pulumiStack {
	t.Helper()
	s := &pulumiStack{t: t, world: world, keys: k}
	port, err := world.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.project = filepath.Join(dir, "project")
	if err := os.MkdirAll(filepath.Join(s.project, "provision"), 0o700); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "Pulumi.yaml", filepath.Join(s.project, "Pulumi.yaml"))
	copyFile(t, file, filepath.Join(s.project, "Pulumi.dev.yaml"))
	s.environment(dir, port)
	s.must("stack", "init", "dev")
	for i := 0; i < len(config); i += 2 {
		s.set(config[i], config[i+1])
	}
	return s
}

// copyFile copies one of the repository's files.
func copyFile(t *testing.T, name, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// environment points the CLI to a backend, a home and the model, and to this
// test binary as its language host.
func (s *pulumiStack) environment(dir string, port int) {
	s.t.Helper()
	program, err := build()
	if err != nil {
		s.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.bin = filepath.Join(dir, "bin")
	for _, sub := range []string{s.bin, filepath.Join(dir, "backend"), filepath.Join(dir, "home")} {
		if err := os.Mkdir(sub, 0o700); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.Symlink(self, filepath.Join(s.bin, "pulumi-language-go")); err != nil {
		s.t.Fatal(err)
	}
	s.env = append(os.Environ(),
		"PATH="+s.bin+":"+os.Getenv("PATH"), programVariable+"="+program,
		"PULUMI_BACKEND_URL=file://"+filepath.Join(dir, "backend"), "PULUMI_HOME="+filepath.Join(dir, "home"),
		"PULUMI_CONFIG_PASSPHRASE=tests", "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		fmt.Sprintf("PULUMI_DEBUG_PROVIDERS=azure-native:%d,aws:%d,tls:%d", port, port, port),
	)
}

// cli is the pulumi command that .ci/pulumi pins.
func cli() string {
	if path := os.Getenv("PULUMI"); path != "" {
		return path
	}
	return "pulumi"
}

// try runs pulumi and returns what it printed on standard output, and on both.
func (s *pulumiStack) try(args ...string) (stdout, all string, err error) {
	s.t.Helper()
	var out, failure bytes.Buffer
	command := exec.CommandContext(s.t.Context(), cli(), append(args, "--non-interactive", "--color=never")...)
	command.Dir = s.project
	command.Env = s.env
	command.Stdout, command.Stderr = &out, &failure
	err = command.Run()
	return out.String(), out.String() + failure.String(), err
}

func (s *pulumiStack) must(args ...string) string {
	s.t.Helper()
	out, all, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, all)
	}
	return out
}

// fails runs pulumi and wants it to fail with a text.
func (s *pulumiStack) fails(want string, args ...string) {
	s.t.Helper()
	_, all, err := s.try(args...)
	if err == nil || !strings.Contains(all, want) {
		s.t.Fatalf("pulumi %s: got %v, want %q in\n%s", strings.Join(args, " "), err, want, all)
	}
}

// set configures a value; a path as sshKeys[0] too.
func (s *pulumiStack) set(key, value string) {
	s.t.Helper()
	s.must("config", "set", "--path", "yces:"+key, value)
}

func (s *pulumiStack) up(more ...string) string {
	s.t.Helper()
	return s.must(append([]string{"up", "--yes", "--skip-preview"}, more...)...)
}

func (s *pulumiStack) output(name string, into any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.must("stack", "output", name, "--json")), into); err != nil {
		s.t.Fatal(err)
	}
}
