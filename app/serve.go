package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ycesproject/yces/app/internal/web"
)

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 15 * time.Second
	idleTimeout       = 75 * time.Second
	// profileTimeout lets a CPU profile of a minute through.
	profileTimeout = 90 * time.Second
	maxHeader      = 16 << 10
	// shutdownTimeout is what requests that run when the drain ends may still take.
	shutdownTimeout = 5 * time.Second
	healthTimeout   = 2 * time.Second
)

// serve listens until ctx ends, drains and returns.
func serve(ctx context.Context, cfg settings, log *slog.Logger) error {
	memory := limitMemory(os.Getenv, os.ReadFile)
	app, err := web.New(web.Config{Build: buildInfo(), TrustedProxies: cfg.proxies, RateLimit: cfg.limit, CacheBytes: cfg.cache, Log: log})
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	var lc net.ListenConfig
	public, err := lc.Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("listen on APP_ADDR: %w", err)
	}
	failed := make(chan error, 2)
	if cfg.adminAddr != "" {
		admin, err := lc.Listen(ctx, "tcp", cfg.adminAddr)
		if err != nil {
			return errors.Join(fmt.Errorf("listen on APP_ADMIN_ADDR: %w", err), public.Close())
		}
		adminServer := newServer(app.Admin(), log)
		adminServer.WriteTimeout = profileTimeout
		defer func() { _ = adminServer.Close() }()
		go func() { failed <- adminServer.Serve(admin) }()
	}
	log.Info("listening", "addr", public.Addr().String(), "admin", cfg.adminAddr, "version", version, "memory", memory)
	return serveUntil(ctx, public, app, cfg.drain, failed, log)
}

// serveUntil serves until ctx ends; then it drains and shuts down.
func serveUntil(ctx context.Context, listener net.Listener, app *web.App, drain time.Duration, failed chan error, log *slog.Logger) error {
	server := newServer(app.Handler(), log)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", errors.Join(err, server.Close()))
	case <-ctx.Done():
	}
	app.StartDrain()
	log.Info("draining", "for", drain.String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve while draining: %w", errors.Join(err, server.Close()))
	case <-time.After(drain):
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("shut down: %w", errors.Join(err, server.Close()))
	}
	log.Info("stopped")
	return nil
}

func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// healthcheck asks /healthz, which stays well while the app drains.
func healthcheck(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read APP_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("ask for health: answer is %s", answer.Status)
	}
	return nil
}

// ownDigest returns the start of the program file's SHA-256; empty where the
// file cannot be read, because nothing depends on it.
func ownDigest() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
