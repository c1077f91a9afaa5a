package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/cluster"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// upOptions are the flags of `up`.
type upOptions struct {
	dryRun bool
	output outputFlag
}

func (a *app) newUpCommand() *cobra.Command {
	var opts upOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Make the swarm match the inventory",
		Long: `up installs Docker where it is missing, makes the swarm, and gives each node its
role and labels. It changes what differs and nothing else: run again, it prints
"no change"; interrupted, run it again and it goes on from there.

It never removes a node, and never takes a machine out of another swarm.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.up(cmd.Context(), opts) },
	}
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "print what would be done, and do nothing")
	opts.output.register(cmd)
	return cmd
}

// maxRounds bounds how often `up` looks again: once after engines that did not
// run were started, and once more where one of those had to be mended first.
const maxRounds = 3

func (a *app) up(ctx context.Context, opts upOptions) error {
	report, text, err := a.makeSwarm(ctx, opts.dryRun)
	if err != nil {
		return err
	}
	return opts.output.print(a.Out, report, func() string { return text })
}

// makeSwarm makes the target's machines a swarm, or says what it would do. It
// returns what was done, for machines and for people.
func (a *app) makeSwarm(ctx context.Context, dryRun bool) (report upReport, text string, err error) {
	f, err := a.connect(ctx)
	if err != nil {
		return report, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	machines := clusterFleet{f}
	report = upReport{Operations: []operationReport{}, Warnings: []warningReport{}}
	for range maxRounds {
		plan, err := a.planUp(ctx, f.Inventory, machines)
		if err != nil {
			return report, "", err
		}
		report.add(plan)
		if dryRun {
			return report, plan.String(), nil
		}
		if err := plan.Apply(ctx, machines, cluster.DockerCE(), a.sink()); err != nil {
			return report, "", err
		}
		if !plan.Partial {
			break
		}
	}
	return report, report.summary(), nil
}

func (a *app) planUp(ctx context.Context, inv inventory.Inventory, machines cluster.Fleet) (cluster.Plan, error) {
	subject := "cluster " + inv.Name
	a.sink().Start(subject, "looking at "+plural(len(inv.Swarm()), "machine"))
	state, err := cluster.Observe(ctx, inv, machines)
	if err != nil {
		return cluster.Plan{}, err
	}
	plan, err := cluster.NewPlan(inv, state)
	switch {
	case err != nil:
	case plan.Empty():
		a.sink().Unchanged(subject, "as the inventory says")
	default:
		a.sink().Done(subject, plural(len(plan.Operations()), "change")+" to make")
	}
	return plan, err
}

// clusterFleet is the fleet as the package cluster sees it.
type clusterFleet struct{ *fleet }

// Host returns the machine behind the node.
func (f clusterFleet) Host(ctx context.Context, node inventory.Node) (cluster.Host, error) {
	c, err := f.conn(ctx, node)
	if err != nil {
		return nil, err
	}
	return scriptHost{c}, nil
}

// Engine returns the engine of the node.
func (f clusterFleet) Engine(node inventory.Node) (cluster.Engine, error) { return f.engine(node) }

// Manager returns the engine of the node, as the manager that it is.
func (f clusterFleet) Manager(node inventory.Node) (cluster.Manager, error) { return f.engine(node) }

// scriptHost runs scripts through SSH.
type scriptHost struct{ conn *sshconn.Conn }

// RunScript feeds the script to a root shell.
func (h scriptHost) RunScript(ctx context.Context, name, script string, line func(string)) (string, error) {
	res, err := h.conn.Run(ctx, sshconn.Command{
		Name: name, Args: []string{"sh", "-s"}, Stdin: strings.NewReader(script), Sudo: true, Line: line,
	})
	return res.Stdout, err
}
