package cli

import (
	"fmt"
	"strconv"
	"time"
)

// tailFlag is a number of lines, or all.
type tailFlag string

// String, Set and Type make it a flag that refuses anything else.
func (t *tailFlag) String() string { return string(*t) }

// Type names the flag's value in help texts.
func (*tailFlag) Type() string { return "LINES" }

// Set takes the flag's value.
func (t *tailFlag) Set(v string) error {
	if n, err := strconv.Atoi(v); v != "all" && (err != nil || n < 0) {
		return fmt.Errorf("must be a number of lines or all, got %q", v)
	}
	*t = tailFlag(v)
	return nil
}

// sinceFlag is a time, or how long ago that was; the engine would take any
// other text for the beginning of time.
type sinceFlag string

// String, Set and Type make it a flag that refuses anything else.
func (s *sinceFlag) String() string { return string(*s) }

// Type names the flag's value in help texts.
func (*sinceFlag) Type() string { return "TIME" }

// Set takes the flag's value.
func (s *sinceFlag) Set(v string) error {
	_, errTime := time.Parse(time.RFC3339, v)
	ago, errAgo := time.ParseDuration(v)
	if errTime != nil && (errAgo != nil || ago < 0) {
		return fmt.Errorf("must be a time (RFC 3339) or a duration like 10m, got %q", v)
	}
	*s = sinceFlag(v)
	return nil
}
