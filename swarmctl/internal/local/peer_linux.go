package local

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// engineMissingCaps names the capabilities that the process behind the socket
// lacks. Where systemd made the socket that is systemd, whose set the engine
// inherited.
func engineMissingCaps(conn net.Conn) ([]string, error) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, fmt.Errorf("ask who listens: not a unix socket")
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("ask who listens: %w", err)
	}
	var cred *syscall.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil {
		return nil, fmt.Errorf("ask who listens: %w", err)
	}
	if credErr != nil {
		return nil, fmt.Errorf("ask who listens: %w", credErr)
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(cred.Pid)), "status"))
	if err != nil {
		return nil, fmt.Errorf("read capabilities of the engine: %w", err)
	}
	return missingCaps(string(status))
}

// lockFile holds an exclusive lock on the open file; it ends with the process,
// however that ends. It returns false at once where another process holds it.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return true, nil
}
