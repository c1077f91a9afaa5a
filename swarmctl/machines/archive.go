package machines

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"time"
)

// File is one entry of an archive that an engine unpacks; a name that ends in
// a slash is a directory.
type File struct {
	Name string
	Mode int64
	Data []byte
}

// Archive packs files as tar, without owners or times, so that equal files
// make equal bytes.
func Archive(files []File) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := &tar.Header{Name: f.Name, Mode: f.Mode, Size: int64(len(f.Data)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if strings.HasSuffix(f.Name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Name, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack archive: %w", err)
	}
	return &buf, nil
}
