// Package sshconn reaches machines over SSH: one connection a host, whose
// multiplexed channels run commands, upload files, reach the Docker engine's
// socket and listen on the machine's own loopback.
//
// Host keys are those that the inventory names and are always checked; nothing
// turns that off. Secrets travel through standard input, never on a command
// line, where every user of the machine could read them.
package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ycesproject/yces/provision/inventory"
)

// Config says how to log in and how patient to be. The zero value of each
// field means its default.
type Config struct {
	// Identities are private key files. Where there are none, the agent's keys
	// and those of DefaultIdentities are tried.
	Identities []string
	// AgentSocket is the agent's Unix socket, $SSH_AUTH_SOCK as a rule.
	AgentSocket string
	// DefaultIdentities are tried where Identities is empty; files that do not
	// exist are passed over. See DefaultIdentities.
	DefaultIdentities []string
	// Bastion, where set, is the host that every connection goes through.
	Bastion *inventory.Bastion
	// MaxDials bounds the dials at one time (10), because sshd drops
	// connections beyond its MaxStartups.
	MaxDials int
	// ConnectTimeout bounds one attempt to connect and log in (10 s).
	ConnectTimeout time.Duration
	// KeepAlive is the time between two questions whether the host is still
	// there (5 s); one that stays silent for two more of them is given up.
	KeepAlive time.Duration
}

func (c Config) withDefaults() Config {
	if c.MaxDials <= 0 {
		c.MaxDials = 10
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	if c.KeepAlive <= 0 {
		c.KeepAlive = 5 * time.Second
	}
	return c
}

// Pool keeps one connection a host. It is safe for concurrent use.
type Pool struct {
	cfg   Config
	auth  *authenticator
	dials chan struct{}

	mu     sync.Mutex
	hosts  map[string]*flight
	closed bool
}

// flight is one dial and, once done is closed, what came of it.
type flight struct {
	done      chan struct{}
	conn      *Conn
	err       error
	abandoned bool // its caller gave up; that says nothing about the host
}

// alive tells whether a caller can still make use of the flight.
func (f *flight) alive() bool {
	select {
	case <-f.done:
		return f.err == nil && f.conn.alive()
	default:
		return true
	}
}

// ErrClosed is returned by a pool that was closed.
var ErrClosed = errors.New("ssh connections are closed")

// NewPool returns a pool; it connects to nothing yet.
func NewPool(cfg Config) *Pool {
	cfg = cfg.withDefaults()
	return &Pool{
		cfg:   cfg,
		auth:  newAuthenticator(cfg),
		dials: make(chan struct{}, cfg.MaxDials),
		hosts: map[string]*flight{},
	}
}

// Conn returns the connection to the node and makes it where there is none or
// where the last one broke. Callers at the same time share one dial.
//
// Errors: *UnreachableError, *HostKeyError, *AuthError, or the context's.
func (p *Pool) Conn(ctx context.Context, node inventory.Node) (*Conn, error) {
	h, err := nodeHost(node)
	if err != nil {
		return nil, err
	}
	return p.share(ctx, "node "+node.Name, func(ctx context.Context) (*Conn, error) {
		if p.cfg.Bastion == nil {
			return p.dial(ctx, h, dialTCP)
		}
		bastion, err := p.bastion(ctx)
		if err != nil {
			return nil, err
		}
		h.via = bastion.node.Address
		return p.dial(ctx, h, func(ctx context.Context, addr string) (net.Conn, error) {
			return bastion.client.DialContext(ctx, "tcp", addr)
		})
	})
}

func (p *Pool) bastion(ctx context.Context) (*Conn, error) {
	b := p.cfg.Bastion
	h, err := nodeHost(inventory.Node{Name: "bastion", Address: b.Address, Port: b.Port, User: b.User, HostKeys: b.HostKeys})
	if err != nil {
		return nil, err
	}
	return p.share(ctx, "bastion", func(ctx context.Context) (*Conn, error) { return p.dial(ctx, h, dialTCP) })
}

// share makes callers for the same host wait for one dial. A waiter whose dial
// was abandoned by its caller dials by itself.
func (p *Pool) share(ctx context.Context, key string, dial func(context.Context) (*Conn, error)) (*Conn, error) {
	for {
		f, mine, err := p.join(key)
		if err != nil {
			return nil, err
		}
		if mine {
			f.conn, f.err = dial(ctx)
			return p.land(ctx, key, f)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !f.abandoned {
			return f.conn, f.err
		}
	}
}

// join returns the host's usable flight, or a new one that the caller must fly.
func (p *Pool) join(key string) (f *flight, mine bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, ErrClosed
	}
	if f := p.hosts[key]; f != nil && f.alive() {
		return f, false, nil
	}
	f = &flight{done: make(chan struct{})}
	p.hosts[key] = f
	return f, true, nil
}

func (p *Pool) land(ctx context.Context, key string, f *flight) (*Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed && f.err == nil {
		f.conn.shut(ErrClosed)
		f.conn, f.err = nil, ErrClosed
	}
	if f.err != nil {
		f.abandoned = ctx.Err() != nil
		delete(p.hosts, key)
	}
	close(f.done)
	return f.conn, f.err
}

// Close ends every connection; what still runs through them fails.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, f := range p.hosts {
		select {
		case <-f.done:
			f.conn.shut(ErrClosed)
		default: // land closes what is still being dialled
		}
	}
	if err := p.auth.close(); err != nil {
		return fmt.Errorf("close ssh agent: %w", err)
	}
	return nil
}
