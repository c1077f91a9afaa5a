// Package display renders events: live lines on a terminal, plain lines in a
// pipe, JSON for machines. It is the only place that knows colours and widths.
//
// Rules: a line says subject first, then what happened; nothing is shown that
// the user can't act on or be calmed by; what scrolls away was not important;
// warnings and failures stay.
package display

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Mode is how progress is shown.
type Mode string

// The modes. Auto is TTY on a terminal and Plain elsewhere.
const (
	Auto  Mode = "auto"
	TTY   Mode = "tty"
	Plain Mode = "plain"
	JSON  Mode = "json"
	None  Mode = "none"
)

// Display shows events until it is closed. Emit is safe for concurrent use.
type Display interface {
	Emit(event.Event)
	Close()
}

// New returns a display of the mode that writes to w.
func New(w io.Writer, mode Mode, getenv func(string) string) (Display, error) {
	if mode == Auto {
		mode = Plain
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && getenv("TERM") != "dumb" {
			mode = TTY
		}
	}
	switch mode {
	case TTY:
		// See no-color.org.
		return newTTY(w, terminalSize(w), style{colour: getenv("NO_COLOR") == ""}), nil
	case Plain:
		return newPlain(w), nil
	case JSON:
		return &jsonDisplay{enc: json.NewEncoder(w)}, nil
	case None:
		return none{}, nil
	}
	return nil, fmt.Errorf("must be auto, tty, plain, json or none, got %q", mode)
}

// terminalSize asks the terminal each time, because windows change; 80 by 24
// where there is none.
func terminalSize(w io.Writer) func() (width, height int) {
	return func() (int, int) {
		if f, ok := w.(*os.File); ok {
			if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
				return width, height
			}
		}
		return 80, 24
	}
}

type none struct{}

func (none) Emit(event.Event) {}
func (none) Close()           {}

// jsonDisplay writes one JSON object a line.
type jsonDisplay struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (d *jsonDisplay) Emit(e event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Progress that nobody can read any more must not fail the work.
	_ = d.enc.Encode(e)
}

func (*jsonDisplay) Close() {}
