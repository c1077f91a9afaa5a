package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lock keeps other processes from the cluster until release is called. The
// state directory itself is what is locked, so that no other file is left.
func lock(dir string) (release func(), err error) {
	for {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make state directory: %w", err)
		}
		f, err := os.Open(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue // removed by a `down` meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("open state directory: %w", err)
		}
		got, err := lockFile(f)
		if err != nil || !got {
			_ = f.Close()
			return nil, lockError(dir, err)
		}
		if samePlace(f, dir) {
			return func() { _ = f.Close() }, nil
		}
		_ = f.Close()
	}
}

func lockError(dir string, err error) error {
	if err != nil {
		return err
	}
	return hintError{
		fmt.Errorf("another swarmctl is at work on the local cluster %q", filepath.Base(dir)),
		"wait until it is done, or end it; nothing of it is lost",
	}
}

// samePlace tells whether the path still leads to the open directory.
func samePlace(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
