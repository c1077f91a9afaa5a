package local

import (
	"context"
	"fmt"
	"strings"
)

// FaultsError lists everything that keeps a command from starting. Nothing was
// changed when it is returned.
type FaultsError struct{ faults []fault }

// asError returns nil when there is no fault.
func asError(faults []fault) error {
	if len(faults) == 0 {
		return nil
	}
	return FaultsError{faults}
}

func (e FaultsError) Error() string {
	if len(e.faults) == 1 {
		return e.faults[0].text
	}
	lines := []string{fmt.Sprintf("%d faults, nothing was changed:", len(e.faults))}
	for _, f := range e.faults {
		lines = append(lines, "  "+f.text)
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do next, one cure a line.
func (e FaultsError) Hint() string {
	var cures []string
	for _, f := range e.faults {
		if f.cure != "" {
			cures = append(cures, f.cure)
		}
	}
	return strings.Join(cures, "\n      ")
}

// Is makes the error ErrOptions where the command line is at fault.
func (e FaultsError) Is(target error) bool {
	if target != ErrOptions {
		return false
	}
	for _, f := range e.faults {
		if f.usage {
			return true
		}
	}
	return false
}

// hintError is an error that knows its cure.
type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// Hint says what to do next.
func (e hintError) Hint() string { return e.hint }

// interruptedError is context.Canceled in the user's words.
type interruptedError struct{}

func (interruptedError) Error() string        { return "interrupted" }
func (interruptedError) Is(target error) bool { return target == context.Canceled }
