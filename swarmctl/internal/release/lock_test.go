package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var timing = DefaultLockTiming

// operator is somebody who deploys the stack shop.
type operator struct {
	*fakeClient
	name string
}

func (f *fakeSwarm) operator(name string) operator {
	return operator{&fakeClient{fakeSwarm: f}, name}
}

func (o operator) lock() Lock { return Lock{API: o, Stack: "shop", Timing: timing} }

func (o operator) acquire(wait time.Duration) (*Lease, error) {
	return o.lock().Acquire(context.Background(), Holder{By: o.name, PID: 7, Command: "deploy", Commit: "abc"}, wait, nil)
}

func (o operator) mustAcquire(t *testing.T, wait time.Duration) *Lease {
	t.Helper()
	lease, err := o.acquire(wait)
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

// kill ends a holder without its release.
func (l *Lease) kill() {
	close(l.stop)
	<-l.done
}

func release(t *testing.T, l *Lease) {
	t.Helper()
	if err := l.Release(context.Background()); err != nil {
		t.Error(err)
	}
}

func refused(t *testing.T, err error, by string) {
	t.Helper()
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Held.Holder.By != by {
		t.Fatalf("got %v, want it locked by %s", err, by)
	}
}

func TestOnlyOneHoldsTheLockAndTheOtherIsToldWho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		ann, bob := s.operator("ann"), s.operator("bob")
		lease := ann.mustAcquire(t, 0)
		time.Sleep(time.Hour)
		began := time.Now()
		_, err := bob.acquire(0)
		refused(t, err, "ann")
		if text := err.Error(); !strings.Contains(text, "ann (pid 7)") || !strings.Contains(text, "commit abc") || !strings.Contains(text, "since") {
			t.Errorf("the error says %q", text)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s to refuse", took)
		}
		release(t, lease)
		release(t, bob.mustAcquire(t, 0))
		if s.size() > 0 {
			t.Error("something is left")
		}
	})
}

func TestOfManyTakersExactlyOneHoldsTheLockAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		s.operator("killed").mustAcquire(t, 0).kill()
		var all sync.WaitGroup
		var mu sync.Mutex
		holders, turns := 0, 0
		for i := range 5 {
			all.Go(func() {
				lease := s.operator(fmt.Sprint("taker ", i)).mustAcquire(t, time.Hour)
				mu.Lock()
				holders, turns = holders+1, turns+1
				if holders > 1 {
					t.Error("two hold the lock at the same time")
				}
				mu.Unlock()
				time.Sleep(20 * time.Second)
				mu.Lock()
				holders--
				mu.Unlock()
				if lost := lease.Lost(); lost != nil {
					t.Error(lost)
				}
				release(t, lease)
			})
		}
		all.Wait()
		if turns != 5 {
			t.Errorf("%d of 5 got the lock", turns)
		}
	})
}

func TestTheLockOfAKilledDeployIsFreeWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		s.operator("ann").mustAcquire(t, 0).kill()
		began := time.Now()
		lease := s.operator("bob").mustAcquire(t, time.Minute)
		if took := time.Since(began); took < timing.Lease || took > timing.Lease+3*time.Second {
			t.Errorf("it was taken over after %s, want the lease of %s", took, timing.Lease)
		}
		release(t, lease)
	})
}

func TestWhoMayNotWaitStillTakesOverALockThatLooksLongDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		s.operator("ann").mustAcquire(t, 0).kill()
		bob := s.operator("bob")
		_, err := bob.acquire(0)
		refused(t, err, "ann")
		time.Sleep(time.Hour)
		began := time.Now()
		lease := bob.mustAcquire(t, 0)
		if took := time.Since(began); took < timing.Lease {
			t.Errorf("taken over after %s, want it watched for all of the lease", took)
		}
		release(t, lease)
	})
}

func TestSkewedClocksTakeNobodysLockAway(t *testing.T) {
	for _, ahead := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSwarm()
			s.ahead = ahead
			lease := s.operator("ann").mustAcquire(t, 0)
			time.Sleep(time.Minute)
			// Another manager answers, whose clock differs from the leader's.
			bob := s.operator("bob")
			s.mu.Lock()
			s.ahead = 0
			s.mu.Unlock()
			_, err := bob.acquire(2 * time.Minute)
			refused(t, err, "ann")
			if err := lease.Check(context.Background()); err != nil {
				t.Error(err)
			}
			release(t, lease)
		})
	}
}

func TestAWaitingDeployFollowsTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		lease := s.operator("ann").mustAcquire(t, 0)
		time.AfterFunc(5*time.Minute, func() { release(t, lease) })
		began := time.Now()
		second := s.operator("bob").mustAcquire(t, 10*time.Minute)
		if waited := time.Since(began).Round(10 * time.Second); waited != 5*time.Minute {
			t.Errorf("waited %s, want 5m", waited)
		}
		release(t, second)
	})
}

func TestALockReleasedByHandStopsItsHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		bob := s.operator("bob").lock()
		lease := s.operator("ann").mustAcquire(t, 0)
		ctx, cancel := lease.Guard(context.Background())
		defer cancel()
		held, err := bob.Status(t.Context())
		if err != nil || held == nil || held.Holder.By != "ann" {
			t.Fatalf("got %+v, %v; want ann", held, err)
		}
		time.Sleep(time.Minute) // somebody thinks before saying yes
		if err := bob.Break(t.Context(), *held, "bob"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-ctx.Done()
		if took := time.Since(began); took > timing.Renew+time.Second {
			t.Errorf("the holder noticed after %s", took)
		}
		if cause := context.Cause(ctx).Error(); !strings.Contains(cause, "bob released it by hand") {
			t.Errorf("the cause is %q", cause)
		}
		if held, err := bob.Status(t.Context()); err != nil || held != nil {
			t.Errorf("got %+v, %v; want it free", held, err)
		}
		release(t, lease)
		if s.size() > 0 {
			t.Error("something is left")
		}
	})
}

func TestReleaseByHandSparesTheNextHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		bob := s.operator("bob").lock()
		lease := s.operator("ann").mustAcquire(t, 0)
		held, err := bob.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release(t, lease)
		second := s.operator("eve").mustAcquire(t, 0)
		refused(t, bob.Break(t.Context(), *held, "bob"), "eve")
		release(t, second)
	})
}

func TestALockWhoseCreationWasNotAnsweredIsStillOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		ann := s.operator("ann")
		ann.set(func(c *fakeClient) { c.deaf = 1 })
		release(t, ann.mustAcquire(t, time.Minute))

		ann.set(func(c *fakeClient) { c.deaf = 1 })
		if _, err := ann.acquire(0); !errors.Is(err, errDeaf) {
			t.Errorf("got %v, want the network's error", err)
		}
		if s.size() > 0 {
			t.Error("a lock is left that nobody holds")
		}
	})
}

func TestAnInterruptWhileWaitingLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		lease := s.operator("ann").mustAcquire(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		before := s.writes
		_, err := s.operator("bob").lock().Acquire(ctx, Holder{By: "bob"}, time.Hour, nil)
		if !errors.Is(err, context.Canceled) || s.writes != before {
			t.Errorf("got %v and %d writes, want an interrupt and none", err, s.writes-before)
		}
		release(t, lease)
	})
}

func TestNamesOfLocksFitAndDiffer(t *testing.T) {
	long := strings.Repeat("x", 60)
	names := map[string]bool{}
	for _, stack := range []string{"shop", "shop2", long + "1", long + "2", long[:50]} {
		name := lockName(stack)
		if len(name) > 64 || names[name] {
			t.Errorf("the lock of %s is called %s (%d characters)", stack, name, len(name))
		}
		names[name] = true
	}
}

func TestALockThatCanNotBeReadIsHeldAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		ann := s.operator("ann")
		spec, err := ann.lock().encode(Holder{}, "")
		if err != nil {
			t.Fatal(err)
		}
		spec.Data = []byte("not ours")
		if _, err := ann.ConfigCreate(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		_, err = ann.acquire(0)
		refused(t, err, "somebody unknown")
	})
}
