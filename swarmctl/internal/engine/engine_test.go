package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// api is an engine that answers with one status and text, and the client of it.
func api(t *testing.T, status int, body string) (c *Client, dials *atomic.Int32, cut func()) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	dials = new(atomic.Int32)
	c, err := New(func(ctx context.Context) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, "tcp", srv.Listener.Addr().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, dials, srv.CloseClientConnections
}

func TestABrokenConnectionIsDialledAgain(t *testing.T) {
	c, dials, cut := api(t, http.StatusOK, `{}`)
	if dials.Load() != 0 {
		t.Error("a client dialled before it was asked anything")
	}
	for range 2 {
		if _, err := c.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if dials.Load() != 1 {
		t.Errorf("dialled %d times for requests one after the other, want once", dials.Load())
	}
	cut()
	if _, err := c.Info(t.Context()); err != nil {
		t.Errorf("after the connection broke: %v", err)
	}
	if dials.Load() != 2 {
		t.Errorf("dialled %d times, want twice", dials.Load())
	}
}

func TestTheDialersErrorIsNotLost(t *testing.T) {
	cause := errors.New("check host key of n1")
	c, err := New(func(context.Context) (net.Conn, error) { return nil, cause })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Info(t.Context()); err == nil || !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("got %v, want it to say %q", err, cause)
	}
}

func TestOnlyAnImageThatIsNotFoundIsMissing(t *testing.T) {
	for status, want := range map[int]struct {
		has    bool
		failed bool
	}{
		http.StatusOK:                  {has: true},
		http.StatusNotFound:            {},
		http.StatusInternalServerError: {failed: true},
	} {
		c, _, _ := api(t, status, `{"message": "from the engine", "Id": "sha256:1"}`)
		has, err := HasImage(t.Context(), c, "web:1")
		if has != want.has || (err != nil) != want.failed {
			t.Errorf("status %d: got %t, %v", status, has, err)
		}
		if err != nil && !strings.Contains(err.Error(), "look for image web:1: ") {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

func TestAnEngineThatTheEnvironmentNamesWronglyIsAFaultOfTheEnvironment(t *testing.T) {
	t.Setenv("DOCKER_HOST", "docker")
	_, err := Local()
	var own interface {
		ExitCode() int
		Hint() string
	}
	if !errors.As(err, &own) || own.ExitCode() != 2 || !strings.Contains(own.Hint(), "DOCKER_HOST") {
		t.Errorf("got %v", err)
	}
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	if c, err := Local(); err != nil || c.DaemonHost() != "tcp://127.0.0.1:1" {
		t.Errorf("got %v", err)
	}
}
