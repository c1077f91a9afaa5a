package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

func (a *app) newRollbackCommand() *cobra.Command {
	var opts stackFlags
	var to int
	var limits change
	login := imageFlags{builder: localBuilder}
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Take the whole stack back to an earlier release",
		Long: `Take the whole stack back to an earlier release: every service, its image by
digest, its configs and secrets. Without --to that is the last release that was
deployed before the present one. A node that has lost an image gets it again:
from its registry, or from a node that has it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkRollback(cmd, to, limits.timeout); err != nil {
				return err
			}
			if err := login.check(); err != nil {
				return err
			}
			return a.rollback(cmd.Context(), opts, to, limits, login)
		},
	}
	opts.register(cmd)
	cmd.Flags().IntVar(&to, "to", 0, "`NUMBER` of the release, see `swarmctl releases`")
	cmd.Flags().DurationVar(&limits.timeout, "timeout", 15*time.Minute, "how long it may take")
	lockTimeoutFlag(cmd, &limits.lockTimeout)
	login.registerLogin(cmd)
	return cmd
}

// checkRollback finds values that no release and no wait can have.
func checkRollback(cmd *cobra.Command, to int, timeout time.Duration) error {
	var faults []error
	if cmd.Flags().Changed("to") && to < 1 {
		faults = append(faults, fmt.Errorf("--to: must be a release's number, 1 or higher, got %d", to))
	}
	if timeout <= 0 {
		faults = append(faults, fmt.Errorf("--timeout: must be more than 0, got %s", timeout))
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

func (a *app) rollback(ctx context.Context, opts stackFlags, to int, c change, login imageFlags) error {
	name, err := opts.name(ctx)
	if err != nil {
		return err
	}
	return a.withManager(ctx, func(f *fleet, manager *engine.Client) error {
		wanted, err := findRelease(ctx, manager, name, to)
		if err != nil {
			return err
		}
		if err := a.bringBack(ctx, f, wanted, login); err != nil {
			return err
		}
		c.command = "rollback"
		// What the user wants to go back to stays the same while we wait for a lock.
		c.plan = func(ctx context.Context) (rollout.Plan, error) { return planRelease(ctx, manager, wanted) }
		record := release.Record{By: whoAmI(), Commit: wanted.Commit, RollbackTo: wanted.Number, Services: wanted.Services, Networks: wanted.Networks}
		r := &running{app: a, fleet: f, manager: manager, store: release.Store{API: manager, Stack: name}, record: record}
		return r.start(ctx, c)
	})
}

// findRelease is the release to go back to, see pickRelease.
func findRelease(ctx context.Context, manager *engine.Client, stack string, to int) (release.Record, error) {
	records, err := release.Store{API: manager, Stack: stack}.List(ctx)
	if err != nil {
		return release.Record{}, err
	}
	observed, err := rollout.Observe(ctx, manager, stack)
	if err != nil {
		return release.Record{}, err
	}
	return pickRelease(records, to, observed)
}

func planRelease(ctx context.Context, manager *engine.Client, r release.Record) (rollout.Plan, error) {
	observed, err := rollout.Observe(ctx, manager, r.Stack)
	if err != nil {
		return rollout.Plan{}, err
	}
	return rollout.NewPlan(desiredOf(r), observed)
}

func desiredOf(r release.Record) rollout.Desired {
	return rollout.Desired{Stack: r.Stack, Services: r.Services, Networks: r.Networks, Prune: true}
}

// pickRelease finds the release to go back to: the one named, or the newest
// that was deployed and differs from what runs now.
func pickRelease(records []release.Record, to int, observed rollout.Observed) (release.Record, error) {
	for _, r := range earlier(records, to) {
		plan, err := rollout.NewPlan(desiredOf(r), observed)
		if err != nil || to != 0 || !plan.Empty() {
			return r, err
		}
	}
	if to != 0 {
		return release.Record{}, usageError{fmt.Errorf("there is no release %d; see `swarmctl releases`", to)}
	}
	return release.Record{}, usageError{errors.New("there is no earlier release to go back to; see `swarmctl releases`")}
}

// earlier are the releases to choose from, newest first. After a rollback to
// N, "the one before" is one before N, not the one that was fled from.
func earlier(records []release.Record, to int) []release.Record {
	var found []release.Record
	limit := 0
	for _, r := range records {
		switch {
		case to != 0:
			if r.Number == to {
				found = append(found, r)
			}
		case r.Outcome != release.Deployed:
		case limit == 0 && r.RollbackTo != 0:
			limit = r.RollbackTo
		case limit == 0 || r.Number < limit:
			limit = max(limit, r.Number+1)
			found = append(found, r)
		}
	}
	return found
}
