package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycesproject/yces/app/internal/web"
)

// service is the real app, once for each commit given, behind a balancer that
// takes turns; edit may change an answer's path or refuse it.
func service(t *testing.T, edit func(http.ResponseWriter, *http.Request) bool, commits ...string) string {
	t.Helper()
	var backends []http.Handler
	for i, commit := range commits {
		app, err := web.New(web.Config{Build: web.Build{Commit: commit, Host: "node-" + string(rune('1'+i))}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			t.Fatal(err)
		}
		backends = append(backends, app.Handler())
	}
	var turn atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if edit != nil && edit(w, r) {
			return
		}
		backends[int(turn.Add(1))%len(backends)].ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// smoke runs the command against the service, which should have two replicas.
func smoke(t *testing.T, url string, args ...string) (int, string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	status := write("status.json", map[string]any{"endpoint": url, "services": []any{map[string]any{"name": "yces_qr", "stack": "yces", "desired": 2}}})
	releases := write("releases.json", []any{map[string]any{"number": 2, "commit": "new"}, map[string]any{"number": 1, "commit": "old"}})
	var out bytes.Buffer
	code := run(context.Background(), append([]string{"--status", status, "--releases", releases, "--timeout", "3s"}, args...), &out, &out)
	return code, out.String()
}

func expectCode(t *testing.T, want int, code int, out string, texts ...string) {
	t.Helper()
	if code != want {
		t.Errorf("exit code %d, want %d:\n%s", code, want, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("the output does not say %q:\n%s", text, out)
		}
	}
}

func TestEveryReplicaServesTheRelease(t *testing.T) {
	code, out := smoke(t, service(t, nil, "new", "new"), "--text", "QR codes")
	expectCode(t, 0, code, out, "ok: 2 replicas answer with commit new", "ok: the page", "ok: a qr code", "ok: a code128 code")
}

func TestReplicaOfAnOldReleaseIsFound(t *testing.T) {
	code, out := smoke(t, service(t, nil, "new", "old"))
	expectCode(t, 1, code, out, "node-2 serves commit old, want new")
}

func TestMissingReplicaIsFound(t *testing.T) {
	code, out := smoke(t, service(t, nil, "new"))
	expectCode(t, 1, code, out, "answers come from 1 replicas (node-1), want 2")
}

func TestReplicaThatComesLateIsWaitedFor(t *testing.T) {
	start := time.Now()
	late := func(w http.ResponseWriter, _ *http.Request) bool {
		if time.Since(start) > 500*time.Millisecond {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	code, out := smoke(t, service(t, late, "new", "new"))
	expectCode(t, 0, code, out)
}

func TestTextThatThePageLacksIsAFault(t *testing.T) {
	code, out := smoke(t, service(t, nil, "new", "new"), "--text", "not there")
	expectCode(t, 1, code, out, `the page does not show "not there"`)
}

func TestStylesheetThatIsMissingIsAFault(t *testing.T) {
	noStyles := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			return false
		}
		http.NotFound(w, r)
		return true
	}
	code, out := smoke(t, service(t, noStyles, "new", "new"))
	expectCode(t, 1, code, out, "get what the page needs", "404")
}

func TestCodeThatSaysSomethingElseIsAFault(t *testing.T) {
	other := func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/api/v1/") {
			r.URL.RawQuery = "data=other"
		}
		return false
	}
	code, out := smoke(t, service(t, other, "new", "new"))
	expectCode(t, 1, code, out, `code says "other"`)
}

func TestFilesThatSayNothingAreUsageFaults(t *testing.T) {
	var out bytes.Buffer
	if code := run(context.Background(), []string{"--status", "/nowhere"}, &out, &out); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	for _, flag := range []string{"--status", "--releases"} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("no fault about %s:\n%s", flag, out.String())
		}
	}
}
