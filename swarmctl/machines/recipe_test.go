package machines

import (
	"archive/tar"
	"errors"
	"io"
	"testing"
)

func reference(t *testing.T, r Recipe, base string) string {
	t.Helper()
	ref, err := r.Reference(base)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAnImageIsNamedByEverythingItIsMadeOf(t *testing.T) {
	certs := map[string][]byte{"proxy.crt": []byte("A")}
	first := reference(t, Image(certs, "docker.io"), "sha256:1")
	if again := reference(t, Image(map[string][]byte{"proxy.crt": []byte("A")}, "docker.io"), "sha256:1"); again != first {
		t.Errorf("the same recipe gives %s and %s", first, again)
	}
	for what, other := range map[string]string{
		"another base image":  reference(t, Image(certs, "docker.io"), "sha256:2"),
		"another certificate": reference(t, Image(map[string][]byte{"proxy.crt": []byte("B")}, "docker.io"), "sha256:1"),
		"no Docker":           reference(t, Image(certs), "sha256:1"),
	} {
		if other == first {
			t.Errorf("%s gives the same image %s", what, first)
		}
	}
}

func TestTheBuildContextHoldsWhatTheRecipeCopies(t *testing.T) {
	modes := contextModes(t, Image(map[string][]byte{"proxy.crt": []byte("A")}, "docker.io"))
	for name, mode := range map[string]int64{
		"Dockerfile": 0o644, "ca/": 0o755, "ca/proxy.crt": 0o644,
		"files/usr/local/sbin/machine-init": 0o755,
	} {
		if got, ok := modes[name]; !ok || got != mode {
			t.Errorf("%s has mode %o (found %v), want %o", name, got, ok, mode)
		}
	}
}

func contextModes(t *testing.T, r Recipe) map[string]int64 {
	t.Helper()
	files, err := r.Context()
	if err != nil {
		t.Fatal(err)
	}
	buf, err := Archive(files)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for reader := tar.NewReader(buf); ; {
		h, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return modes
		}
		if err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.Mode
	}
}
