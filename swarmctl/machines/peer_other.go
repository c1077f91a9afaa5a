//go:build !linux

package machines

import (
	"errors"
	"net"
)

// Machines as containers need Linux, which is said before anything comes here.
var errNotLinux = errors.New("not Linux")

// MissingCaps is for Linux only.
func MissingCaps(net.Conn) ([]string, error) { return nil, errNotLinux }
