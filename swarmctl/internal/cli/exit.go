package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	}
	return exitFailed
}

// report prints the error and what to do about it, and returns the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(w, "error: %s\n", text)
	}
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintf(w, "hint: %s\n", h.Hint())
	}
	return exitCode(err)
}
