// Command smoke asks what a balancer serves whether it is the release that was
// deployed, and whether it works: every replica answers with the commit, the
// page is whole, and codes that it makes scan.
//
//	smoke --status status.json --releases releases.json
//
// The files are what `swarmctl status -o json` and `swarmctl releases -o json`
// print. Exit codes: 0 all is well, 1 it is not, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.SetOutput(errs)
	status := flags.String("status", "", "`FILE` written by swarmctl status -o json")
	releases := flags.String("releases", "", "`FILE` written by swarmctl releases -o json")
	service := flags.String("service", "qr", "`NAME` of the service in the compose file")
	text := flags.String("text", "", "`TEXT` that the page must show")
	timeout := flags.Duration("timeout", 2*time.Minute, "how long the balancer may take to find every replica")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	want, err := expect(*status, *releases, *service)
	if err == nil && flags.NArg() > 0 {
		err = errors.New("takes no arguments")
	}
	if err != nil {
		fmt.Fprintf(errs, "error: %v\n", err)
		return 2
	}
	want.text = *text
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := newProbe(want, out).run(ctx); err != nil {
		fmt.Fprintf(errs, "error: %v\n", err)
		return 1
	}
	return 0
}
