//go:build integration

package harness

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hookConfig is what the repository's post-receive hook knows; the hook is this
// test binary, see TestMain.
type hookConfig struct {
	URL        string
	Secret     string
	Repository string
}

const hookVariable = "PIPELINE_HOOK"

func TestMain(m *testing.M) {
	config := os.Getenv(hookVariable)
	if config == "" {
		m.Run()
		return
	}
	if err := postReceive(config, os.Stdin); err != nil {
		panic(err) // git shows it, and the push that the test waits for never comes
	}
}

// push is GitHub's event of that name, as far as it is read.
type push struct {
	Ref        string `json:"ref"`
	After      string `json:"after"`
	Repository struct {
		CloneURL string `json:"clone_url"`
	} `json:"repository"`
}

// postReceive sends a push event for each line that git writes: old, new, ref.
func postReceive(config string, lines io.Reader) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	var c hookConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		event := push{Ref: fields[2], After: fields[1]}
		event.Repository.CloneURL = c.Repository
		body, err := json.Marshal(event)
		if err != nil {
			return err
		}
		status, err := deliver(c.URL, body, sign(body, c.Secret))
		if err != nil || status != http.StatusAccepted {
			return fmt.Errorf("the webhook answered %d, %w", status, err)
		}
	}
	return nil
}

// sign is GitHub's X-Hub-Signature-256.
func sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func deliver(url string, body []byte, signature string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-GitHub-Event", "push")
	req.Header.Set("X-Hub-Signature-256", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// listener takes the place of Jenkins' /github-webhook/: signed pushes to one
// repository become builds.
func listener(t *testing.T, secret, repository string) (string, <-chan push) {
	t.Helper()
	pushes := make(chan push, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || !hmac.Equal([]byte(r.Header.Get("X-Hub-Signature-256")), []byte(sign(body, secret))) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		var event push
		if err := json.Unmarshal(body, &event); err != nil || r.Header.Get("X-GitHub-Event") != "push" || event.Repository.CloneURL != repository {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		pushes <- event
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/github-webhook/", pushes
}

// repository is a bare repository with a webhook, and a clone to work in.
type repository struct {
	bare, clone string
	pushes      <-chan push
}

// newRepository holds what is here now, committed or not.
func newRepository(t *testing.T, secret string) *repository {
	t.Helper()
	r := &repository{bare: filepath.Join(t.TempDir(), "yces.git"), clone: t.TempDir()}
	files := git(t, root(t), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	for name := range strings.SplitSeq(strings.TrimRight(files, "\x00"), "\x00") {
		copyFile(t, filepath.Join(root(t), name), filepath.Join(r.clone, name))
	}
	git(t, "", "init", "-q", "--bare", "-b", "main", r.bare)
	git(t, r.clone, "init", "-q", "-b", "main")
	git(t, r.clone, "config", "user.name", "Ann")
	git(t, r.clone, "config", "user.email", "ann@example.org")
	git(t, r.clone, "remote", "add", "origin", r.bare)
	r.hook(t, secret)
	return r
}

func (r *repository) hook(t *testing.T, secret string) {
	t.Helper()
	var url string
	url, r.pushes = listener(t, secret, r.bare)
	text, err := json.Marshal(hookConfig{URL: url, Secret: secret, Repository: r.bare})
	if err != nil {
		t.Fatal(err)
	}
	config := write(t, filepath.Join(t.TempDir(), "hook.json"), string(text))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hook := write(t, filepath.Join(r.bare, "hooks", "post-receive"), fmt.Sprintf("#!/bin/sh\n%s=%s exec %s\n", hookVariable, config, self))
	if err := os.Chmod(hook, 0o755); err != nil {
		t.Fatal(err)
	}
}

// commit pushes what was edited, and returns the push that the webhook told of.
func (r *repository) commit(t *testing.T, message string) push {
	t.Helper()
	git(t, r.clone, "add", "-A")
	git(t, r.clone, "commit", "-qm", message)
	git(t, r.clone, "push", "-q", "origin", "HEAD:main")
	return <-r.pushes
}

// edit replaces text in a file of the clone.
func (r *repository) edit(t *testing.T, name, old, new string) {
	t.Helper()
	path := filepath.Join(r.clone, name)
	text := read(t, path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", name, old)
	}
	write(t, path, strings.Replace(text, old, new, 1))
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return // removed, and that not committed yet
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, read(t, from))
	if err := os.Chmod(to, info.Mode()); err != nil {
		t.Fatal(err)
	}
}

func TestUnsignedPushStartsNothing(t *testing.T) {
	url, pushes := listener(t, "right", "/srv/yces.git")
	body := []byte(`{"ref":"refs/heads/main","after":"1","repository":{"clone_url":"/srv/yces.git"}}`)
	for _, signature := range []string{"", "sha256=00", sign(body, "wrong"), sign(append(body, ' '), "right")} {
		if status, err := deliver(url, body, signature); status != http.StatusForbidden || err != nil {
			t.Errorf("signature %q: %d, %v; want 403", signature, status, err)
		}
	}
	if status, err := deliver(url, body, sign(body, "right")); status != http.StatusAccepted || err != nil {
		t.Errorf("signed: %d, %v; want 202", status, err)
	}
	if len(pushes) != 1 {
		t.Errorf("%d pushes arrived, want 1", len(pushes))
	}
}
