package release

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/errdefs"
)

// Lease is a lock that we hold. It renews itself until Release; its holder
// writes only under contexts of Guard, and calls Check before it begins to.
type Lease struct {
	lock  Lock
	id    string
	token string

	stop, done chan struct{} // of the renewals

	mu      sync.Mutex
	renewed time.Time // when the last renewal that succeeded was asked for
	lost    chan struct{}
	fault   *LostError
}

// LostError says why a lock is not ours any more.
type LostError struct{ Stack, Reason string }

func (e *LostError) Error() string {
	return fmt.Sprintf("the lock of stack %s was lost: %s", e.Stack, e.Reason)
}

// start renews in the background, also once ctx has ended: what is done after
// an interrupt needs the lock as well.
func (l *Lease) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(l.done)
		defer cancel()
		l.keep(ctx)
	}()
	go func() {
		<-l.stop
		cancel()
	}()
}

func (l *Lease) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(l.lock.Timing.Renew):
		}
		if l.Check(ctx) != nil {
			return
		}
	}
}

// Guard returns a context that ends with a *LostError as its cause when the
// lock is lost.
func (l *Lease) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.lost:
			cancel(l.Lost())
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Lost says why the lock is not ours any more; nil while it is.
func (l *Lease) Lost() *LostError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

// Check renews the lock now: what the managers agreed to write proves that it
// is still ours, and for how long. It insists until the lease has run out; its
// error is a *LostError or the context's.
func (l *Lease) Check(ctx context.Context) error {
	for {
		if lost := l.Lost(); lost != nil {
			return lost
		}
		began := time.Now()
		err := l.renew(ctx)
		var lost *LostError
		switch {
		case err == nil:
			l.confirm(began)
			return nil
		case errors.As(err, &lost):
			return l.lose(lost)
		case ctx.Err() != nil:
			return fmt.Errorf("renew lock: %w", context.Cause(ctx))
		case l.left() <= 0:
			return l.lose(&LostError{l.lock.Stack, fmt.Sprintf("it could not be renewed in time: %v", err)})
		}
		if err := pause(ctx, min(l.lock.Timing.Retry, l.left())); err != nil {
			return err
		}
	}
}

// left is how long the holder may still write without a renewal.
func (l *Lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lock.Timing.Lease - l.lock.Timing.Call - time.Since(l.renewed)
}

func (l *Lease) confirm(began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if began.After(l.renewed) {
		l.renewed = began
	}
}

// lose records the first reason and returns it.
func (l *Lease) lose(why *LostError) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.fault = why
		close(l.lost)
	}
	return l.fault
}

// renew writes on top of the version that it has just read, which is ours.
func (l *Lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(l.lock.Timing.Retry, min(l.lock.Timing.Call, l.left())))
	defer cancel()
	for {
		held, err := l.lock.look(ctx)
		if err != nil {
			return err
		}
		if reason := notOurs(held, l.token); reason != "" {
			return &LostError{l.lock.Stack, reason}
		}
		err = l.lock.API.ConfigUpdate(ctx, held.id, held.version, held.spec)
		if staleVersion(err) {
			continue // written meanwhile: by ourselves, or to end it; the next look tells
		}
		if err != nil {
			return fmt.Errorf("renew lock of stack %s: %w", l.lock.Stack, err)
		}
		return nil
	}
}

// notOurs says why a lock is not that of the token's owner; empty where it is.
func notOurs(h *Held, token string) string {
	switch {
	case h == nil:
		return "it was removed"
	case h.token != token:
		return fmt.Sprintf("%s has it now", h)
	}
	return h.ended
}

// Release ends the renewals and removes the lock. It can only remove our own,
// because the next holder's is another object. It insists until ctx ends; what
// is left then frees itself. Of a lock that was lost it only clears away the rest.
func (l *Lease) Release(ctx context.Context) error {
	close(l.stop)
	<-l.done
	for {
		err := l.remove(ctx)
		if err == nil || l.Lost() != nil || errdefs.IsNotFound(err) {
			return nil
		}
		if pause(ctx, l.lock.Timing.Retry) != nil {
			return fmt.Errorf("release lock of stack %s: %w", l.lock.Stack, err)
		}
	}
}

func (l *Lease) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.lock.Timing.Call)
	defer cancel()
	return l.lock.API.ConfigRemove(ctx, l.id)
}
