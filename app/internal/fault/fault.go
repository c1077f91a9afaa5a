// Package fault is how the app says what is wrong with an input: by field, and
// everything at once.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with one field of a request.
type Fault struct {
	// Field is the request's parameter: data, fg, scale …
	Field string `json:"field"`
	// Detail is a sentence without its subject: "must be …, got …".
	Detail string `json:"detail"`
	// format and args made Detail, so that it can be said in another language.
	format string
	args   []any
}

// In says the fault in another language: translate gets the English format,
// verbs included, and returns one with the same verbs.
func (f Fault) In(translate func(format string) string) string {
	if f.format == "" {
		return f.Detail
	}
	return fmt.Sprintf(translate(f.format), f.args...)
}

// List collects faults. The zero value is ready to use.
type List []Fault

// Add appends a fault of the field.
func (l *List) Add(field, format string, args ...any) {
	*l = append(*l, Fault{Field: field, Detail: fmt.Sprintf(format, args...), format: format, args: args})
}

// Has tells whether the field has a fault.
func (l List) Has(field string) bool {
	return slices.ContainsFunc(l, func(f Fault) bool { return f.Field == field })
}

// Join appends the faults that err carries and returns any other error.
func (l *List) Join(err error) error {
	var faults List
	if errors.As(err, &faults) {
		*l = append(*l, faults...)
		return nil
	}
	return err
}

// Err returns the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error lists every fault, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.Field + ": " + f.Detail
	}
	return strings.Join(lines, "\n")
}

// Of returns a list of a single fault.
func Of(field, format string, args ...any) List {
	var l List
	l.Add(field, format, args...)
	return l
}
