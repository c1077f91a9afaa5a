// Command app serves QR codes and barcodes over HTTP. `app healthcheck` asks a
// running app whether it is well.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ycesproject/yces/app/internal/web"
)

// Set by the linker.
var version, commit = "dev", "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv))
}

// run returns the exit code: 0 done, 1 failed, 2 wrong settings or usage.
func run(ctx context.Context, args []string, getenv func(string) string) int {
	cfg, err := readSettings(getenv)
	if err == nil && len(args) > 0 && (len(args) > 1 || args[0] != "healthcheck") {
		err = errors.New("usage: app [healthcheck]")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 2
	}
	if len(args) == 1 {
		err = healthcheck(ctx, cfg.addr)
	} else {
		err = serve(ctx, cfg, slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.level})))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}

func buildInfo() web.Build {
	host, _ := os.Hostname() // nothing depends on it
	return web.Build{Version: version, Commit: commit, Digest: ownDigest(), Host: host}
}
