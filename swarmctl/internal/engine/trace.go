package engine

import (
	"encoding/json"
	"fmt"
	"strings"

	controlapi "github.com/moby/buildkit/api/services/control"
	"google.golang.org/protobuf/proto"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// trace follows what BuildKit says of its steps.
type trace struct {
	subject string
	sink    event.Sink
	names   map[string]string // step by digest
	shown   map[string]bool
	// tail are the last lines that each step printed, for when it fails.
	tail   map[string][]string
	failed string // the step that did
	done   int
}

func newTrace(subject string, sink event.Sink) *trace {
	return &trace{subject: subject, sink: sink, names: map[string]string{}, shown: map[string]bool{}, tail: map[string][]string{}}
}

// read takes in one message. What can't be read is progress that is not shown,
// never a reason to fail a build.
func (t *trace) read(aux json.RawMessage) {
	var data []byte
	if json.Unmarshal(aux, &data) != nil {
		return
	}
	var status controlapi.StatusResponse
	if proto.Unmarshal(data, &status) != nil {
		return
	}
	for _, v := range status.Vertexes {
		t.vertex(v)
	}
	for _, l := range status.Logs {
		for line := range strings.Lines(string(l.Msg)) {
			t.line(l.Vertex, strings.TrimRight(line, "\r\n"))
		}
	}
}

func (t *trace) vertex(v *controlapi.Vertex) {
	t.names[v.Digest] = v.Name
	if v.Error != "" {
		t.failed = v.Digest
	}
	if v.Completed != nil && !t.shown[v.Digest+"done"] {
		t.shown[v.Digest+"done"] = true
		t.done++
	}
	if v.Started == nil || t.shown[v.Digest] || strings.HasPrefix(v.Name, "[internal]") {
		return
	}
	t.shown[v.Digest] = true
	text := v.Name
	if v.Cached {
		text += " (cached)"
	}
	t.sink.Progress(t.subject, text, int64(t.done), int64(len(t.names)), event.Steps)
}

const tailLines = 15

func (t *trace) line(vertex, line string) {
	t.sink.Output(t.subject, line)
	tail := append(t.tail[vertex], line)
	if len(tail) > tailLines {
		tail = tail[1:]
	}
	t.tail[vertex] = tail
}

// explain adds to a build's error the step that failed and what it printed last.
func (t *trace) explain(err error) error {
	if t.failed == "" {
		return err
	}
	lines := strings.Join(t.tail[t.failed], "\n")
	return fmt.Errorf("%w\nstep %s\n%s", err, t.names[t.failed], lines)
}
