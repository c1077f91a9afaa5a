package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/provision/inventory"
)

// readyTimeout bounds a machine's start; about two seconds is usual.
const readyTimeout = 90 * time.Second

// awaitReady waits until the machine lets the key in and shows its own host
// key, and, where Docker is part of the machine, until its engine is up.
func awaitReady(ctx context.Context, n inventory.Node, login keyPair, docker bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not ready within %s", readyTimeout))
	defer cancel()
	command := "true"
	if docker {
		// Answers once the unit is active, or has failed.
		command = "systemctl start docker.service"
	}
	for {
		err := runOnce(ctx, n, login, command)
		var exit *ssh.ExitError
		if err == nil {
			return nil
		}
		if errors.As(err, &exit) {
			return fmt.Errorf("start Docker: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// runOnce logs in and runs one command.
func runOnce(ctx context.Context, n inventory.Node, login keyPair, command string) error {
	client, err := dialSSH(ctx, n, login)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	defer func() { _ = session.Close() }()
	return session.Run(command)
}

func dialSSH(ctx context.Context, n inventory.Node, login keyPair) (*ssh.Client, error) {
	signer, err := ssh.ParsePrivateKey(login.private)
	if err != nil {
		return nil, fmt.Errorf("read login key: %w", err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(n.HostKeys[0]))
	if err != nil {
		return nil, fmt.Errorf("read host key: %w", err)
	}
	address := net.JoinHostPort(n.Address, strconv.Itoa(n.Port))
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// A handshake with half a server must not wait for ever.
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User:            n.User,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(hostKey),
	})
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("log in: %w", err)
	}
	_ = conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, channels, requests), nil
}
