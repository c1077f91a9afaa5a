package display

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

func noEnv(string) string { return "" }

func show(t *testing.T, mode Mode, events ...event.Event) string {
	t.Helper()
	var b bytes.Buffer
	d, err := New(&b, mode, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		event.Sink(d.Emit).Emit(e)
	}
	d.Close()
	return b.String()
}

var rolling = []event.Event{
	{Kind: event.Started, Subject: "service qr", Text: "rolling out"},
	{Kind: event.Progress, Subject: "service qr", Text: "starting", Current: 1, Total: 2, Unit: event.Tasks},
	{Kind: event.Progress, Subject: "service qr", Text: "starting", Current: 1, Total: 2, Unit: event.Tasks},
	{Kind: event.Progress, Subject: "node a", Text: "receiving", Current: 5e6, Total: 1e7, Unit: event.Bytes},
	{Kind: event.Warning, Subject: "service qr", Text: "slow"},
	{Kind: event.Done, Subject: "service qr", Text: "2/2 running"},
}

func TestPlainHasALineForEachNewThing(t *testing.T) {
	want := "service qr: rolling out\nservice qr: starting 1/2\nservice qr: warning: slow\nservice qr: 2/2 running\n"
	if got := show(t, Auto, rolling...); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(show(t, JSON, rolling...)), "\n")
	if len(lines) != len(rolling) {
		t.Fatalf("got %d lines, want %d", len(lines), len(rolling))
	}
	var last event.Event
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Kind != event.Done || last.Time.IsZero() {
		t.Errorf("got %+v, %v; want the last event with its time", last, err)
	}
}

func TestNoneIsSilent(t *testing.T) {
	if got := show(t, None, rolling...); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestAnUnknownModeIsRefused(t *testing.T) {
	if _, err := New(&bytes.Buffer{}, "loud", noEnv); err == nil {
		t.Error("got no error")
	}
}

// screen applies what the terminal is sent: text, newlines, cursor up, clear.
func screen(text string) []string {
	lines := []string{""}
	row := 0
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= 'A' && r <= 'z' }) + 2
			switch text[end] {
			case 'A':
				n := 0
				for _, c := range text[2:end] {
					n = n*10 + int(c-'0')
				}
				row -= n
			case 'J':
				lines = append(lines[:row], "")
			}
			text = text[end+1:]
		case text[0] == '\n':
			row++
			if row == len(lines) {
				lines = append(lines, "")
			}
			text = text[1:]
		default:
			lines[row] += text[:1]
			text = text[1:]
		}
	}
	return lines
}

func TestATerminalEndsWithWhatHappenedAndNothingElse(t *testing.T) {
	done := event.Event{Kind: event.Done, Subject: "node a", Text: "has the image"}
	lines := screen(show(t, TTY, append(rolling, done)...))
	want := []string{"! service qr slow", "✔ service qr 2/2 running", "✔ node a has the image", ""}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestALiveLineFitsTheTerminal(t *testing.T) {
	d := &tty{w: &bytes.Buffer{}, size: func() (int, int) { return 30, 10 }}
	d.now = func() time.Time { return time.Time{} }
	d.line("image x").last = event.Event{Kind: event.Started, Text: strings.Repeat("long ", 20) + "\r\x1b[2J"}
	d.line("image x").output = "a\tline that a tool printed, much wider than the screen"
	for _, l := range d.block(30) {
		if n := len([]rune(l)); n > 30 {
			t.Errorf("%d characters: %q", n, l)
		}
	}
}

func TestEmitIsSafeForConcurrentUse(t *testing.T) {
	for _, mode := range []Mode{TTY, Plain, JSON} {
		d, err := New(&bytes.Buffer{}, mode, noEnv)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for _, e := range rolling {
					d.Emit(e)
				}
			})
		}
		group.Wait()
		d.Close()
	}
}
