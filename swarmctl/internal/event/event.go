// Package event says what happened while a command works, without any
// styling: the domain emits events, display renders them for a terminal, for a
// pipe or as JSON.
package event

import "time"

// Kind says what an event means for its subject.
type Kind string

// The kinds of events.
const (
	// Started: work on the subject began, or entered its next step.
	Started Kind = "started"
	// Progress: Current of Total are done; may come many times a second.
	Progress Kind = "progress"
	// Output: one line that a tool printed, a build for instance.
	Output Kind = "output"
	// Done: the subject's work ended well.
	Done Kind = "done"
	// Unchanged: there was nothing to do for the subject.
	Unchanged Kind = "unchanged"
	// Warning: something the user should know; the work goes on.
	Warning Kind = "warning"
	// Failed: the subject's work ended badly; the error itself is returned.
	Failed Kind = "failed"
)

// Unit is what Current and Total count.
type Unit string

// The units of progress.
const (
	Bytes Unit = "bytes"
	Tasks Unit = "tasks"
	Steps Unit = "steps"
)

// Event is one thing that happened.
type Event struct {
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	// Subject is what it is about, in the user's words: "node swarm-1",
	// "service qr", "image". A terminal shows one live line for each.
	Subject string `json:"subject"`
	// Text is one short sentence without a final stop.
	Text    string `json:"text,omitempty"`
	Current int64  `json:"current,omitempty"`
	Total   int64  `json:"total,omitempty"`
	Unit    Unit   `json:"unit,omitempty"`
}

// Sink receives events. It must be safe for concurrent use. A nil Sink drops
// what it is given, so that the domain need not ask.
type Sink func(Event)

// Emit sends an event, with the present time where it has none.
func (s Sink) Emit(e Event) {
	if s == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	s(e)
}

// Start says that work on the subject began, or entered its next step.
func (s Sink) Start(subject, text string) { s.Emit(Event{Kind: Started, Subject: subject, Text: text}) }

// Done says that the subject's work ended well.
func (s Sink) Done(subject, text string) { s.Emit(Event{Kind: Done, Subject: subject, Text: text}) }

// Unchanged says that there was nothing to do.
func (s Sink) Unchanged(subject, text string) {
	s.Emit(Event{Kind: Unchanged, Subject: subject, Text: text})
}

// Warn says what the user should know while the work goes on.
func (s Sink) Warn(subject, text string) { s.Emit(Event{Kind: Warning, Subject: subject, Text: text}) }

// Fail says that the subject's work ended badly.
func (s Sink) Fail(subject, text string) { s.Emit(Event{Kind: Failed, Subject: subject, Text: text}) }

// Output passes on one line that a tool printed.
func (s Sink) Output(subject, line string) {
	s.Emit(Event{Kind: Output, Subject: subject, Text: line})
}

// Progress says how far the subject's work is.
func (s Sink) Progress(subject, text string, current, total int64, unit Unit) {
	s.Emit(Event{Kind: Progress, Subject: subject, Text: text, Current: current, Total: total, Unit: unit})
}
