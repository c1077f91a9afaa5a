package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// TestMain lets the scripts run the real main as the command swarmctl.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"swarmctl": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			me, err := user.Current()
			env.Setenv("LOGIN", me.Username)
			// No script may meet the engine or the clusters of who runs the tests.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TZ", "UTC")
			env.Setenv("DOCKER_HOST", "unix://"+filepath.Join(env.WorkDir, "no-engine.sock"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"expand":      expand,
			"sshd":        sshd,
			"keygen":      keygen,
			"machine":     machine,
			"localengine": localengine,
			"onlyread":    onlyread,
		},
	})
}

// exits runs a command that must end with the exit code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// expand replaces $VARIABLES in files: expand FILE….
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// keygen writes a private key to FILE and its public half to FILE.pub and to
// the variable NAME: keygen FILE NAME.
func keygen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keygen FILE NAME")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	ts.Check(err)
	key, err := ssh.NewPublicKey(public)
	ts.Check(err)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pub"), []byte(line+"\n"), 0o600))
	ts.Setenv(args[1], line)
}

// sshd starts OpenSSH's server on this machine, which lets the key in
// `id.pub` in: sshd NAME sets $NAME_PORT and $NAME_KEY.
func sshd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sshd NAME")
	}
	name := args[0]
	keygen(ts, false, []string{name + "_host", name + "_KEY"})
	port := freePort(ts)
	config := fmt.Sprintf("ListenAddress 127.0.0.1:%s\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n",
		port, ts.MkAbs(name+"_host"), ts.MkAbs("id.pub"))
	ts.Check(os.WriteFile(ts.MkAbs(name+"_config"), []byte(config), 0o600))
	ts.Check(os.MkdirAll("/run/sshd", 0o755)) // where its unprivileged half lives
	log, err := os.Create(ts.MkAbs(name + "_log"))
	ts.Check(err)
	cmd := exec.Command(sshdPath(ts), "-D", "-e", "-f", ts.MkAbs(name+"_config"))
	cmd.Stderr = log
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	})
	await(ts, "127.0.0.1:"+port)
	ts.Setenv(name+"_PORT", port)
}

func sshdPath(ts *testscript.TestScript) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		if path := filepath.Join(dir, "sshd"); isFile(path) {
			return path // sshd wants to be called by its full path
		}
	}
	ts.Fatalf("sshd is missing: apt-get install openssh-server")
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func freePort(ts *testscript.TestScript) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	return port
}

func await(ts *testscript.TestScript, addr string) {
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("nothing listens on %s", addr)
}
