package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// okArgument makes this program the handler that answers "ok".
const okArgument = "answer-ok"

const (
	connections = 16
	loadTime    = 2 * time.Second
	rounds      = 5
)

// serveOK answers every request with "ok": what a handler costs that does
// nothing, on a server with the app's time limits.
func serveOK() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	server := &http.Server{
		Addr: os.Getenv("APP_ADDR"), Handler: handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 15 * time.Second, IdleTimeout: 75 * time.Second,
	}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
}

// server is a process under load.
type server struct {
	addr    string
	command *exec.Cmd
}

// startServer runs a program that listens where APP_ADDR says, and waits for it.
// It has no limit of requests; what it logs is thrown away, but written.
func startServer(ctx context.Context, path string, arguments ...string) (*server, error) {
	var lc net.ListenConfig
	free, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{addr: free.Addr().String()}
	if err := free.Close(); err != nil {
		return nil, err
	}
	sink, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sink.Close() }()
	s.command = exec.CommandContext(ctx, path, arguments...)
	s.command.Env = append(os.Environ(), "APP_ADDR="+s.addr, "APP_ADMIN_ADDR=off", "APP_RATE_LIMIT=off", "APP_DRAIN=0s")
	s.command.Stderr = sink
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	for range 100 {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr); err == nil {
			return s, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s does not listen", path), s.command.Process.Kill())
}

func (s *server) stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait() // killed: the error says so
}

// peakMemory returns the most that the process had resident, in MiB.
func (s *server) peakMemory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest + " ?")[0], 64)
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	return kib / 1024, nil
}

// buildApp builds the program as the image has it, and returns its path.
func buildApp(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "app")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", path, "github.com/ycesproject/yces/app")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build app: %w: %s", err, out)
	}
	return path, nil
}

func compareServing(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path, err := buildApp(ctx, dir)
	if err != nil {
		return err
	}
	app, err := startServer(ctx, path)
	if err != nil {
		return err
	}
	defer app.stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	plain, err := startServer(ctx, self, okArgument)
	if err != nil {
		return err
	}
	defer plain.stop()
	if err := compareRates(ctx, out, app, plain); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	peak, err := app.peakMemory()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-34s %12.1f MiB%s\n", "most memory resident", peak, verdict(64/peak, 1))
	fmt.Fprintf(out, "  %-34s %12.1f MB%s\n", "image: the program, nothing else", float64(info.Size())/1e6, verdict(15e6/float64(info.Size()), 1))
	return nil
}

// compareRates loads both in turns, so that what others do on the machine hits
// both, and keeps the best round of each.
func compareRates(ctx context.Context, out io.Writer, app, plain *server) error {
	same := func(int) string { return "/api/v1/qr.png?data=https%3A%2F%2Fexample.org%2Fpath" }
	other := func(i int) string { return fmt.Sprintf("/api/v1/qr.png?data=https%%3A%%2F%%2Fexample.org%%2F%d", i) }
	var ok, cached, made measurement
	for range rounds {
		for _, m := range []struct {
			best   *measurement
			server *server
			path   func(int) string
		}{{&ok, plain, same}, {&cached, app, same}, {&made, app, other}} {
			got, err := press(ctx, m.server.addr, m.path)
			if err != nil {
				return err
			}
			if got.rate > m.best.rate {
				*m.best = got
			}
		}
	}
	fmt.Fprintf(out, "\nServing on %d connections, client and server on one machine\n", connections)
	fmt.Fprintf(out, "  %-34s %12s %10s %10s\n", "", "requests/s", "p50 ms", "p99 ms")
	for _, line := range []struct {
		name string
		m    measurement
	}{{`a handler that answers "ok"`, ok}, {"the same PNG again, from the cache", cached}, {"another PNG each time, read back", made}} {
		fmt.Fprintf(out, "  %-34s %12.0f %10.2f %10.2f\n", line.name, line.m.rate, line.m.middle.Seconds()*1000, line.m.p99.Seconds()*1000)
	}
	fmt.Fprintf(out, "  %-34s %12.2f%s\n", `cached to "ok"`, cached.rate/ok.rate, verdict(cached.rate/ok.rate, 0.6))
	return nil
}
