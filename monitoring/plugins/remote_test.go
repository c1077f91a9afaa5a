package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// askRemote is what sshd does with the monitor's key.
func askRemote(t *testing.T, ctx context.Context, env ...string) (int, string) {
	t.Helper()
	list := filepath.Join(t.TempDir(), "commands.json")
	if err := os.WriteFile(list, []byte(`{
		"fine": ["/bin/echo", "OK - $HOME; x"],
		"bad": ["/bin/sh", "-c", "echo bad; echo noise >&2; exit 2"],
		"slow": ["/bin/sh", "-c", "sleep 60 & sleep 60"],
		"absent": ["/nowhere"]
	}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(ctx, []string{"checks", "remote", "--commands", list}, streams{strings.NewReader(""), &out, &errs, env})
	if errs.Len() > 0 {
		t.Errorf("standard error: %s", errs.String())
	}
	return code, out.String()
}

func TestOnlyTheListsCommandsAreRunForTheMonitor(t *testing.T) {
	for asked, want := range map[string]struct {
		code int
		text string
	}{
		"fine":                         {0, "OK - $HOME; x\n"},
		"bad":                          {2, "bad\n"},
		"absent":                       {3, "UNKNOWN - fork/exec /nowhere"},
		"fine x":                       {3, "UNKNOWN - there is no such command"},
		"fine;id":                      {3, "UNKNOWN - there is no such command"},
		" fine":                        {3, "UNKNOWN - there is no such command"},
		"fine\n":                       {3, "UNKNOWN - there is no such command"},
		"":                             {3, "UNKNOWN - there is no such command"},
		"/bin/sh":                      {3, "UNKNOWN - there is no such command"},
		"/usr/lib/openssh/sftp-server": {3, "UNKNOWN - there is no such command"},
		"scp -f /etc/passwd":           {3, "UNKNOWN - there is no such command"},
	} {
		code, text := askRemote(t, context.Background(), "HOME=/root", originalCommand+asked)
		if code != want.code || !strings.HasPrefix(text, want.text) {
			t.Errorf("%q: %d %q, want %d %q", asked, code, text, want.code, want.text)
		}
	}
	if code, text := askRemote(t, context.Background()); code != 3 || text != "UNKNOWN - there is no shell here\n" {
		t.Errorf("a shell: %d %q", code, text)
	}
}

func TestACommandThatHangsEndsWithAllThatItStarted(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	code, text := askRemote(t, ctx, originalCommand+"slow")
	if code != 3 || !strings.Contains(text, "no answer within") {
		t.Errorf("%d %q", code, text)
	}
	// Its child holds the output open: it would be a minute, were it left alone.
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
