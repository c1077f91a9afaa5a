package sshconn

import (
	"errors"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
)

// stdio is a command whose input and output are one connection.
type stdio struct {
	session *ssh.Session
	host    string
	in      io.WriteCloser
	out     io.Reader
	stderr  stream
	release func()
	close   sync.Once
}

// Read passes on what the command prints; where it ends badly, its error says why.
func (s *stdio) Read(p []byte) (int, error) {
	n, err := s.out.Read(p)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	var exit *ssh.ExitError
	if errors.As(s.session.Wait(), &exit) {
		return 0, &ExitError{Host: s.host, Command: "docker system dial-stdio", Code: exit.ExitStatus(), Stderr: lastLines(s.stderr.String(), 5)}
	}
	return 0, io.EOF
}

func (s *stdio) Write(p []byte) (int, error) { return s.in.Write(p) }

// CloseWrite tells the engine that nothing more will come.
func (s *stdio) CloseWrite() error { return s.in.Close() }

func (s *stdio) Close() error {
	s.close.Do(s.release)
	err := s.session.Close()
	if errors.Is(err, io.EOF) { // it had ended by itself
		return nil
	}
	return err
}
