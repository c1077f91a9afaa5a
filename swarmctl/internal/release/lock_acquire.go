package release

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/containerd/errdefs"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Acquire takes the lock and renews it until it is released. While another
// deploy holds it, it waits as long as it may, then returns a *LockedError.
//
// A lock whose holder was killed is taken over. No clock is compared with
// another's for that: the lock must be seen without a renewal for all of its
// lease, by the own clock. The managers' clock only says whether looking that
// long is worth it for one who may not wait.
func (l Lock) Acquire(ctx context.Context, who Holder, wait time.Duration, sink event.Sink) (*Lease, error) {
	t := &taker{Lock: l, who: who, token: rand.Text(), wait: wait, sink: sink, began: time.Now()}
	for {
		lease, err := t.try(ctx)
		if lease != nil {
			lease.start(ctx)
			return lease, nil
		}
		if err == nil {
			err = pause(ctx, l.Timing.Retry)
		}
		if err != nil {
			t.withdraw(ctx)
			return nil, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for the lock: %w", context.Cause(ctx))
	case <-time.After(d):
		return nil
	}
}

// taker is somebody who wants the lock.
type taker struct {
	Lock
	who    Holder
	token  string
	wait   time.Duration
	sink   event.Sink
	began  time.Time
	vigil  vigil
	spoken string
}

// vigil is the watch over a lock that another one holds.
type vigil struct {
	id      string
	version uint64
	since   time.Time
}

// see takes in one look and returns for how long the lock was not renewed.
func (v *vigil) see(h Held, now time.Time) time.Duration {
	if v.id != h.id || v.version != h.version.Index || v.since.IsZero() {
		*v = vigil{h.id, h.version.Index, now}
	}
	return now.Sub(v.since)
}

// move is what follows from a look at the lock.
type move int

const (
	create    move = iota // it is free
	adopt                 // it is ours already: the answer to its creation got lost
	clearAway             // it has ended and is still there
	takeOver              // its holder is silent for too long
	letBe                 // somebody holds it
)

func nextMove(h *Held, token string, silent time.Duration) move {
	switch {
	case h == nil:
		return create
	case h.token == token:
		return adopt
	case h.ended != "":
		return clearAway
	case silent >= h.Lease:
		return takeOver
	}
	return letBe
}

// try looks once and acts on it. Neither lease nor error means: look again.
func (t *taker) try(ctx context.Context) (*Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timing.Call)
	defer cancel()
	began := time.Now()
	held, err := t.look(ctx)
	if err != nil {
		// The holder could not renew it then either.
		t.vigil = vigil{}
		return nil, t.bear(err)
	}
	var silent time.Duration
	if held != nil {
		silent = t.vigil.see(*held, time.Now())
	}
	switch nextMove(held, t.token, silent) {
	case create:
		return t.create(ctx, began)
	case adopt:
		return t.lease(held.id, t.began), nil // made since then, nobody knows when
	case clearAway:
		return t.clear(ctx, *held, began)
	case takeOver:
		return t.takeOver(ctx, *held, began)
	}
	return nil, t.letBe(ctx, *held)
}

// bear returns the error of a manager to one who may not wait.
func (t *taker) bear(err error) error {
	if time.Since(t.began) >= t.wait {
		return err
	}
	return nil
}

func (t *taker) create(ctx context.Context, began time.Time) (*Lease, error) {
	spec, err := t.encode(t.who, t.token)
	if err != nil {
		return nil, err
	}
	r, err := t.API.ConfigCreate(ctx, spec)
	if errdefs.IsConflict(err) || errdefs.IsAlreadyExists(err) {
		return nil, nil // another one was faster
	}
	if err != nil {
		return nil, t.bear(fmt.Errorf("lock stack %s: %w", t.Stack, err))
	}
	return t.lease(r.ID, began), nil
}

func (t *taker) clear(ctx context.Context, h Held, began time.Time) (*Lease, error) {
	if err := t.API.ConfigRemove(ctx, h.id); err != nil && !errdefs.IsNotFound(err) {
		return nil, t.bear(fmt.Errorf("remove old lock of stack %s: %w", t.Stack, err))
	}
	return t.create(ctx, began)
}

// takeOver ends a lock that was not renewed; of two who try, the swarm lets
// one write, and none where the holder renewed it at the last moment.
func (t *taker) takeOver(ctx context.Context, h Held, began time.Time) (*Lease, error) {
	err := t.end(ctx, h, fmt.Sprintf("%s took it over, because it was not renewed for %s", t.who.By, h.Lease))
	if staleVersion(err) {
		return nil, nil
	}
	if err != nil {
		return nil, t.bear(err)
	}
	t.sink.Warn("lock", fmt.Sprintf("taken over from %s; it was not renewed for %s", h, h.Lease))
	return t.clear(ctx, h, began)
}

// letBe waits for the holder, or returns it as the reason not to.
func (t *taker) letBe(ctx context.Context, h Held) error {
	if time.Since(t.began) < t.wait {
		t.say(fmt.Sprintf("held by %s; waiting up to %s", h, t.wait))
		return nil
	}
	if t.looksDead(ctx, h) {
		t.say(fmt.Sprintf("held by %s, and not renewed for long; taking it over unless it is within %s", h, h.Lease))
		return nil
	}
	return &LockedError{h}
}

// looksDead compares two times of the managers' clocks. They may differ: then
// a dead holder is taken for a living one, or the other way round until it is
// seen to renew its lock. Nobody loses a lock by it.
func (t *taker) looksDead(ctx context.Context, h Held) bool {
	info, err := t.API.Info(ctx)
	if err != nil {
		return false
	}
	now, err := time.Parse(time.RFC3339Nano, info.SystemTime)
	return err == nil && now.Sub(h.Renewed) > h.Lease
}

func (t *taker) say(text string) {
	if t.spoken != text {
		t.spoken = text
		t.sink.Start("lock", text)
	}
}

func (t *taker) lease(id string, renewed time.Time) *Lease {
	if t.spoken != "" {
		t.sink.Done("lock", "taken after "+time.Since(t.began).Round(time.Second).String())
	}
	return &Lease{lock: t.Lock, id: id, token: t.token, renewed: renewed, lost: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{})}
}

// withdraw removes a lock that was made while its maker gave up. Where that
// fails, nobody renews it.
func (t *taker) withdraw(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Timing.Call)
	defer cancel()
	if held, err := t.look(ctx); err == nil && held != nil && held.token == t.token {
		_ = t.API.ConfigRemove(ctx, held.id)
	}
}
