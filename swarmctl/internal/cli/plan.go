package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// differencesError is no fault: there is something to do.
type differencesError struct{}

func (differencesError) Error() string { return "" }

// ExitCode is the one for differences.
func (differencesError) ExitCode() int { return exitDifferences }

// planView is a plan as JSON.
type planView struct {
	Stack      string          `json:"stack"`
	Operations []operationView `json:"operations"`
	Unchanged  []string        `json:"unchanged"`
	Warnings   []string        `json:"warnings"`
}

type operationView struct {
	Operation string           `json:"operation"`
	Cause     string           `json:"cause"`
	Changes   []rollout.Change `json:"changes,omitempty"`
}

func viewPlan(p rollout.Plan) planView {
	v := planView{Stack: p.Stack, Operations: []operationView{}, Unchanged: append([]string{}, p.Unchanged...), Warnings: append([]string{}, p.Warnings...)}
	for _, op := range p.Operations {
		v.Operations = append(v.Operations, operationView{Operation: op.String(), Cause: op.Cause(), Changes: op.Details()})
	}
	return v
}

func (a *app) newPlanCommand() *cobra.Command {
	var opts deployOptions
	var output outputFlag
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what deploy would change, field by field",
		Long: `Show what deploy would change, field by field. Images are built, because their
digests are part of what changes; the swarm is only read.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.showPlan(cmd.Context(), opts, output, detailed)
		},
	}
	opts.register(cmd)
	output.register(cmd)
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 7 where there is something to change")
	return cmd
}

func (a *app) showPlan(ctx context.Context, opts deployOptions, output outputFlag, detailed bool) error {
	plan, err := a.planOnly(ctx, opts)
	if err != nil {
		return err
	}
	if err := output.print(a.Out, viewPlan(plan), func() string { return textOr(plan.String(), "no change\n") }); err != nil {
		return err
	}
	if detailed && !plan.Empty() {
		return differencesError{}
	}
	return nil
}

func (a *app) planOnly(ctx context.Context, opts deployOptions) (rollout.Plan, error) {
	d, err := a.prepare(ctx, opts, false)
	if err != nil {
		return rollout.Plan{}, err
	}
	defer d.fleet.Close() //nolint:errcheck // the command has done its work
	return d.plan(ctx)
}

func textOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
