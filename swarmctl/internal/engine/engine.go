// Package engine adapts the Docker SDK: it is the only importer of the docker
// client in swarmctl, so that its successor can replace it in one place.
package engine

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/docker/docker/client"
)

// Socket is where an engine listens on its own machine.
const Socket = "/var/run/docker.sock"

// Dial opens one connection to an engine's API, through SSH for instance.
type Dial func(ctx context.Context) (net.Conn, error)

// Client speaks the Docker Engine API, in the version that both sides know.
type Client = client.Client

// New returns a client whose every connection comes from dial. Nothing is
// dialled yet; a connection that breaks is dialled again by the next request.
func New(dial Dial) (*Client, error) {
	c, err := client.NewClientWithOpts(
		// The host is only a name here: dial decides where requests go.
		client.WithHost("tcp://engine"),
		client.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }),
		client.WithAPIVersionNegotiation(),
	)
	if err != nil {
		return nil, fmt.Errorf("make docker client: %w", err)
	}
	return c, nil
}

// Local returns a client of the engine on this machine, as DOCKER_HOST and its
// companions name it.
func Local() (*Client, error) {
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, environmentError{err}
	}
	return c, nil
}

// environmentError is a DOCKER_HOST or DOCKER_CERT_PATH that can't be used.
type environmentError struct{ err error }

func (e environmentError) Error() string {
	return "use the Docker engine on this machine: " + e.err.Error()
}
func (e environmentError) Unwrap() error { return e.err }

// ExitCode is that of a configuration fault.
func (environmentError) ExitCode() int { return 2 }

// Hint says what to do next.
func (environmentError) Hint() string {
	return "unset DOCKER_HOST, or give it a form like unix:///var/run/docker.sock; DOCKER_TLS_VERIFY and DOCKER_CERT_PATH go with tcp:// only"
}

// PingTimeout bounds the first question to an engine.
const PingTimeout = 10 * time.Second
