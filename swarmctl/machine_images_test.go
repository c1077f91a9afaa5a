package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"
)

// localengine is the engine on this machine: localengine FILE answers what FILE
// says and writes what it is asked to local_requests.
func localengine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: localengine FILE")
	}
	api := httptest.NewServer(&answers{file: ts.MkAbs(args[0]), log: ts.MkAbs("local_requests")})
	ts.Defer(api.Close)
	ts.Setenv("DOCKER_HOST", "tcp://"+api.Listener.Addr().String())
}

// userOf is whom a request names to a registry, "as ann", with the password
// where it is not the right one.
func userOf(r *http.Request) string {
	var auth *registry.AuthConfig
	if strings.HasSuffix(r.URL.Path, "/auth") {
		auth = &registry.AuthConfig{}
		_ = json.NewDecoder(r.Body).Decode(auth)
	} else {
		auth, _ = registry.DecodeAuthConfig(r.Header.Get(registry.AuthHeader))
	}
	if auth == nil || auth.Username == "" {
		return ""
	}
	if auth.Password != "hunter2" {
		return "as " + auth.Username + ", who says " + auth.Password
	}
	return "as " + auth.Username
}

// holdSession keeps a build's session open, and asks nothing of it.
func holdSession(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
}

// writeImages writes the answers that are not one object, if this is such a one.
func writeImages(w http.ResponseWriter, answer map[string]any) bool {
	if lines, ok := answer["$lines"].([]any); ok {
		for _, line := range lines {
			_ = json.NewEncoder(w).Encode(line)
		}
		return true
	}
	if answer["$save"] != true {
		return false
	}
	w.Header().Set("Content-Type", "application/x-tar")
	if img, err := smallImage(); err == nil {
		_ = tarball.Write(name.MustParseReference("shop/web:latest"), img, w)
	}
	return true
}

// smallImage is the same in every run.
func smallImage() (v1.Image, error) {
	var files bytes.Buffer
	t := tar.NewWriter(&files)
	_ = t.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: 3})
	_, _ = io.WriteString(t, "app")
	_ = t.Close()
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture = "linux", "amd64"
	return mutate.ConfigFile(img, config)
}
