package web

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// shares bound how much of something that all share one client's network holds
// at a time, so that connections which only wait do not keep out everybody else.
type shares struct {
	// most is what one network may hold; 0: any number.
	most int
	// wait is how long a request waits for others of its network.
	wait time.Duration

	mu   sync.Mutex
	held map[netip.Prefix]*share
}

// share is what requests of one network hold or wait for.
type share struct {
	places   chan struct{}
	requests int
}

func newShares(most int, wait time.Duration) *shares {
	return &shares{most: most, wait: wait, held: map[netip.Prefix]*share{}}
}

// take waits for a place of that network and returns what gives it back.
func (s *shares) take(ctx context.Context, network netip.Prefix) (func(), error) {
	if s.most == 0 {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	release, err := take(ctx, s.enter(network))
	if err != nil {
		s.leave(network)
		return nil, err
	}
	return func() { release(); s.leave(network) }, nil
}

func (s *shares) enter(network netip.Prefix) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.held[network]
	if own == nil {
		own = &share{places: make(chan struct{}, s.most)}
		s.held[network] = own
	}
	own.requests++
	return own.places
}

// leave forgets a network that holds nothing any more.
func (s *shares) leave(network netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.held[network]
	if own.requests--; own.requests == 0 {
		delete(s.held, network)
	}
}
