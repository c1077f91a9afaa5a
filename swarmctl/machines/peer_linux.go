package machines

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// MissingCaps names the capabilities that the process behind the engine's socket
// lacks. Where systemd made the socket that is systemd, whose set the engine
// inherited.
func MissingCaps(conn net.Conn) ([]string, error) {
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
	return capsMissingIn(string(status))
}
