// Command compare prints what symbols cost here and with other encoders, side by
// side and measured in one run, and how fast the app answers. `make bench` runs
// it. Times are CPU time, so that a busy machine changes them little; trust the
// ratios.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == okArgument {
		serveOK()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	if err := compareEncoders(ctx, out); err != nil {
		return fmt.Errorf("compare encoders: %w", err)
	}
	if err := compareServing(ctx, out); err != nil {
		return fmt.Errorf("compare serving: %w", err)
	}
	return nil
}
