package sshconn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// streamConn gives a channel the deadlines that net.Conn promises: net/http
// interrupts a read with one after each request that it serves.
type streamConn struct {
	rw            io.ReadWriteCloser
	local, remote net.Addr

	chunks chan []byte // closed at the end, after readErr is set
	ack    chan struct{}
	closed chan struct{}

	readMu  sync.Mutex
	rest    []byte
	readErr error

	readBy, writeBy deadline
	once            sync.Once
}

func newStreamConn(rw io.ReadWriteCloser, local, remote net.Addr) *streamConn {
	c := &streamConn{
		rw: rw, local: local, remote: remote,
		chunks: make(chan []byte), ack: make(chan struct{}), closed: make(chan struct{}),
		readBy: newDeadline(), writeBy: newDeadline(),
	}
	go c.pump()
	return c
}

// pump reads ahead by one buffer, so that a read can be left at its deadline
// without losing what comes next.
func (c *streamConn) pump() {
	defer close(c.chunks)
	buf := make([]byte, 32<<10)
	for {
		n, err := c.rw.Read(buf)
		if n > 0 {
			select {
			case c.chunks <- buf[:n]:
			case <-c.closed:
				return
			}
			select {
			case <-c.ack: // the buffer is free again
			case <-c.closed:
				return
			}
		}
		if err != nil {
			c.readErr = err
			return
		}
	}
}

func (c *streamConn) Read(p []byte) (int, error) {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if c.readBy.passed() {
		return 0, os.ErrDeadlineExceeded
	}
	if len(c.rest) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if len(c.rest) == 0 {
		select {
		case c.ack <- struct{}{}:
		case <-c.closed:
		}
	}
	return n, nil
}

// next waits for the next bytes, the end or the deadline.
func (c *streamConn) next() error {
	select {
	case chunk, ok := <-c.chunks:
		if !ok {
			return c.endError()
		}
		c.rest = chunk
		return nil
	case <-c.closed:
		return net.ErrClosed
	case <-c.readBy.wait():
		return os.ErrDeadlineExceeded
	}
}

func (c *streamConn) endError() error {
	if isClosed(c.closed) {
		return net.ErrClosed
	}
	return c.readErr
}

// Write ends the connection where its deadline passes: what was sent by then
// is unknown.
func (c *streamConn) Write(p []byte) (int, error) {
	if c.writeBy.passed() {
		return 0, os.ErrDeadlineExceeded
	}
	done := make(chan struct{})
	defer close(done)
	expired := c.writeBy.wait()
	go func() {
		select {
		case <-done:
		case <-expired:
			_ = c.Close()
		}
	}()
	n, err := c.rw.Write(p)
	switch {
	case err == nil:
		return n, nil
	case isClosed(expired):
		return n, os.ErrDeadlineExceeded
	case isClosed(c.closed):
		return n, net.ErrClosed
	}
	return n, err
}

// CloseWrite tells the other end that nothing more will come.
func (c *streamConn) CloseWrite() error {
	if half, ok := c.rw.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *streamConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.rw.Close()
		if errors.Is(err, io.EOF) { // the other end closed first
			err = nil
		}
	})
	return err
}

func (c *streamConn) LocalAddr() net.Addr  { return c.local }
func (c *streamConn) RemoteAddr() net.Addr { return c.remote }

func (c *streamConn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

func (c *streamConn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

func (c *streamConn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}
