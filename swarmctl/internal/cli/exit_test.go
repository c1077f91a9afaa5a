package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/maintain"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

func TestEachErrorHasItsExitCodeAndHint(t *testing.T) {
	plain := errors.New("no space left")
	unreachable := &sshconn.UnreachableError{Host: "n1", Addr: "10.0.0.1:22", Err: io.EOF}
	_, noTarget := target.Load(context.Background(), "gone.json", func(string) string { return "" })
	for name, c := range map[string]struct {
		err  error
		code int
		hint string
	}{
		"none":                              {nil, 0, ""},
		"any":                               {plain, 1, ""},
		"a flag":                            {usageError{plain}, 2, ""},
		"a flag, wrapped":                   {fmt.Errorf("x: %w", usageError{plain}), 2, ""},
		"a target":                          {noTarget, 2, "--target takes"},
		"an inventory's fault":              {func() error { _, err := inventory.Parse([]byte("{}")); return err }(), 1, ""}, // target makes it 2
		"a compose file":                    {&stackfile.InvalidError{Files: []string{"a"}, Faults: []string{"b"}}, 2, ""},
		"a stack that is not named":         {unnamedStackError{&stackfile.InvalidError{}}, 2, "--stack"},
		"rolled back":                       {rolledBackError{plain}, 3, ""},
		"timed out and rolled back":         {timedOutError{errTimeout}, 4, "--timeout"},
		"a deadline":                        {fmt.Errorf("x: %w", context.DeadlineExceeded), 4, ""},
		"a drain that takes long":           {maintainError(fmt.Errorf("%w 5m", maintain.ErrSlow), nodeOptions{names: []string{"n1"}}), 4, "`swarmctl node activate n1`"},
		"a removal that takes long":         {maintainError(&maintain.UnfinishedError{Left: []swarm.Node{{ID: "id1"}}, Err: maintain.ErrSlow}, nodeOptions{}), 4, "`swarmctl node rm id1` goes on"},
		"a removal that fails":              {maintainError(&maintain.UnfinishedError{Left: []swarm.Node{{ID: "id1"}}, Err: unreachable}, nodeOptions{}), 6, "`swarmctl node rm id1` goes on"},
		"a dead machine":                    {unreachable, 6, "see that the machine runs"},
		"a wrong host key":                  {&sshconn.HostKeyError{Host: "n1"}, 6, "someone may be listening in"},
		"a refused login":                   {&sshconn.AuthError{Host: "n1"}, 6, "name the key with --identity"},
		"a command that failed":             {&sshconn.ExitError{Host: "n1", Stderr: "E: no disk"}, 1, ""},
		"sudo that asks":                    {&sshconn.ExitError{Host: "n1", Stderr: "sudo: a password is required"}, 1, "NOPASSWD"},
		"no swarm":                          {fmt.Errorf("no manager answers: %w", errors.Join(noManagerError{"n1"})), 1, "`swarmctl up` makes the swarm"},
		"no swarm and a dead machine":       {errors.Join(noManagerError{"n1"}, unreachable), 6, "`swarmctl up`"},
		"differences":                       {differencesError{}, 7, ""},
		"a deploy that was left":            {interruptedError{}, 130, "`swarmctl status` shows how it ends"},
		"an interrupt":                      {fmt.Errorf("x: %w", context.Canceled), 130, ""},
		"preflight, hint of its own":        {preflightError{faults: []error{plain}, hint: "do this"}, 1, "do this"},
		"preflight, hint of a cause":        {preflightError{faults: []error{plain, errors.Join(plain, unreachable)}}, 6, "see that the machine runs"},
		"preflight with nothing to build":   {preflightError{faults: []error{noBuilderError{plain}}}, 1, "start Docker"},
		"joined: a rollback and its record": {errors.Join(rolledBackError{plain}, unreachable), 3, "see that the machine runs"},
	} {
		var out bytes.Buffer
		if got := report(&out, c.err); got != c.code {
			t.Errorf("%s: exit code %d, want %d", name, got, c.code)
		}
		hint := ""
		if _, after, ok := strings.Cut(out.String(), "\nhint: "); ok {
			hint = after
		}
		if (hint == "") != (c.hint == "") || !strings.Contains(hint, c.hint) {
			t.Errorf("%s: hint %q, want %q", name, hint, c.hint)
		}
		if strings.Count(out.String(), "error:") > 1 {
			t.Errorf("%s: printed twice:\n%s", name, out.String())
		}
	}
}

func TestDifferencesAreNoErrorToRead(t *testing.T) {
	var out bytes.Buffer
	if report(&out, differencesError{}); out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}
}

func TestAnInterruptIsNotTheMachinesFault(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	unreachable := &sshconn.UnreachableError{Host: "n1", Addr: "10.0.0.1:22", Err: context.Canceled}
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		code int
		text string
	}{
		"while it was dialled":            {ended, unreachable, 130, "error: interrupted: reach \"n1\" at 10.0.0.1:22: context canceled\n"},
		"a plain error":                   {ended, errors.New("EOF"), 130, "error: interrupted: EOF\n"},
		"one that says so":                {ended, fmt.Errorf("interrupted, run it again"), 130, "error: interrupted, run it again\n"},
		"one that knows what comes next":  {ended, interruptedError{[]string{"service web: working"}}, 130, "error: interrupted; the swarm goes on by itself:\nservice web: working\nhint: "},
		"after everything was taken back": {ended, rolledBackError{errors.New("release 2 was rolled back")}, 3, "error: release 2 was rolled back\n"},
		"after the time was over":         {ended, timedOutError{errTimeout}, 4, "error: the rollout took longer"},
		"too late to matter":              {ended, nil, 0, ""},
		"no interrupt at all":             {context.Background(), unreachable, 6, "error: reach \"n1\""},
	} {
		var out bytes.Buffer
		code := report(&out, interrupted(c.ctx, c.err))
		if code != c.code || !strings.HasPrefix(out.String(), c.text) {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, code, out.String(), c.code, c.text)
		}
	}
}

// muteInventory names a machine that takes connections and says nothing.
func muteInventory(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	path := filepath.Join(t.TempDir(), "inv.json")
	writeFile(t, path, fmt.Sprintf(`{"name": "shop", "nodes": [{"name": "n1", "role": "manager", "address": "127.0.0.1", "port": %d,
		"hostKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"]}]}`, l.Addr().(*net.TCPAddr).Port))
	return path
}

func TestEveryVerbEndsAtOnceWhenInterrupted(t *testing.T) {
	inv := muteInventory(t)
	for _, verb := range []string{"up", "status", "node ls", "logs -s shop", "releases -s shop", "rollback -s shop", "down -s shop --yes"} {
		ctx, interrupt := context.WithCancel(context.Background())
		time.AfterFunc(200*time.Millisecond, interrupt)
		var out, progress bytes.Buffer
		args := append([]string{"-t", inv, "--quiet"}, strings.Fields(verb)...)
		start := time.Now()
		code := Main(ctx, args, Streams{In: strings.NewReader(""), Out: &out, Err: &progress}, func(string) string { return "" })
		if code != exitInterrupted || !strings.HasPrefix(progress.String(), "error: interrupted") || strings.Contains(progress.String(), "hint: see that the machine runs") {
			t.Errorf("%s: exit code %d, want 130:\n%s", verb, code, progress.String())
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: went on for %s", verb, took)
		}
	}
}
