package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// readerFiles are ZXing as WebAssembly, compressed as they are sent; see the
// README beside them.
//
//go:embed static/vendor
var readerFiles embed.FS

// readerBase names the version, so that its files may be cached for ever.
const readerBase = "/static/vendor/zxing-wasm-3.1.4/"

// readerTypes keeps the media types from depending on the machine's own list.
var readerTypes = map[string]string{".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm"}

// serveReader answers GET /static/vendor/{file...}.
func serveReader(w http.ResponseWriter, r *http.Request) {
	name := path.Join("static/vendor", path.Clean("/"+r.PathValue("file")))
	packed, err := fs.ReadFile(readerFiles, name+".gz")
	mediaType := readerTypes[path.Ext(name)]
	if err != nil || mediaType == "" {
		notFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	tag := `"zxing-wasm-3.1.4"`
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		tag = `"zxing-wasm-3.1.4-gzip"`
	}
	h.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if acceptsGzip(r) {
		h.Set("Content-Length", strconv.Itoa(len(packed)))
		_, _ = w.Write(packed)
		return
	}
	inflate(w, packed)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil && coding == "gzip" && strings.Trim(parameters["q"], "0.") != "" || err == nil && coding == "gzip" && parameters["q"] == "" {
			return true
		}
	}
	return false
}

func inflate(w io.Writer, packed []byte) {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Errorf("unpack a file of ours: %w", err))
	}
	_, _ = io.Copy(w, unpacked) //nolint:gosec // our own file, no bomb
}
