// Command app is the smallest service that behaves: it says its version and
// host, knows whether it is ready, and drains before it ends. The tests of
// swarmctl roll it out in place of a real one.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// version is set by the linker.
var version = "dev"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "healthcheck" {
		os.Exit(healthcheck())
	}
	fmt.Println("version", version, "starts")
	if os.Getenv("CRASH") != "" {
		fmt.Println("cannot open the database: no such host db.example")
		os.Exit(3)
	}
	serve()
}

func healthcheck() int {
	resp, err := http.Get("http://127.0.0.1:8080/readyz")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if resp.StatusCode != http.StatusOK {
		fmt.Println("readyz answers", resp.Status)
		return 1
	}
	return 0
}

func serve() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var draining atomic.Bool
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if draining.Load() || os.Getenv("SICK") != "" {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "/run/secrets/db") })
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if draining.Load() {
			w.Header().Set("Connection", "close")
		}
		host, _ := os.Hostname()
		fmt.Fprintf(w, "version %s on %s\n", version, host)
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second}
	go func() { fmt.Println(server.ListenAndServe()) }()
	<-ctx.Done()
	draining.Store(true)
	time.Sleep(3 * time.Second)
	_ = server.Shutdown(context.WithoutCancel(ctx))
}
