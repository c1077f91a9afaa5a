package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRunReturnsWhatTheCommandDid(t *testing.T) {
	c := newFixture(t).conn(t)
	for name, tt := range map[string]struct {
		cmd  Command
		want Result
	}{
		"both outputs": {Command{Shell: "echo out; echo err >&2"}, Result{Stdout: "out\n", Stderr: "err\n"}},
		"words":        {Command{Args: []string{"printf", "%s|", "a b", "it's", "$HOME", "", "*"}}, Result{Stdout: "a b|it's|$HOME||*|"}},
		"input":        {Command{Args: []string{"cat"}, Stdin: strings.NewReader("secret")}, Result{Stdout: "secret"}},
		"unread input": {Command{Args: []string{"true"}, Stdin: endless{}}, Result{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Run(testContext(t), tt.cmd)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// endless is an input that is always ready and never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestFailedCommandIsNamedWithoutItsInput(t *testing.T) {
	f := newFixture(t)
	res, err := f.conn(t).Run(testContext(t), Command{Name: "install", Args: []string{"sh", "-s"}, Stdin: strings.NewReader("echo token-123 >/dev/null; for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 3")})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || res.Code != 3 {
		t.Fatalf("got %v, want exit code 3", err)
	}
	want := fmt.Sprintf("run install on %q: exit code 3: line 3\nline 4\nline 5\nline 6\nline 7", f.node().Name)
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestLinesComeAsTheyArePrinted(t *testing.T) {
	c := newFixture(t).conn(t)
	lines := make(chan string, 3)
	ended := make(chan error, 1)
	in, feed := io.Pipe()
	go func() {
		_, err := c.Run(testContext(t), Command{Shell: "echo one; read x; echo two >&2; printf three", Stdin: in, Line: func(s string) { lines <- s }})
		ended <- err
	}()
	if got := <-lines; got != "one" {
		t.Errorf("first line %q", got)
	}
	_, _ = feed.Write([]byte("go on\n"))
	_ = feed.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := []string{<-lines, <-lines}; !slices.Equal(got, []string{"two", "three"}) {
		t.Errorf("got %q", got)
	}
}

func TestSudoOnlyWhereTheUserIsNotRoot(t *testing.T) {
	cmd := Command{Shell: "id -u", Sudo: true}
	if got, want := cmd.text("root", ""), `exec 'sh' '-c' 'id -u'`; got != want {
		t.Errorf("root: got %s, want %s", got, want)
	}
	if got, want := cmd.text("azure", "M=1"), `exec 'sudo' '-n' '--' 'env' 'M=1' 'sh' '-c' 'id -u'`; got != want {
		t.Errorf("user: got %s, want %s", got, want)
	}
}

func TestCancelledCommandEndsOnTheMachine(t *testing.T) {
	c := newFixture(t).conn(t)
	ctx, cancel := context.WithCancel(testContext(t))
	started := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, Command{Shell: "sleep 600 & echo $!; wait", Line: func(s string) { started <- s }})
		ended <- err
	}()
	pid := <-started
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not return")
	}
	for range 50 { // its child, as a shell's apt-get is
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the command still runs")
}

func TestCommandsNeverExceedTheSessionLimit(t *testing.T) {
	f := newFixture(t)
	c := f.conn(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			res, err := c.Run(testContext(t), Command{Args: []string{"echo", strconv.Itoa(i)}})
			if err != nil || res.Stdout != strconv.Itoa(i)+"\n" {
				t.Errorf("command %d: %q, %v", i, res.Stdout, err)
			}
		})
	}
	wg.Wait()
	if n := f.maxSessions.Load(); n > maxCommands || n < 2 {
		t.Errorf("%d sessions at one time, want 2 to %d", n, maxCommands)
	}
}

func TestUploadReplacesTheFileAtOnce(t *testing.T) {
	c := newFixture(t).conn(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "new folder", "it's")
	body := strings.Repeat("0123456789", 100_000)
	if err := c.Upload(testContext(t), strings.NewReader(body), int64(len(body)), path, 0o640, true); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != body {
		t.Fatalf("read back %d bytes, %v", len(got), err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want 0640", info.Mode())
	}
}

func TestShortUploadLeavesTheOldFile(t *testing.T) {
	c := newFixture(t).conn(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := c.Upload(testContext(t), strings.NewReader("half"), 8, path, 0o600, false)
	if err == nil || !strings.Contains(err.Error(), "got 4 of 8 bytes") {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the file now holds %q", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestLostConnectionIsUnreachableNotAnExitCode(t *testing.T) {
	f := newFixture(t)
	c := f.conn(t)
	started := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Run(testContext(t), Command{Shell: "echo up; sleep 5", Line: func(s string) { started <- s }})
		ended <- err
	}()
	<-started
	f.cutAll()
	if err := <-ended; !errors.As(err, new(*UnreachableError)) {
		t.Errorf("got %v, want an UnreachableError", err)
	}
}

// startProxy passes bytes on to addr until it is frozen.
func startProxy(t *testing.T, addr string) (port int, freeze func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	frozen := make(chan struct{})
	pass := func(to, from net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			select {
			case <-frozen:
				return // swallow it; the connection stays open
			default:
			}
			if err != nil {
				return
			}
			_, _ = to.Write(buf[:n])
		}
	}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			go pass(to, from)
			go pass(from, to)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, func() { close(frozen) }
}
