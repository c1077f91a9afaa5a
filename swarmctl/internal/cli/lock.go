package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// lockTimeoutFlag is what every command that writes to a stack has.
func lockTimeoutFlag(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "lock-timeout", 0, "how long to wait while another deploy holds the stack's lock")
}

// lockedError is a stack that another deploy holds.
type lockedError struct{ error }

func (e lockedError) Unwrap() error { return e.error }

// ExitCode is the one for that.
func (lockedError) ExitCode() int { return exitLocked }

// Hint says what to do next.
func (lockedError) Hint() string {
	return "--lock-timeout 10m waits for it; a deploy that was killed frees its lock within a minute; `swarmctl lock release` takes it away"
}

// lostLockError is work that ended because the lock went to somebody else.
type lostLockError struct{ error }

// ExitCode is that of a failure, whatever the work's own error was.
func (lostLockError) ExitCode() int { return exitFailed }

// Hint says what to do next.
func (lostLockError) Hint() string {
	return "nothing was written after that; `swarmctl lock status` says who has it now, `swarmctl status` what runs"
}

// lockRequest says what the lock is for.
type lockRequest struct {
	stack, command, commit string
	timeout                time.Duration
}

// locked does what writes to a stack while no other deploy does.
func (a *app) locked(ctx context.Context, manager *engine.Client, req lockRequest, do func(context.Context, *release.Lease) error) error {
	lock := release.Lock{API: manager, Stack: req.stack, Timing: release.DefaultLockTiming}
	who := release.Holder{By: whoAmI(), PID: os.Getpid(), Command: req.command, Commit: shortCommit(req.commit)}
	lease, err := lock.Acquire(ctx, who, req.timeout, a.sink())
	if err != nil {
		if errors.As(err, new(*release.LockedError)) {
			return lockedError{err}
		}
		return err
	}
	defer a.unlock(ctx, lease)
	guarded, cancel := lease.Guard(ctx)
	defer cancel()
	err = do(guarded, lease)
	if lost := lease.Lost(); err != nil && lost != nil && !errors.As(err, new(lostLockError)) {
		return lostLockError{lost}
	}
	return err
}

// unlockTime bounds how long the end of a command may wait for a manager.
const unlockTime = 15 * time.Second

// unlock warns only: what the command was for is done, and the lock frees
// itself.
func (a *app) unlock(ctx context.Context, lease *release.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		a.sink().Warn("lock", fmt.Sprintf("%v; it frees itself after %s", err, release.DefaultLockTiming.Lease))
	}
}

// abandoned is a release whose lock was lost: it says what state things are in
// and writes nothing any more, not even the outcome.
func (r *running) abandoned(ctx context.Context, targets []rollout.Target, fault error) error {
	if !errors.As(fault, new(*release.LostError)) {
		return fault
	}
	// ctx has ended with the lock.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
	defer cancel()
	return lostLockError{fmt.Errorf("%w; this deploy stopped, the swarm goes on by itself:\n%s", fault, strings.Join(r.states(ctx, targets), "\n"))}
}
