package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// stackFlags name a stack: by flag, or as the compose file of this folder does.
type stackFlags struct {
	files []string
	stack string
}

func (o *stackFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVarP(&o.files, "file", "f", []string{"compose.yaml"}, "compose `FILE` that names the stack")
	cmd.Flags().StringVarP(&o.stack, "stack", "s", "", "stack `NAME` (default: the compose file's)")
}

func (o *stackFlags) name(ctx context.Context) (string, error) {
	if o.stack != "" {
		return o.stack, nil
	}
	stack, err := stackfile.Load(ctx, stackfile.Options{Files: o.files, Environment: environment()})
	if err != nil {
		return "", unnamedStackError{err}
	}
	return stack.Name, nil
}

// unnamedStackError is a compose file that can't say which stack is meant.
type unnamedStackError struct{ error }

func (e unnamedStackError) Unwrap() error { return e.error }

// Hint says what to do next.
func (unnamedStackError) Hint() string {
	return "run it in the folder of the service's compose.yaml, name the file with --file, or the stack with --stack"
}

func (a *app) newReleasesCommand() *cobra.Command {
	var opts stackFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "List what was deployed: who, when, which digest, with what outcome",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			records, err := a.listReleases(cmd.Context(), opts)
			if err != nil {
				return err
			}
			return output.print(a.Out, brief(records), func() string { return releasesTable(records) })
		},
	}
	opts.register(cmd)
	output.register(cmd)
	return cmd
}

func (a *app) listReleases(ctx context.Context, opts stackFlags) ([]release.Record, error) {
	name, err := opts.name(ctx)
	if err != nil {
		return nil, err
	}
	f, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // the command has done its work
	manager, err := f.manager(ctx)
	if err != nil {
		return nil, err
	}
	return release.Store{API: manager, Stack: name}.List(ctx)
}

// brief leaves the complete specs out of what a list shows.
func brief(records []release.Record) []release.Record {
	result := make([]release.Record, len(records))
	for i, r := range records {
		r.Services, r.Networks = nil, nil
		result[i] = r
	}
	return result
}

func releasesTable(records []release.Record) string {
	if len(records) == 0 {
		return "no release yet\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RELEASE\tSTARTED\tTOOK\tOUTCOME\tBY\tCOMMIT\tIMAGES")
	for _, r := range records {
		took := "-"
		if !r.Ended.IsZero() {
			took = r.Ended.Sub(r.Started).Round(time.Second).String()
		}
		outcome := string(r.Outcome)
		if r.RollbackTo > 0 {
			outcome += fmt.Sprintf(" (back to %d)", r.RollbackTo)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, localTime(r.Started), took, outcome, r.By, textOr(shortCommit(r.Commit), "-"), strings.Join(shortImages(r.Images), ", "))
	}
	if err := w.Flush(); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

func shortCommit(commit string) string {
	hash, dirty, _ := strings.Cut(commit, "-")
	if len(hash) > 10 {
		hash = hash[:10]
	}
	return hash + prefixed("-", dirty)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func shortImages(images map[string]string) []string {
	var result []string
	for _, service := range sortedKeys(images) {
		result = append(result, service+" "+shortDigest(images[service]))
	}
	return result
}

// shortDigest is the part of an image reference that tells releases apart.
func shortDigest(ref string) string {
	if _, digest, ok := strings.Cut(ref, "@sha256:"); ok && len(digest) >= 12 {
		return digest[:12]
	}
	return ref
}

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
	f, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // the command has done its work
	manager, err := f.manager(ctx)
	if err != nil {
		return err
	}
	records, err := release.Store{API: manager, Stack: name}.List(ctx)
	if err != nil {
		return err
	}
	observed, err := rollout.Observe(ctx, manager, name)
	if err != nil {
		return err
	}
	wanted, err := pickRelease(records, to, observed)
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

func imageOf(spec swarm.ServiceSpec) string {
	if spec.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	return spec.TaskTemplate.ContainerSpec.Image
}
