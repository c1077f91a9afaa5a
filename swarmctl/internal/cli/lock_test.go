package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/release"
)

var annsLock = release.Held{
	Stack: "shop", Holder: release.Holder{By: "ann@laptop", PID: 4711, Command: "deploy", Commit: "1a2b3c4d5e"},
	Since: time.Date(2026, 3, 2, 10, 15, 0, 0, time.Local), Renewed: time.Date(2026, 3, 2, 10, 16, 0, 0, time.Local), Lease: 45 * time.Second,
}

func TestALockedStackExitsFiveAndNamesTheHolderAndTheCure(t *testing.T) {
	var out bytes.Buffer
	if code := report(&out, fmt.Errorf("deploy: %w", lockedError{&release.LockedError{Held: annsLock}})); code != 5 {
		t.Errorf("exit code %d, want 5", code)
	}
	for _, text := range []string{"ann@laptop (pid 4711)", "`swarmctl deploy` of commit 1a2b3c4d5e", "since 2026-03-02 10:15:00", "hint: --lock-timeout"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, out.String())
		}
	}
}

func TestALostLockIsAFailureAndNoInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&release.LostError{Stack: "shop", Reason: "bob@desk released it by hand"})
	var out bytes.Buffer
	if code := report(&out, lostLockError{context.Cause(ctx)}); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(out.String(), "bob@desk released it by hand") || !strings.Contains(out.String(), "hint: nothing was written after that") {
		t.Errorf("it says:\n%s", out.String())
	}
}

func TestTheLocksStatusSaysWhoAndUntilWhen(t *testing.T) {
	text := viewLock("shop", &annsLock).String()
	want := "stack shop is locked by ann@laptop (pid 4711), `swarmctl deploy` of commit 1a2b3c4d5e since 2026-03-02 10:15:00\n" +
		"renewed at 10:16:00; without another renewal it frees itself after 10:16:45\n"
	if text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
	if text := viewLock("shop", nil).String(); text != "stack shop is not locked\n" {
		t.Errorf("a free lock is shown as %q", text)
	}
}

func TestTheLocksStatusAsJSON(t *testing.T) {
	free, err := json.Marshal(viewLock("shop", nil))
	if err != nil || string(free) != `{"stack":"shop","locked":false}` {
		t.Errorf("a free lock is %s, %v", free, err)
	}
	held, err := json.Marshal(viewLock("shop", &annsLock))
	if err != nil || !strings.Contains(string(held), `"holder":{"by":"ann@laptop","pid":4711,"command":"deploy","commit":"1a2b3c4d5e"}`) {
		t.Errorf("a held lock is %s, %v", held, err)
	}
}
