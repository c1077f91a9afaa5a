//go:build integration

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// load asks the service at a steady rate and counts what fails. It does not
// use net/http's client, which asks again by itself where a kept connection
// was closed under it: here that is a failure.
type load struct {
	host, path string
	keepAlive  bool
	stop       chan struct{}
	done       sync.WaitGroup

	mu       sync.Mutex
	asked    int
	failures map[string]int
	slowest  time.Duration
}

const (
	loadWorkers = 20
	loadRate    = 200 // requests a second
)

// startLoad begins to ask; count ends it.
func startLoad(t *testing.T, endpoint, path string, keepAlive bool) *load {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l := &load{host: u.Host, path: path, keepAlive: keepAlive, stop: make(chan struct{}), failures: map[string]int{}}
	for i := range loadWorkers {
		l.done.Go(func() {
			// Spread the workers over the interval.
			time.Sleep(time.Duration(i) * time.Second / loadRate)
			l.work()
		})
	}
	return l
}

func (l *load) work() {
	tick := time.NewTicker(time.Second * loadWorkers / loadRate)
	defer tick.Stop()
	var conn *client
	for {
		select {
		case <-l.stop:
			conn.close()
			return
		case <-tick.C:
		}
		start := time.Now()
		var err error
		conn, err = l.ask(conn)
		l.note(time.Since(start), err)
	}
}

func (l *load) note(took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	l.slowest = max(l.slowest, took)
	if err != nil {
		l.failures[err.Error()]++
	}
}

// count ends the load and returns how many were asked, how many failed and why.
func (l *load) count() (asked, failed int, why string) {
	close(l.stop)
	l.done.Wait()
	var reasons []string
	for reason, n := range l.failures {
		failed += n
		reasons = append(reasons, fmt.Sprintf("%d × %s", n, reason))
	}
	sort.Strings(reasons)
	return l.asked, failed, strings.Join(reasons, "; ")
}

// client is one connection.
type client struct {
	net.Conn
	r *bufio.Reader
}

func (c *client) close() {
	if c != nil {
		_ = c.Close()
	}
}

// ask sends one request, over the connection if there is one, and returns the
// connection where it can be used again.
func (l *load) ask(c *client) (*client, error) {
	if c == nil {
		conn, err := net.DialTimeout("tcp", l.host, 5*time.Second)
		if err != nil {
			return nil, fmt.Errorf("dial: %w", unwrapNet(err))
		}
		c = &client{Conn: conn, r: bufio.NewReader(conn)}
	}
	keep, err := c.roundTrip(l.host, l.path, l.keepAlive)
	if err != nil || !keep {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) roundTrip(host, path string, keepAlive bool) (keep bool, err error) {
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false, err
	}
	connection := "keep-alive"
	if !keepAlive {
		connection = "close"
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n", path, host, connection); err != nil {
		return false, fmt.Errorf("write: %w", unwrapNet(err))
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return false, fmt.Errorf("read: %w", unwrapNet(err))
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", resp.Status)
	}
	return keepAlive && !resp.Close, err
}

// unwrapNet drops addresses, so that equal failures count together.
func unwrapNet(err error) error {
	if op, ok := err.(*net.OpError); ok { //nolint:errorlint // the outermost one is meant
		return op.Err
	}
	return err
}
