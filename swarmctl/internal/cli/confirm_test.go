package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestOnlyAYesIsOne(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " y \n": true,
		"n\n": false, "\n": false, "": false, "y": false, "yesterday\n": false, "no\ny\n": false,
	} {
		var shown strings.Builder
		a := &app{Streams: Streams{In: strings.NewReader(answer), Err: &shown}}
		err := a.ask(t.Context(), "remove it?")
		if (err == nil) != want || shown.String() != "remove it? [y/N] " {
			t.Errorf("%q: got %v after %q", answer, err, shown.String())
		}
	}
	a := &app{Streams: Streams{In: strings.NewReader("n\n"), Err: io.Discard}}
	if err := a.confirm(t.Context(), true, "remove it?"); err != nil {
		t.Errorf("with --yes: %v", err)
	}
	if err := a.confirm(t.Context(), false, "remove it?"); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "remove it: say --yes") {
		t.Errorf("without a terminal: %v", err)
	}
}

func TestAQuestionCanBeInterrupted(t *testing.T) {
	in, out := io.Pipe() // nobody ever answers
	defer func() { _ = out.Close() }()
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, interrupt)
	a := &app{Streams: Streams{In: in, Err: io.Discard}}
	if err := a.ask(ctx, "remove it?"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
