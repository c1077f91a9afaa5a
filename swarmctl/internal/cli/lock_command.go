package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
)

func (a *app) newLockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "See or take away the lock that a deploy holds on its stack",
		Long: `A deploy, a rollback and a removal hold their stack's lock while they write, so
that two of them don't mix. It is released when they end, however they end; a
command that was killed frees it within a minute.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newLockStatusCommand(), a.newLockReleaseCommand())
	return cmd
}

func (a *app) newLockStatusCommand() *cobra.Command {
	var opts stackFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who holds the stack's lock",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLock(cmd.Context(), opts, func(lock release.Lock, held *release.Held) error {
				view := viewLock(lock.Stack, held)
				return output.print(a.Out, view, view.String)
			})
		},
	}
	opts.register(cmd)
	output.register(cmd)
	return cmd
}

func (a *app) newLockReleaseCommand() *cobra.Command {
	var opts stackFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Take the stack's lock away from its holder",
		Long: `Take the stack's lock away from its holder. A deploy that is alive notices
within ten seconds, stops writing and fails; the swarm goes on with what it was
told before. A deploy that was killed frees its lock without this.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withLock(ctx, opts, func(lock release.Lock, held *release.Held) error {
				return a.breakLock(ctx, lock, held, yes)
			})
		},
	}
	opts.register(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// withLock reads the lock of the stack; held is nil where nobody holds it.
func (a *app) withLock(ctx context.Context, opts stackFlags, do func(lock release.Lock, held *release.Held) error) error {
	stack, err := opts.name(ctx)
	if err != nil {
		return err
	}
	return a.withManager(ctx, func(_ *fleet, manager *engine.Client) error {
		lock := release.Lock{API: manager, Stack: stack, Timing: release.DefaultLockTiming}
		held, err := lock.Status(ctx)
		if err != nil {
			return err
		}
		return do(lock, held)
	})
}

func (a *app) breakLock(ctx context.Context, lock release.Lock, held *release.Held, yes bool) error {
	if held == nil {
		a.sink().Unchanged("stack "+lock.Stack, "is not locked")
		return nil
	}
	if !yes && !a.canAsk() {
		return usageError{fmt.Errorf("take the lock of stack %s from %s: say --yes, because there is no terminal to ask on", lock.Stack, held)}
	}
	if err := a.confirm(ctx, yes, fmt.Sprintf("take the lock of stack %s from %s?", lock.Stack, held)); err != nil {
		return err
	}
	if err := lock.Break(ctx, *held, whoAmI()); err != nil {
		return fmt.Errorf("release lock: %w", err)
	}
	a.sink().Done("stack "+lock.Stack, "lock released; it was held by "+held.String())
	return nil
}

// lockView is the lock as JSON.
type lockView struct {
	Stack  string        `json:"stack"`
	Locked bool          `json:"locked"`
	Lock   *release.Held `json:"lock,omitempty"`
	// Expires is when it may be taken over unless it is renewed before, by the
	// managers' clock.
	Expires time.Time `json:"expires,omitzero"`
}

func viewLock(stack string, held *release.Held) lockView {
	v := lockView{Stack: stack, Locked: held != nil, Lock: held}
	if held != nil {
		v.Expires = held.Renewed.Add(held.Lease)
	}
	return v
}

// String is the lock as people read it.
func (v lockView) String() string {
	if !v.Locked {
		return fmt.Sprintf("stack %s is not locked\n", v.Stack)
	}
	clock := func(t time.Time) string { return t.Local().Format(time.TimeOnly) }
	return fmt.Sprintf("stack %s is locked by %s\nrenewed at %s; without another renewal it frees itself after %s\n",
		v.Stack, v.Lock, clock(v.Lock.Renewed), clock(v.Expires))
}
