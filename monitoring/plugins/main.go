// Command checks holds the checks that run on the machines and on the monitor:
// one static program, a check a subcommand, with the conventions of Nagios's
// plugins (one line, thresholds, performance data, exit codes 0 to 3).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, streams{os.Stdin, os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}
