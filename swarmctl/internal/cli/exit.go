package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/errdefs"

	"github.com/ycesproject/yces/swarmctl/internal/maintain"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// The exit codes. A deploy that was rolled back or interrupted never exits 0.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRolledBack  = 3
	exitTimeout     = 4
	exitLocked      = 5
	exitUnreachable = 6
	exitDifferences = 7
	exitInterrupted = 130
)

// usageError is a fault of the command line or of a file that the user wrote.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// hinter is an error that knows what to do next.
type hinter interface{ Hint() string }

// coder is an error whose exit code is its own matter, differences for one.
type coder interface{ ExitCode() int }

// exitCode maps an error to the process's exit code.
func exitCode(err error) int {
	var own coder
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &own):
		return own.ExitCode()
	case errors.As(err, new(usageError)), errors.Is(err, target.ErrInvalid):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, maintain.ErrSlow):
		return exitTimeout
	}
	return exitFailed
}

// stoppedError is what an interrupt made of a command, whatever the error that
// it came up with: a machine that was being dialled is not out of reach.
type stoppedError struct{ error }

func (e stoppedError) Error() string {
	if text := e.error.Error(); strings.HasPrefix(text, "interrupted") {
		return text
	}
	return "interrupted: " + e.error.Error()
}

// Is makes it the interrupt that it is. It hides the error's own exit code and
// hint, which are for another case.
func (stoppedError) Is(target error) bool { return target == context.Canceled }

// interrupted makes an error that a signal caused recognizable as such. A
// release that was taken back before the signal ended everything stays one.
func interrupted(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() == nil:
		return err
	case errors.As(err, new(rolledBackError)), errors.As(err, new(timedOutError)):
		return err
	case errors.Is(err, context.Canceled) && exitCode(err) == exitInterrupted && hintOf(err) != "":
		return err
	}
	return stoppedError{err}
}

// report prints the error and what to do about it, and returns the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(w, "error: %s\n", text)
	}
	hint := hintOf(err)
	if hint == "" && errdefs.IsUnavailable(err) {
		hint = startManagers
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
	return exitCode(err)
}

// hintOf is the first hint among the error and its causes: an error that may
// have one and has none must not hide its cause's.
func hintOf(err error) string {
	if h, ok := err.(hinter); ok && h.Hint() != "" {
		return h.Hint()
	}
	switch e := err.(type) { //nolint:errorlint // this walks the causes itself
	case interface{ Unwrap() error }:
		return hintOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			if hint := hintOf(cause); hint != "" {
				return hint
			}
		}
	}
	return ""
}
