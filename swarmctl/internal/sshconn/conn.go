package sshconn

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/provision/inventory"
)

// sshd allows 10 sessions a connection (MaxSessions). Commands and the slower
// way to the engine's socket have their own shares of nine, so that streams
// that stay open never keep a command waiting; the last is for ending commands.
// Forwarded sockets and ports do
// not count as sessions.
const (
	maxCommands = 4
	maxStreams  = 5
	maxStops    = 1
)

// Conn is the connection to one machine. It is safe for concurrent use.
type Conn struct {
	node   inventory.Node
	addr   string
	client *ssh.Client

	commands chan struct{}
	streams  chan struct{}
	stops    chan struct{}

	once  sync.Once
	gone  chan struct{}
	cause error
}

func newConn(h host, client *ssh.Client, keepAlive time.Duration) *Conn {
	c := &Conn{
		node: h.node, addr: h.addr, client: client,
		commands: make(chan struct{}, maxCommands),
		streams:  make(chan struct{}, maxStreams),
		stops:    make(chan struct{}, maxStops),
		gone:     make(chan struct{}),
	}
	go func() { c.shut(client.Wait()) }()
	go c.watch(keepAlive)
	return c
}

// Node returns the machine's entry in the inventory.
func (c *Conn) Node() inventory.Node { return c.node }

func (c *Conn) alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

// shut closes the connection and remembers why.
func (c *Conn) shut(cause error) {
	c.once.Do(func() {
		if cause == nil {
			cause = errors.New("the machine closed the connection")
		}
		c.cause = cause
		close(c.gone)
		_ = c.client.Close()
	})
}

// broken says that the connection was lost, or keeps the error where it is still there.
func (c *Conn) broken(err error) error {
	if errors.As(err, new(*ssh.OpenChannelError)) {
		return err // an answer, so the machine is there
	}
	select {
	case <-c.gone:
	case <-time.After(50 * time.Millisecond): // what ended a channel may be the connection's end, which is noticed next
		return err
	}
	if errors.Is(c.cause, ErrClosed) {
		return ErrClosed
	}
	return &UnreachableError{Host: c.node.Name, Addr: c.addr, Err: errors.Join(errors.New("connection lost"), c.cause)}
}

// errDead is a connection whose other end fell silent.
var errDead = errors.New("the machine no longer answers")

// watch gives the connection up once the machine stays silent.
func (c *Conn) watch(interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-tick.C:
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			// Any answer will do, and most servers answer with a failure.
			_, _, _ = c.client.SendRequest("keepalive@openssh.com", true, nil)
		}()
		select {
		case <-answered:
		case <-c.gone:
			return
		case <-time.After(2 * interval):
			c.shut(errDead)
			return
		}
	}
}

// acquire takes a slot of the share; the returned function gives it back.
func (c *Conn) acquire(ctx context.Context, share chan struct{}) (release func(), err error) {
	select {
	case share <- struct{}{}:
		var once sync.Once
		return func() { once.Do(func() { <-share }) }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.gone:
		return nil, c.broken(c.cause)
	}
}

// await does what may block on the wire and knows no context. What it makes
// after the caller has left is discarded.
func await[T any](ctx context.Context, c *Conn, do func() (T, error), discard func(T)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := do()
		done <- outcome{value, err}
	}()
	var zero T
	var cause error
	select {
	case o := <-done:
		if o.err != nil {
			return zero, c.broken(o.err)
		}
		return o.value, nil
	case <-ctx.Done():
		cause = ctx.Err()
	case <-c.gone:
		cause = c.broken(c.cause)
	}
	go func() {
		if o := <-done; o.err == nil {
			discard(o.value)
		}
	}()
	return zero, cause
}
