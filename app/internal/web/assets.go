package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// asset is an embedded file.
type asset struct {
	body []byte
	// address carries a hash of the content, so that it may be cached for ever.
	address string
}

// Address is for templates.
func (a asset) Address() string { return a.address }

// assets are the embedded files by name.
type assets map[string]asset

func loadAssets() (assets, error) {
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("list static files: %w", err)
	}
	all := assets{}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			continue // files of others, which serveReader sends
		}
		body, err := fs.ReadFile(staticFiles, "static/"+name)
		if err != nil {
			return nil, fmt.Errorf("read static file: %w", err)
		}
		all.add(name, body)
	}
	all.add("icon.svg", iconSVG())
	return all, nil
}

func (all assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	extension := path.Ext(name)
	hashed := strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:6]) + extension
	all[name] = asset{body, "/static/" + hashed}
}

// serve answers /static/NAME.HASH.EXT. During a rollout a page of one version
// may ask a replica of the other: it then gets this version's file, uncached.
func (all assets) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.PathValue("file"), ".")
	if len(parts) != 3 {
		notFound(w, r)
		return
	}
	file, ok := all[parts[0]+"."+parts[2]]
	if !ok {
		notFound(w, r)
		return
	}
	caching := "no-store"
	if r.URL.Path == file.address {
		caching = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", caching)
	http.ServeContent(w, r, file.address, time.Time{}, bytes.NewReader(file.body))
}
