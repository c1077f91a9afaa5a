// Command swarmctl turns machines into a Docker Swarm over SSH, hands the
// image over and rolls the service out.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/ycesproject/yces/swarmctl/internal/cli"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second interrupt ends the process at once.
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv)
}
