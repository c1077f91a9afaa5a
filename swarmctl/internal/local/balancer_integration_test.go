//go:build integration

package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/inventory"
)

// serveOn starts this test's binary on port 80 of the machine.
func serveOn(t *testing.T, o Options, n inventory.Node) {
	t.Helper()
	binary, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	run(t, o, n, binary, "cat >/root/server && chmod +x /root/server && systemd-run --quiet --unit=server --setenv="+serveVariable+"=1 /root/server")
}

// eventually waits for the balancer to see nodes as wanted: 1 up, 0 down.
func eventually(t *testing.T, ask func() string, want string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got := ""; got != want; got = ask() {
		if time.Now().After(deadline) {
			t.Fatalf("got %q, want %q", ask(), want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get(url)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTheBalancerFollowsTheProbe(t *testing.T) {
	e := localEngine(t)
	o := testOptions(t, e)
	o.Bare, o.Managers = true, 2
	inv := mustUp(t, e, o)
	states := func() string {
		list, err := Backends(context.Background(), e, o.Name)
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, b := range list {
			s = append(s, fmt.Sprintf("%s:%v", b.Node, b.Up))
		}
		return strings.Join(s, " ")
	}
	first, second := inv.Nodes[0], inv.Nodes[1]
	eventually(t, states, first.Name+":false "+second.Name+":false")

	serveOn(t, o, first)
	eventually(t, states, first.Name+":true "+second.Name+":false")
	if got := get(t, inv.Endpoint); got != first.Name {
		t.Errorf("answer = %q, want %q", got, first.Name)
	}
	serveOn(t, o, second)
	eventually(t, states, first.Name+":true "+second.Name+":true")

	t.Run("connections are spread over the nodes", func(t *testing.T) {
		seen := map[string]int{}
		for range 64 {
			seen[get(t, inv.Endpoint)]++
		}
		if seen[first.Name] < 8 || seen[second.Name] < 8 || seen[first.Name]+seen[second.Name] != 64 {
			t.Errorf("answers = %v", seen)
		}
	})
	t.Run("a connection outlives its node's readiness", func(t *testing.T) {
		conn, node := keptConnection(t, inv, first.Name)
		defer func() { _ = conn.Close() }()
		run(t, o, first, nil, "touch /root/unready")
		eventually(t, states, first.Name+":false "+second.Name+":true")
		if got := request(t, conn); got != node {
			t.Errorf("answer = %q, want %q", got, node)
		}
		for range 16 {
			if got := get(t, inv.Endpoint); got != second.Name {
				t.Errorf("a new connection went to %q", got)
			}
		}
		run(t, o, first, nil, "rm /root/unready")
		eventually(t, states, first.Name+":true "+second.Name+":true")
	})
}

// keptConnection opens connections until one goes to the node.
func keptConnection(t *testing.T, inv inventory.Inventory, node string) (net.Conn, string) {
	t.Helper()
	for range 64 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(inv.Endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if request(t, conn) == node {
			return conn, node
		}
		_ = conn.Close()
	}
	t.Fatalf("no connection went to %s", node)
	return nil, ""
}

// request sends one request over the connection and leaves it open.
func request(t *testing.T, conn net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
