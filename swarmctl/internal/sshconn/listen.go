package sshconn

import (
	"context"
	"fmt"
	"net"
)

// ListenError is a machine that would not listen for us.
type ListenError struct {
	Host, Addr string
	Err        error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("listen on %s of %q: %v", e.Addr, e.Host, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *ListenError) Hint() string {
	return "another program on the machine may hold the port, or its sshd does not forward: set `AllowTcpForwarding yes` (or `remote`)"
}

// Listen makes the machine listen on its own address, 127.0.0.1:5555 for
// instance, and hands the connections over to us. Port 0 lets sshd choose.
//
// Errors: *ListenError, *UnreachableError, the context's.
func (c *Conn) Listen(ctx context.Context, addr string) (net.Listener, error) {
	bound, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s of %q: %w", addr, c.node.Name, err)
	}
	l, err := await(ctx, c, func() (net.Listener, error) { return c.client.ListenTCP(bound) }, func(l net.Listener) { _ = l.Close() })
	if err == nil {
		return listener{l}, nil
	}
	if !c.alive() || ctx.Err() != nil {
		return nil, fmt.Errorf("listen on %s of %q: %w", addr, c.node.Name, err)
	}
	return nil, &ListenError{Host: c.node.Name, Addr: addr, Err: err}
}

// listener gives each accepted connection deadlines.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newStreamConn(conn, conn.LocalAddr(), conn.RemoteAddr()), nil
}
