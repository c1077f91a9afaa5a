package display

import (
	"fmt"
	"io"
	"sync"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// plain writes one line an event and leaves out what repeats.
type plain struct {
	mu   sync.Mutex
	w    io.Writer
	last map[string]string
}

func newPlain(w io.Writer) *plain { return &plain{w: w, last: map[string]string{}} }

func (d *plain) Emit(e event.Event) {
	if e.Kind == event.Progress && e.Unit == event.Bytes {
		return
	}
	line := plainLine(e)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last[e.Subject] == line {
		return
	}
	d.last[e.Subject] = line
	fmt.Fprintln(d.w, line)
}

func (*plain) Close() {}

func plainLine(e event.Event) string {
	text := e.Text
	if e.Kind == event.Progress && e.Total > 0 {
		text = fmt.Sprintf("%s %d/%d", text, e.Current, e.Total)
	}
	switch e.Kind {
	case event.Warning:
		text = "warning: " + text
	case event.Failed:
		text = "failed: " + text
	case event.Output:
		text = "| " + text
	}
	return e.Subject + ": " + text
}
