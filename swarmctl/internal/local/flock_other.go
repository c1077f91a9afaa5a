//go:build !linux

package local

import (
	"errors"
	"os"
)

// Machines as containers need Linux, which preflight says before anything
// comes here.
var errNotLinux = errors.New("not Linux")

func lockFile(*os.File) (bool, error) { return false, errNotLinux }
