package sshconn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// exitUnreachable is swarmctl's exit code for a host that could not be reached
// or is not the one that it should be.
const exitUnreachable = 6

// UnreachableError is a host that gave no answer, or none in SSH.
type UnreachableError struct {
	Host, Addr string
	Via        string // the bastion's address, where there is one
	Err        error
}

func (e *UnreachableError) Error() string {
	via := ""
	if e.Via != "" {
		via = " through " + e.Via
	}
	return fmt.Sprintf("reach %q at %s%s: %s", e.Host, e.Addr, via, reason(e.Err))
}

// reason leaves out what the message says already. It also avoids the words by
// which the docker client knows a connection error, whose cause it then drops.
func reason(err error) string {
	var system *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.As(err, &system):
		return system.Err.Error()
	case errors.Is(err, io.EOF):
		return "it closes the connection"
	}
	return err.Error()
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// ExitCode is the process's exit code.
func (*UnreachableError) ExitCode() int { return exitUnreachable }

// Hint says what to do next.
func (*UnreachableError) Hint() string {
	return "see that the machine runs, that its SSH port is open to this address, and that the inventory's address is right"
}

// HostKeyError is a host that showed a key that the inventory does not name.
type HostKeyError struct {
	Host, Addr string
	// Shown and Expected are "type SHA256:fingerprint".
	Shown    string
	Expected []string
}

func (e *HostKeyError) Error() string {
	return fmt.Sprintf("check host key of %q at %s: it shows %s, the inventory expects %s",
		e.Host, e.Addr, e.Shown, strings.Join(e.Expected, " or "))
}

// ExitCode is the process's exit code.
func (*HostKeyError) ExitCode() int { return exitUnreachable }

// Hint says what to do next.
func (*HostKeyError) Hint() string {
	return "someone may be listening in, or the machine was rebuilt; compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine's own console, then mend hostKeys in the inventory"
}

// AuthError is a host that let none of our keys in.
type AuthError struct {
	Host, Addr, User string
	// Tried names each key, and each that could not be used with the reason.
	Tried []string
	Err   error
}

func (e *AuthError) Error() string {
	tried := "no key to offer"
	if len(e.Tried) > 0 {
		tried = "tried " + strings.Join(e.Tried, ", ")
	}
	return fmt.Sprintf("log in to %q as %s@%s: refused; %s", e.Host, e.User, e.Addr, tried)
}

func (e *AuthError) Unwrap() error { return e.Err }

// ExitCode is the process's exit code.
func (*AuthError) ExitCode() int { return exitUnreachable }

// Hint says what to do next.
func (e *AuthError) Hint() string {
	for _, t := range e.Tried {
		if strings.Contains(t, needsAgent) {
			return "add the key to the agent with `ssh-add`, or name another one with --identity"
		}
	}
	return "name the key with --identity, or add its public half to the user's ~/.ssh/authorized_keys on the machine"
}

// ExitError is a command that ran and failed.
type ExitError struct {
	Host string
	// Command is the command's name; its arguments and input may be secret.
	Command string
	// Code is the exit code; where a signal ended it, 128 and the signal's number.
	Code int
	// Stderr holds the last lines of standard error.
	Stderr string
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("run %s on %q: exit code %d", e.Command, e.Host, e.Code)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// Status is the exit code, for who must not know this package.
func (e *ExitError) Status() int { return e.Code }

// Hint says what to do next.
func (e *ExitError) Hint() string {
	if strings.HasPrefix(e.Stderr, "sudo:") {
		return "let the inventory's user run sudo without a password (NOPASSWD), or log in as root"
	}
	return ""
}
