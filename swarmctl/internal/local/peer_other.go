//go:build !linux

package local

import (
	"errors"
	"net"
	"os"
)

// Machines as containers need Linux, which preflight says before anything
// comes here.
var errNotLinux = errors.New("not Linux")

func engineMissingCaps(net.Conn) ([]string, error) { return nil, errNotLinux }

func lockFile(*os.File) (bool, error) { return false, errNotLinux }
