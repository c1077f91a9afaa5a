package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
)

// dockerSocket is where the engine listens, which its own client can reach too.
const dockerSocket = "/var/run/docker.sock"

// DialUnix connects to a Unix socket on the machine. Where sshd may not open
// the engine's socket, because the user is not in the group docker or because
// forwarding is off, Docker's own client carries the bytes, as root. That way
// needs a session for each connection, of which maxStreams can be open at one
// time; more wait.
func (c *Conn) DialUnix(ctx context.Context, socket string) (net.Conn, error) {
	raw, err := await(ctx, c, func() (net.Conn, error) { return c.client.Dial("unix", socket) }, closeConn)
	if err == nil {
		return newStreamConn(raw, raw.LocalAddr(), raw.RemoteAddr()), nil
	}
	if socket == dockerSocket && c.mayDialStdio(err) {
		return c.dialStdio(ctx)
	}
	return nil, fmt.Errorf("connect to %s on %q: %w", socket, c.node.Name, err)
}

func closeConn(conn net.Conn) { _ = conn.Close() }

// mayDialStdio tells whether Docker's client can do better: sshd opens the
// socket as the user, and root's failure to is the engine's, unless sshd was
// told not to forward.
func (c *Conn) mayDialStdio(err error) bool {
	var refused *ssh.OpenChannelError
	if !errors.As(err, &refused) {
		return false
	}
	return c.node.User != "root" || refused.Reason != ssh.ConnectionFailed
}

// dialStdio reaches the engine through `docker system dial-stdio`.
func (c *Conn) dialStdio(ctx context.Context) (net.Conn, error) {
	release, err := c.acquire(ctx, c.streams)
	if err != nil {
		return nil, fmt.Errorf("connect to the engine of %q: %w", c.node.Name, err)
	}
	stdio, err := await(ctx, c, c.startStdio, func(s *stdio) { _ = s.Close() })
	if err != nil {
		release()
		return nil, fmt.Errorf("connect to the engine of %q: %w", c.node.Name, err)
	}
	stdio.release = release
	addr := &net.UnixAddr{Name: dockerSocket, Net: "unix"}
	return newStreamConn(stdio, addr, addr), nil
}

func (c *Conn) startStdio() (*stdio, error) {
	session, err := c.client.NewSession()
	if err != nil {
		return nil, err
	}
	s := &stdio{session: session, host: c.node.Name, release: func() {}}
	in, err := session.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, session.Close())
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, session.Close())
	}
	session.Stderr = &s.stderr
	s.in, s.out = in, out
	cmd := Command{Args: []string{"docker", "--host", "unix://" + dockerSocket, "system", "dial-stdio"}, Sudo: true}
	if err := session.Start(cmd.text(c.node.User, "")); err != nil {
		return nil, errors.Join(err, session.Close())
	}
	return s, nil
}
