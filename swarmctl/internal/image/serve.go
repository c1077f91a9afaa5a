package image

import (
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// server answers the reading half of the OCI distribution API, for one image
// and under any repository name: a digest says all there is to say.
type server struct {
	image *Image
	sent  atomic.Int64 // bytes of blobs and manifests
}

// ServeHTTP serves /v2/, manifests and blobs by digest; see the OCI
// distribution specification, sections "Pulling manifests" and "Pulling blobs".
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "this registry is read-only", http.StatusMethodNotAllowed)
		return
	}
	kind, digest := splitPath(r.URL.Path)
	counted := &countingWriter{ResponseWriter: w, sent: &s.sent}
	switch kind {
	case "":
		w.WriteHeader(http.StatusOK)
	case "manifests":
		s.serveManifest(counted, r, digest)
	case "blobs":
		s.serveBlob(counted, r, digest)
	default:
		http.NotFound(w, r)
	}
}

// splitPath takes /v2/NAME/KIND/DIGEST apart; the name may have slashes.
func splitPath(path string) (kind, digest string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 1 && parts[0] == "v2" {
		return "", ""
	}
	if len(parts) < 4 {
		return "unknown", ""
	}
	return parts[len(parts)-2], parts[len(parts)-1]
}

func (s *server) serveManifest(w http.ResponseWriter, r *http.Request, digest string) {
	if digest != s.image.Digest {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", string(types.DockerManifestSchema2))
	w.Header().Set("Docker-Content-Digest", digest)
	if r.Method == http.MethodGet {
		// An engine that goes away asks again; there is nobody else to tell.
		_, _ = w.Write(s.image.Manifest)
	}
}

func (s *server) serveBlob(w http.ResponseWriter, r *http.Request, digest string) {
	file, ok := s.image.blobs[digest]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", digest)
	http.ServeFile(w, r, file)
}

type countingWriter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.sent.Add(int64(n))
	return n, err
}
