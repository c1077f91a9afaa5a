package local

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"time"
)

// file is one entry of an archive that an engine unpacks; a name that ends in
// a slash is a directory.
type file struct {
	name string
	mode int64
	data []byte
}

// archive packs files as tar, without owners or times, so that equal files
// make equal bytes.
func archive(files []file) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack archive: %w", err)
	}
	return &buf, nil
}
