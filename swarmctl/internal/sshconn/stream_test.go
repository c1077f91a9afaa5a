package sshconn

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// echo serves a Unix socket that sends everything back.
func echoSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "echo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return path
}

func TestUnixSocketCarriesBytesAndHalfClose(t *testing.T) {
	c := newFixture(t).conn(t)
	conn, err := c.DialUnix(testContext(t), echoSocket(t))
	if err != nil {
		t.Fatal(err)
	}
	checkEcho(t, conn)
}

func checkEcho(t *testing.T, conn net.Conn) {
	t.Helper()
	sent := make([]byte, 3<<20)
	_, _ = rand.Read(sent)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d of %d bytes back, %v", len(got), len(sent), err)
	}
	if err := conn.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestReadDeadlineLosesNothing(t *testing.T) {
	c := newFixture(t).conn(t)
	conn, err := c.DialUnix(testContext(t), echoSocket(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	buf := make([]byte, 16)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v, want the deadline's error", err)
	}
	var timeout net.Error
	if !errors.As(os.ErrDeadlineExceeded, &timeout) || !timeout.Timeout() {
		t.Error("net/http would not know it as a timeout")
	}
	_ = conn.SetReadDeadline(time.Time{})
	_, _ = conn.Write([]byte("still here"))
	if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "still here" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
}

func TestDeadlineSetWhileReadingInterrupts(t *testing.T) {
	c := newFixture(t).conn(t)
	conn, err := c.DialUnix(testContext(t), echoSocket(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	read := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		read <- err
	}()
	time.Sleep(20 * time.Millisecond)
	_ = conn.SetReadDeadline(time.Unix(1, 0))
	select {
	case err := <-read:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the read goes on")
	}
}

func TestWriteDeadlineEndsAStuckWrite(t *testing.T) {
	client, server := net.Pipe() // nobody reads the other end
	defer func() { _ = server.Close() }()
	conn := newStreamConn(client, nil, nil)
	_ = conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := conn.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// fakeDocker is a `docker` that echoes for dial-stdio, and a `sudo` that says so.
func (f *fixture) fakeDocker(t *testing.T, docker string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"docker": docker, "sudo": `shift 2; exec "$@"`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.path = dir + ":" + f.path
}

func TestEngineIsReachedThroughItsClientWhereTheSocketIsRefused(t *testing.T) {
	f := newFixture(t)
	f.noStreamLocal.Store(true)
	f.fakeDocker(t, `[ "$*" = "--host unix:///var/run/docker.sock system dial-stdio" ] && exec cat`)
	conn, err := f.conn(t).DialUnix(testContext(t), dockerSocket)
	if err != nil {
		t.Fatal(err)
	}
	checkEcho(t, conn)
}

func TestEngineStreamsWaitForOneAnother(t *testing.T) {
	f := newFixture(t)
	f.noStreamLocal.Store(true)
	f.fakeDocker(t, "exec cat")
	c := f.conn(t)
	var wg sync.WaitGroup
	for range 3 * maxStreams {
		wg.Go(func() {
			conn, err := c.DialUnix(testContext(t), dockerSocket)
			if err != nil {
				t.Error(err)
				return
			}
			checkEcho(t, conn)
		})
	}
	wg.Wait()
	if n := f.maxSessions.Load(); n > maxStreams {
		t.Errorf("%d sessions at one time, want %d at the most", n, maxStreams)
	}
}

func TestFailureOfDockersClientIsTheReadersError(t *testing.T) {
	f := newFixture(t)
	f.noStreamLocal.Store(true)
	f.fakeDocker(t, "echo Cannot connect to the Docker daemon >&2; exit 1")
	conn, err := f.conn(t).DialUnix(testContext(t), dockerSocket)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(conn)
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Stderr != "Cannot connect to the Docker daemon" {
		t.Errorf("got %v", err)
	}
}

func TestOtherSocketsHaveNoSecondWay(t *testing.T) {
	f := newFixture(t)
	f.noStreamLocal.Store(true)
	if _, err := f.conn(t).DialUnix(testContext(t), "/run/other.sock"); err == nil {
		t.Error("reached a socket that sshd refused")
	}
}

func TestListenServesHTTPToTheMachine(t *testing.T) {
	f := newFixture(t)
	l, err := f.conn(t).Listen(testContext(t), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d bytes", len(body))
	})}
	go func() { _ = srv.Serve(l) }()
	defer func() { _ = srv.Close() }()
	for range 20 { // on one connection, which each request's end must leave usable
		res, err := http.Post("http://"+l.Addr().String(), "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if string(got) != "100000 bytes" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestRefusedListenSaysSo(t *testing.T) {
	f := newFixture(t)
	c := f.conn(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, err = c.Listen(testContext(t), taken.Addr().String())
	var refused *ListenError
	if !errors.As(err, &refused) || refused.Addr != taken.Addr().String() || refused.Hint() == "" {
		t.Errorf("port taken: %v", err)
	}
	f.noForward.Store(true)
	if _, err = c.Listen(testContext(t), "127.0.0.1:0"); !errors.As(err, &refused) {
		t.Errorf("forwarding off: %v", err)
	}
}
