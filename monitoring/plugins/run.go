package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	check "github.com/NETWAYS/go-check"
	"github.com/NETWAYS/go-check/perfdata"
)

// streams are where a command reads and writes, and its environment.
type streams struct {
	in       io.Reader
	out, err io.Writer
	env      []string
}

// outcome is what a check found.
type outcome struct {
	status int
	text   string
	perf   perfdata.PerfdataList
}

func (o outcome) print(w io.Writer) {
	// A bar would begin the performance data.
	text := strings.ReplaceAll(strings.TrimSpace(o.text), "|", "/")
	line := check.StatusText(o.status) + " - " + text
	if len(o.perf) > 0 {
		line += " | " + strings.TrimSpace(o.perf.String())
	}
	fmt.Fprintln(w, line)
}

// options are a check's flags; those that all have are here.
type options struct {
	*flag.FlagSet
	warning, critical limit
	timeout           time.Duration
}

// limit is a threshold as a flag: [@]start:end.
type limit struct{ *check.Threshold }

func (l *limit) String() string {
	if l.Threshold == nil {
		return ""
	}
	return l.Threshold.String()
}

// Set reads the flag's value.
func (l *limit) Set(text string) error {
	t, err := check.ParseThreshold(text)
	if err != nil {
		return fmt.Errorf("must be a range like 80, 10: or 5:20, got %q", text)
	}
	l.Threshold = t
	return nil
}

// judge compares a value with the limits.
func (o *options) judge(value float64) int {
	switch {
	case o.critical.Threshold != nil && o.critical.DoesViolate(value):
		return check.Critical
	case o.warning.Threshold != nil && o.warning.DoesViolate(value):
		return check.Warning
	}
	return check.OK
}

// metric is a value with its limits, as performance data.
func (o *options) metric(label string, value float64, unit string) *perfdata.Perfdata {
	return &perfdata.Perfdata{Label: label, Value: value, Uom: unit, Warn: o.warning.Threshold, Crit: o.critical.Threshold}
}

// prepare declares a check's flags and returns what runs after they were read.
type prepare func(*options) func(context.Context) (outcome, error)

var checks = map[string]prepare{
	"check_any":         anyHost,
	"check_certificate": certificate,
	"check_clock":       clock,
	"check_containers":  containers,
	"check_cpu":         cpu,
	"check_engine":      dockerEngine,
	"check_memory":      memory,
	"check_nagios":      nagiosDaemon,
	"check_network":     network,
	"check_notices":     notices,
	"check_pipeline":    pipeline,
	"check_qr":          qr,
	"check_reach":       reach,
	"check_service":     service,
	"check_swarm":       swarmState,
	"check_web":         web,
}

// defaultTimeout is shorter than NRPE's own, so that the check says what hangs.
const defaultTimeout = 22 * time.Second

// run is main with everything given. A link to the program that bears a check's
// name is that check.
func run(ctx context.Context, args []string, s streams) int {
	if name := filepath.Base(args[0]); checks[name] != nil || tools[name] != nil {
		args = append([]string{args[0], name}, args[1:]...)
	}
	if len(args) < 2 {
		fmt.Fprintf(s.err, "usage: checks CHECK [FLAGS]; checks: %s\n", strings.Join(slices.Sorted(maps.Keys(checks)), ", "))
		return check.Unknown
	}
	if tool := tools[args[1]]; tool != nil {
		return tool(ctx, args[2:], s)
	}
	if checks[args[1]] == nil {
		fmt.Fprintf(s.out, "UNKNOWN - there is no check %q\n", args[1])
		return check.Unknown
	}
	found := runCheck(ctx, args[1], args[2:])
	found.print(s.out)
	return found.status
}

func runCheck(ctx context.Context, name string, args []string) (found outcome) {
	// A plugin that ends without a line leaves people guessing.
	defer func() {
		if fault := recover(); fault != nil {
			found = outcome{status: check.Unknown, text: fmt.Sprintf("a fault of the check itself: %v", fault)}
		}
	}()
	o := &options{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	o.SetOutput(io.Discard)
	o.Var(&o.warning, "w", "warn outside of this range")
	o.Var(&o.critical, "c", "critical outside of this range")
	o.DurationVar(&o.timeout, "t", defaultTimeout, "give up after this time")
	do := checks[name](o)
	if err := o.Parse(args); err != nil {
		return outcome{status: check.Unknown, text: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	found, err := do(ctx)
	if err == nil {
		return found
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", o.timeout)
	}
	return outcome{status: max(found.status, check.Unknown), text: err.Error()}
}
