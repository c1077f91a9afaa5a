package release

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoCanNotRenewStopsBeforeAnotherOneTakesOver(t *testing.T) {
	for what, fail := range map[string]func(*fakeClient){
		"refuses": func(c *fakeClient) { c.down = true },
		"hangs":   func(c *fakeClient) { c.hang = true },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSwarm()
				ann, bob := s.operator("ann"), s.operator("bob")
				lease := ann.mustAcquire(t, 0)
				ctx, cancel := lease.Guard(context.Background())
				defer cancel()
				ann.set(fail)
				began := time.Now()
				var stopped atomic.Int64
				go func() {
					<-ctx.Done()
					stopped.Store(int64(time.Since(began)))
				}()
				second := bob.mustAcquire(t, time.Hour)
				first := time.Duration(stopped.Load())
				if first == 0 || time.Since(began)-first < timing.Call-callTakes {
					t.Errorf("the first stopped after %s, the second began after %s", first, time.Since(began))
				}
				if lost := new(LostError); !errors.As(context.Cause(ctx), &lost) || !strings.Contains(lost.Reason, "could not be renewed") {
					t.Errorf("the cause is %v", context.Cause(ctx))
				}
				ann.set(func(c *fakeClient) { c.down, c.hang = false, false })
				release(t, lease)
				if err := second.Check(context.Background()); err != nil {
					t.Errorf("the first one's release took the second one's lock: %v", err)
				}
				release(t, second)
			})
		})
	}
}

func TestAHolderThatSleptFindsItsLockTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		lease := s.operator("ann").mustAcquire(t, 0)
		lease.kill() // nothing renews it, as in a laptop that is shut
		second := s.operator("bob").mustAcquire(t, time.Hour)
		err := lease.Check(context.Background())
		if lost := new(LostError); !errors.As(err, &lost) || !strings.Contains(lost.Reason, "bob") {
			t.Errorf("got %v, want it lost to bob", err)
		}
		release(t, second)
	})
}

func TestARenewalThatWasNotAnsweredIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := newFakeSwarm().operator("ann")
		lease := ann.mustAcquire(t, 0)
		ann.set(func(c *fakeClient) { c.deaf = 3 })
		if err := lease.Check(context.Background()); err != nil {
			t.Error(err)
		}
		release(t, lease)
	})
}

func TestRenewalsGoOnAfterAnInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		ctx, interrupt := context.WithCancel(t.Context())
		lease, err := s.operator("ann").lock().Acquire(ctx, Holder{By: "ann"}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		interrupt()
		_, err = s.operator("bob").acquire(3 * time.Minute) // as long as a rollback may take
		refused(t, err, "ann")
		release(t, lease)
	})
}

func TestReleaseInsistsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := newFakeSwarm().operator("ann")
		lease := ann.mustAcquire(t, 0)
		ann.set(func(c *fakeClient) { c.down = true })
		time.AfterFunc(10*time.Second, func() { ann.set(func(c *fakeClient) { c.down = false }) })
		release(t, lease)
		lease = ann.mustAcquire(t, 0)
		ann.set(func(c *fakeClient) { c.down = true })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := lease.Release(ctx); !errors.Is(err, errDown) {
			t.Errorf("got %v, want the network's error", err)
		}
	})
}

func TestAnOutageOfTheManagersCostsNobodyTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		ann, bob := s.operator("ann"), s.operator("bob")
		lease := ann.mustAcquire(t, 0)
		go func() {
			time.Sleep(9 * time.Second) // just before the first renewal
			for _, o := range []operator{ann, bob} {
				o.set(func(c *fakeClient) { c.hang = true })
			}
			time.Sleep(22 * time.Second) // an election
			for _, o := range []operator{ann, bob} {
				o.set(func(c *fakeClient) { c.hang = false })
			}
		}()
		_, err := bob.acquire(3 * time.Minute)
		refused(t, err, "ann")
		if lost := lease.Lost(); lost != nil {
			t.Error(lost)
		}
		release(t, lease)
	})
}
