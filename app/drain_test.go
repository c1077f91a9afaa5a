package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycesproject/yces/app/internal/web"
)

// replica is a running app.
type replica struct {
	addr string
	stop context.CancelFunc
	done chan error
}

func startReplica(t *testing.T, drain time.Duration) *replica {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	app, err := web.New(web.Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &replica{listener.Addr().String(), stop, make(chan error, 1)}
	go func() { r.done <- serveUntil(ctx, listener, app, drain, make(chan error, 2), log) }()
	t.Cleanup(stop)
	return r
}

// ready asks as a balancer's probe does.
func ready(addr string) bool {
	status, _, err := ask(addr, nil, "/readyz")
	return err == nil && status == http.StatusOK
}

// ask sends one request without the standard client, which would repeat lost
// requests silently. It returns the connection when it may be used again.
func ask(addr string, conn net.Conn, path string) (int, net.Conn, error) {
	if conn == nil {
		var err error
		if conn, err = net.DialTimeout("tcp", addr, 2*time.Second); err != nil {
			return 0, nil, err
		}
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path); err != nil {
		return 0, nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.Close {
		_ = conn.Close()
		conn = nil
	}
	return answer.StatusCode, conn, err
}

// TestNoRequestIsLostWhileDraining puts constant load on two replicas, behind
// what a balancer does (probe every 50 ms, threshold 2), and ends one of them.
func TestNoRequestIsLostWhileDraining(t *testing.T) {
	first, second := startReplica(t, 500*time.Millisecond), startReplica(t, time.Second)
	var target atomic.Value
	target.Store(first.addr)
	go func() {
		for failures := 0; failures < 2; time.Sleep(50 * time.Millisecond) {
			if failures++; ready(first.addr) {
				failures = 0
			}
		}
		target.Store(second.addr)
	}()
	var asked, toSecond atomic.Int64
	halt := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			var conn net.Conn
			for {
				select {
				case <-halt:
					return
				default:
				}
				addr := target.Load().(string)
				status, next, err := ask(addr, conn, fmt.Sprintf("/api/v1/qr.svg?data=%d", i))
				if err != nil || status != http.StatusOK {
					t.Errorf("request lost: status %d, %v", status, err)
					return
				}
				if asked.Add(1); addr == second.addr {
					toSecond.Add(1)
				}
				if conn = next; i%2 == 0 && conn != nil {
					_ = conn.Close()
					conn = nil
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	first.stop()
	if err := <-first.done; err != nil {
		t.Errorf("drained replica ended with %v", err)
	}
	time.Sleep(200 * time.Millisecond)
	close(halt)
	clients.Wait()
	if toSecond.Load() == 0 || asked.Load() == toSecond.Load() {
		t.Errorf("%d requests, %d of them to the second replica: the load did not move", asked.Load(), toSecond.Load())
	}
}

func TestAnIdleConnectionStillServesWhileDraining(t *testing.T) {
	r := startReplica(t, 2*time.Second)
	_, conn, err := ask(r.addr, nil, "/healthz")
	if err != nil || conn == nil {
		t.Fatalf("first request: %v, connection kept: %v", err, conn != nil)
	}
	r.stop()
	for deadline := time.Now().Add(time.Second); ready(r.addr); {
		if time.Now().After(deadline) {
			t.Fatal("still ready a second after the signal")
		}
	}
	status, conn, err := ask(r.addr, conn, "/healthz")
	if err != nil || status != http.StatusOK || conn != nil {
		t.Errorf("idle connection: status %d, %v, still open: %v", status, err, conn != nil)
	}
}

func TestSettingsListEveryFault(t *testing.T) {
	env := map[string]string{"APP_ADDR": "x", "APP_ADMIN_ADDR": "y", "APP_DRAIN": "-1s", "APP_TRUSTED_PROXIES": "10.0.0.0/8, z", "APP_LOG_LEVEL": "loud", "APP_RATE_LIMIT": "NaN", "APP_RATE_BURST": "0", "APP_CACHE_MB": "-1"}
	_, err := readSettings(func(name string) string { return env[name] })
	for name := range env {
		if err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("error does not name %s: %v", name, err)
		}
	}
	if code := run(t.Context(), nil, func(name string) string { return env[name] }); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	s, err := readSettings(func(string) string { return "" })
	if err != nil || s.drain != 15*time.Second || s.addr != ":8080" || s.adminAddr != "127.0.0.1:9090" {
		t.Errorf("defaults: %+v, %v", s, err)
	}
}

func TestHealthcheckTellsWellFromIll(t *testing.T) {
	r := startReplica(t, 0)
	if err := healthcheck(t.Context(), r.addr); err != nil {
		t.Errorf("running app: %v", err)
	}
	r.stop()
	<-r.done
	if healthcheck(t.Context(), r.addr) == nil {
		t.Error("ended app is called well")
	}
}
