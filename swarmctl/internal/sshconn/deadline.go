package sshconn

import (
	"sync"
	"time"
)

// deadline is a moment that can be moved while others wait for it.
type deadline struct {
	state *deadlineState
}

type deadlineState struct {
	mu    sync.Mutex
	timer *time.Timer
	fired chan struct{}
}

func newDeadline() deadline { return deadline{&deadlineState{fired: make(chan struct{})}} }

// set moves the moment; the zero time means never. It holds for those who wait
// already, too.
func (d deadline) set(t time.Time) {
	s := d.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if isClosed(s.fired) {
		s.fired = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		close(s.fired)
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timer == timer { // it was not moved in the meantime
			close(s.fired)
		}
	})
	s.timer = timer
}

// wait returns a channel that closes when the moment has come.
func (d deadline) wait() <-chan struct{} {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	return d.state.fired
}

func (d deadline) passed() bool { return isClosed(d.wait()) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
