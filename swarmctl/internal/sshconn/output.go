package sshconn

import (
	"bytes"
	"strings"
	"sync"
)

// output keeps what a command prints and passes it on line by line.
type output struct {
	stdout, stderr stream
}

func newOutput(line func(string)) *output {
	var mu sync.Mutex
	pass := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		line(text)
	}
	if line == nil {
		pass = nil
	}
	return &output{stdout: stream{line: pass}, stderr: stream{line: pass}}
}

func (o *output) flush() {
	o.stdout.flush()
	o.stderr.flush()
}

// stream is one of a command's two outputs.
type stream struct {
	line func(string)

	mu      sync.Mutex
	all     bytes.Buffer
	partial []byte
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(p)
	if s.line == nil {
		return len(p), nil
	}
	s.partial = append(s.partial, p...)
	for {
		i := bytes.IndexByte(s.partial, '\n')
		if i < 0 {
			return len(p), nil
		}
		s.line(strings.TrimRight(string(s.partial[:i]), "\r"))
		s.partial = s.partial[i+1:]
	}
}

// flush passes on a last line that has no end.
func (s *stream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line != nil && len(s.partial) > 0 {
		s.line(string(s.partial))
	}
	s.line, s.partial = nil, nil // a command that was given up may print on
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}
