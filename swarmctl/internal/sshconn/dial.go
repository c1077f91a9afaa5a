package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/provision/inventory"
)

// host is a machine to log in to.
type host struct {
	node inventory.Node
	addr string
	keys []ssh.PublicKey
	via  string // the bastion's address, where there is one
}

func nodeHost(node inventory.Node) (host, error) {
	keys, err := parseHostKeys(node.HostKeys)
	if err != nil {
		return host{}, fmt.Errorf("read host keys of %q: %w", node.Name, err)
	}
	port := node.Port
	if port == 0 {
		port = inventory.DefaultPort
	}
	return host{node: node, addr: net.JoinHostPort(node.Address, strconv.Itoa(port)), keys: keys}, nil
}

type dialFunc func(ctx context.Context, addr string) (net.Conn, error)

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	// The operating system's own keep-alive is far slower than ours.
	d := net.Dialer{KeepAlive: -1}
	return d.DialContext(ctx, "tcp", addr)
}

// maxAttempts bounds the dials of one host that drops connections. sshd does
// so at random once MaxStartups (10:30:100) logins are under way.
const maxAttempts = 5

// dial connects and logs in, again where the machine dropped the connection.
func (p *Pool) dial(ctx context.Context, h host, dial dialFunc) (*Conn, error) {
	pause := 100 * time.Millisecond
	for attempt := 1; ; attempt++ {
		client, err := p.attempt(ctx, h, dial)
		if err == nil {
			return newConn(h, client, p.cfg.KeepAlive), nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %q: %w", h.node.Name, ctx.Err())
		}
		if attempt == maxAttempts || !dropped(err) {
			return nil, classify(h, err)
		}
		// Some of it random, so that dials that were dropped together part.
		wait := pause/2 + rand.N(pause) //nolint:gosec // spreads load, guards nothing
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		pause *= 2
	}
}

// classify keeps the errors that say more than that a host was not reached.
func classify(h host, err error) error {
	var key *HostKeyError
	var auth *AuthError
	if errors.As(err, &key) || errors.As(err, &auth) {
		return err
	}
	return &UnreachableError{Host: h.node.Name, Addr: h.addr, Via: h.via, Err: err}
}

// dropped tells whether the machine, or what is in front of it, cut the
// connection off, as opposed to refusing us or staying silent.
func dropped(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (p *Pool) attempt(ctx context.Context, h host, dial dialFunc) (*ssh.Client, error) {
	select {
	case p.dials <- struct{}{}:
		defer func() { <-p.dials }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.cfg.ConnectTimeout, errSilent)
	defer cancel()
	raw, err := dial(ctx, h.addr)
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	// A channel through the bastion knows no deadlines, so closing ends the handshake.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	client, err := p.handshake(ctx, h, raw)
	if !stop() && err == nil {
		_ = client.Close()
		err = ctx.Err()
	}
	return client, causeOf(ctx, err)
}

// errSilent is a host that neither answers nor refuses.
var errSilent = errors.New("no answer in time")

// causeOf prefers why the context ended over what breaking off looked like.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// handshake checks the host's key and logs in.
func (p *Pool) handshake(ctx context.Context, h host, raw net.Conn) (*ssh.Client, error) {
	check := &keyCheck{host: h}
	login := &login{auth: p.auth}
	conn, chans, reqs, err := ssh.NewClientConn(raw, h.addr, &ssh.ClientConfig{
		User:              h.node.User,
		Auth:              []ssh.AuthMethod{login.method(ctx)},
		HostKeyCallback:   check.callback,
		HostKeyAlgorithms: hostKeyAlgorithms(h.keys),
	})
	if err == nil {
		return ssh.NewClient(conn, chans, reqs), nil
	}
	_ = raw.Close()
	switch {
	case check.err != nil:
		return nil, check.err
	case check.passed && !dropped(err) && ctx.Err() == nil:
		return nil, &AuthError{Host: h.node.Name, Addr: h.addr, User: h.node.User, Tried: login.tried, Err: err}
	}
	return nil, err
}
