package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Command is what to run: either a shell text or a program and its arguments,
// which are quoted. Neither may hold a secret; that is what Stdin is for.
type Command struct {
	// Name is what errors call it; the program's name where empty.
	Name  string
	Shell string
	Args  []string
	Stdin io.Reader
	// Sudo runs it as root where the inventory's user is another.
	Sudo bool
	// Line, where set, is given each line of output as it comes. Calls never overlap.
	Line func(string)
}

// Result is what a command printed and how it ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Quote returns the words as one shell text, in which each stands for itself.
func Quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

func (cmd Command) name() string {
	switch {
	case cmd.Name != "":
		return cmd.Name
	case len(cmd.Args) > 0:
		return cmd.Args[0]
	}
	return "shell command"
}

// text is what sshd hands to the user's login shell, whichever that is. The
// mark, where there is one, is in the environment of all that the command starts.
func (cmd Command) text(user, mark string) string {
	words := cmd.Args
	if cmd.Shell != "" {
		words = []string{"sh", "-c", cmd.Shell}
	}
	if mark != "" {
		words = append([]string{"env", mark}, words...)
	}
	if cmd.Sudo && user != "root" {
		words = append([]string{"sudo", "-n", "--"}, words...)
	}
	return "exec " + Quote(words...)
}

// Run runs the command and waits for its end. Where the context ends first,
// all that the command started is sent SIGTERM and its session closed.
//
// Errors: *ExitError with a result, *UnreachableError, the context's.
func (c *Conn) Run(ctx context.Context, cmd Command) (Result, error) {
	release, err := c.acquire(ctx, c.commands)
	if err != nil {
		return Result{}, fmt.Errorf("run %s on %q: %w", cmd.name(), c.node.Name, err)
	}
	defer release()
	out, mark := newOutput(cmd.Line), newMark()
	session, err := await(ctx, c, func() (*ssh.Session, error) { return c.start(cmd, mark, out) }, closeSession)
	if err != nil {
		return Result{}, fmt.Errorf("start %s on %q: %w", cmd.name(), c.node.Name, err)
	}
	defer closeSession(session)
	err = c.wait(ctx, session, Command{Name: "stop", Shell: stopScript(mark), Sudo: cmd.Sudo})
	out.flush()
	return c.result(cmd, out, err)
}

// closeSession has nothing to report: the command ended, or is to be forgotten.
func closeSession(s *ssh.Session) { _ = s.Close() }

func (c *Conn) start(cmd Command, mark string, out *output) (*ssh.Session, error) {
	session, err := c.client.NewSession()
	if err != nil {
		return nil, err
	}
	session.Stdout, session.Stderr = &out.stdout, &out.stderr
	var in io.WriteCloser
	if cmd.Stdin != nil {
		// Not session.Stdin: its Wait waits for the reader even when the command has ended.
		if in, err = session.StdinPipe(); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	if err := session.Start(cmd.text(c.node.User, mark)); err != nil {
		closeSession(session)
		return nil, err
	}
	if in != nil {
		go func() {
			// A command that ends without reading all of its input says why itself.
			_, _ = io.Copy(in, cmd.Stdin)
			_ = in.Close()
		}()
	}
	return session, nil
}

// grace is how long a command has to end once it was told to.
const grace = 3 * time.Second

func (c *Conn) wait(ctx context.Context, session *ssh.Session, stop Command) error {
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-c.gone:
		return c.broken(c.cause)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	go c.stop(late, stop)
	select {
	case <-ended:
	case <-c.gone:
	case <-late.Done():
	}
	return ctx.Err()
}

func (c *Conn) result(cmd Command, out *output, err error) (Result, error) {
	res := Result{Stdout: out.stdout.String(), Stderr: out.stderr.String()}
	if err == nil {
		return res, nil
	}
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case errors.As(err, &exit):
		res.Code = exit.ExitStatus()
		return res, &ExitError{Host: c.node.Name, Command: cmd.name(), Code: res.Code, Stderr: lastLines(res.Stderr, 5)}
	case errors.As(err, &missing):
		err = c.broken(err)
	}
	return res, fmt.Errorf("run %s on %q: %w", cmd.name(), c.node.Name, err)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
