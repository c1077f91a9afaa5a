package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/monitoring/perf"
)

// tools are the commands that are no checks.
var tools = map[string]func(context.Context, []string, streams) int{
	"now":           now,
	"notify":        tellContact,
	"file_perfdata": filePerfdata,
	"report":        printReport,
	"overview":      printOverview,
	"remote":        remote,
}

// now prints the machine's time for check_clock, in nanoseconds.
func now(_ context.Context, _ []string, s streams) int {
	fmt.Fprintln(s.out, time.Now().UnixNano())
	return 0
}

// parse reads a tool's flags.
func parse(f *flag.FlagSet, args []string, s streams) error {
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "error: %s: %v\n", f.Name(), err)
	}
	return err
}

// tellContact is Nagios's notification command.
func tellContact(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("notify", flag.ContinueOnError)
	file := f.String("config", "", "notify.json")
	if parse(f, args, s) != nil {
		return 2
	}
	config, err := notify.Load(*file)
	if err == nil {
		var event notify.Event
		if event, err = notify.FromEnvironment(f.Arg(0), s.env); err == nil {
			err = notify.Notifier{Config: config, Dir: monitoring.ToldDir}.Tell(ctx, event)
		}
	}
	return ended(s, "notify", err)
}

func filePerfdata(_ context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("file_perfdata", flag.ContinueOnError)
	from := f.String("from", "", "the file that Nagios writes")
	to := f.String("to", "", "the folder of the days' files")
	if parse(f, args, s) != nil {
		return 2
	}
	return ended(s, "file performance data", perf.File(*from, *to, time.Now()))
}

func ended(s streams, what string, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(s.err, "error: %s: %v\n", what, err)
	return 1
}
