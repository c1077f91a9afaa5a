package settings

import (
	"errors"
	"fmt"
)

// faults collects what is wrong, in the order in which it was found.
type faults []error

func (f *faults) add(key, format string, args ...any) {
	*f = append(*f, fault(Namespace+":"+key, format, args...))
}

// fault names a full key and says what is wrong with its value.
func fault(key, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{key}, args...)...)
}

// join makes them one error, nil where there is none.
func (f faults) join() error {
	if len(f) == 0 {
		return nil
	}
	noun := "faults"
	if len(f) == 1 {
		noun = "fault"
	}
	return fmt.Errorf("the stack's configuration has %d %s:\n%w", len(f), noun, errors.Join(f...))
}
