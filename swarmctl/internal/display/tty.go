package display

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// tty keeps a live line for each subject at work at the bottom of the
// terminal; what ended moves above it and stays.
type tty struct {
	mu    sync.Mutex
	w     io.Writer
	size  func() (width, height int)
	style style
	now   func() time.Time

	live  []*liveLine
	drawn int // lines of the live block on the screen
	frame int

	stop chan struct{}
	done sync.WaitGroup
}

// liveLine is a subject at work.
type liveLine struct {
	subject string
	since   time.Time
	last    event.Event
	output  string // the last line that a tool printed
}

// refresh is how often the spinner moves.
const refresh = 100 * time.Millisecond

func newTTY(w io.Writer, size func() (width, height int), s style) *tty {
	d := &tty{w: w, size: size, style: s, now: time.Now, stop: make(chan struct{})}
	d.done.Go(d.spin)
	return d
}

func (d *tty) spin() {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case <-d.stop:
			return
		case <-tick.C:
			d.mu.Lock()
			d.frame++
			d.redraw("")
			d.mu.Unlock()
		}
	}
}

// Emit shows an event.
func (d *tty) Emit(e event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case event.Started, event.Progress:
		d.line(e.Subject).last = e
	case event.Output:
		d.line(e.Subject).output = e.Text
	case event.Warning:
		d.redraw(d.style.warn("!") + " " + d.style.bold(e.Subject) + " " + e.Text + "\n")
	case event.Done, event.Unchanged, event.Failed:
		d.redraw(d.finish(e))
	}
}

// line finds a subject's live line or opens one.
func (d *tty) line(subject string) *liveLine {
	for _, l := range d.live {
		if l.subject == subject {
			return l
		}
	}
	l := &liveLine{subject: subject, since: d.now()}
	d.live = append(d.live, l)
	return l
}

// finish takes a subject out of the live block and returns what stays of it.
func (d *tty) finish(e event.Event) string {
	took := ""
	for i, l := range d.live {
		if l.subject == e.Subject {
			took = elapsed(d.now().Sub(l.since))
			d.live = append(d.live[:i], d.live[i+1:]...)
			break
		}
	}
	mark := map[event.Kind]string{
		event.Done: d.style.good("✔"), event.Unchanged: d.style.dim("="), event.Failed: d.style.bad("✘"),
	}[e.Kind]
	return strings.TrimRight(fmt.Sprintf("%s %s %s %s", mark, d.style.bold(e.Subject), e.Text, d.style.dim(took)), " ") + "\n"
}

// elapsed is nothing for what was quick.
func elapsed(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return d.Round(100 * time.Millisecond).String()
}

// Close leaves the cursor below everything. What was still at work stays as
// it was seen last.
func (d *tty) Close() {
	close(d.stop)
	d.done.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.redraw("")
}

var spinner = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

// redraw replaces the live block, with text above it that stays.
func (d *tty) redraw(above string) {
	if above == "" && d.drawn == 0 && len(d.live) == 0 {
		return
	}
	var b strings.Builder
	if d.drawn > 0 {
		// Up to the block's first line, and clear to the end of the screen.
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", d.drawn)
	}
	b.WriteString(above)
	width, height := d.size()
	lines := d.block(width)
	if limit := max(height-2, 1); len(lines) > limit {
		lines = lines[len(lines)-limit:]
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	d.drawn = len(lines)
	// A terminal that went away must not fail the work.
	_, _ = io.WriteString(d.w, b.String())
}

func (d *tty) block(width int) []string {
	var lines []string
	for _, l := range d.live {
		turn := d.style.busy(string(spinner[d.frame%len(spinner)]))
		text := l.last.Text
		if l.last.Kind == event.Progress && l.last.Total > 0 {
			text += " " + progressText(l.last)
		}
		took := elapsed(d.now().Sub(l.since).Truncate(time.Second))
		room := width - 4 - utf8.RuneCountInString(l.subject) - len(took)
		lines = append(lines, fmt.Sprintf("%s %s %s %s", turn, d.style.bold(l.subject), cut(text, room), d.style.dim(took)))
		if l.output != "" {
			lines = append(lines, d.style.dim("  "+cut(l.output, width-3)))
		}
	}
	return lines
}

// barWidth is the length of a progress bar, in characters.
const barWidth = 20

func progressText(e event.Event) string {
	if e.Unit != event.Bytes {
		return fmt.Sprintf("%d/%d", e.Current, e.Total)
	}
	full := int(min(e.Current, e.Total) * barWidth / e.Total)
	return fmt.Sprintf("%s%s %.1f/%.1f MB", strings.Repeat("━", full), strings.Repeat("╌", barWidth-full), float64(e.Current)/1e6, float64(e.Total)/1e6)
}

// cut shortens text to a number of characters and drops what would move the cursor.
func cut(text string, room int) string {
	text = strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	runes := []rune(text)
	if len(runes) <= room {
		return text
	}
	if room < 1 {
		return ""
	}
	return string(runes[:room-1]) + "…"
}

// style is how emphasis looks; the zero value is plain.
type style struct{ colour bool }

func (s style) paint(code, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(t string) string { return s.paint("1", t) }
func (s style) dim(t string) string  { return s.paint("2", t) }
func (s style) good(t string) string { return s.paint("32", t) }
func (s style) bad(t string) string  { return s.paint("1;31", t) }
func (s style) warn(t string) string { return s.paint("33", t) }
func (s style) busy(t string) string { return s.paint("36", t) }
