package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/local"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

func (a *app) newLocalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Machines as containers on this machine, to try things on",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newLocalUpCommand(), a.newLocalDownCommand(), a.newLocalListCommand(),
		a.newLocalStopCommand(), a.newLocalStartCommand())
	return cmd
}

// localOptions are the defaults with this user's directory and environment.
func (a *app) localOptions() local.Options {
	o := local.DefaultOptions()
	o.Getenv = a.getenv
	return o
}

// inDir fills in where the named cluster keeps its state.
func (a *app) inDir(o local.Options) local.Options {
	o.Dir = target.LocalDir(o.Name, a.getenv)
	return o
}

func registerName(cmd *cobra.Command, o *local.Options) {
	cmd.Flags().StringVar(&o.Name, "name", o.Name, "cluster's `NAME`; name it to --target as local:NAME")
}

func (a *app) newLocalUpCommand() *cobra.Command {
	var output outputFlag
	o := a.localOptions()
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Make machines as containers, with a load balancer in front",
		Long: `Make machines as containers: each runs systemd and sshd and has an address, host
keys and a Docker engine of its own; together they form a swarm. HAProxy stands
in front and probes /readyz as Azure's load balancer does. With --bare they
have no Docker and form no swarm yet: "swarmctl up" does both. Run again, it makes what is missing, starts what
was stopped, and leaves the rest as it is: flags that are not given keep what
the cluster has.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Given = cmd.Flags().Changed
			return a.localUp(cmd.Context(), a.inDir(o), output)
		},
	}
	f := cmd.Flags()
	registerName(cmd, &o)
	f.IntVar(&o.Managers, "managers", o.Managers, "machines that become managers")
	f.IntVar(&o.Workers, "workers", o.Workers, "machines that become workers")
	f.BoolVar(&o.Monitor, "monitor", o.Monitor, "add a machine outside the swarm for monitoring")
	f.BoolVar(&o.Bare, "bare", o.Bare, "leave Docker out of the machines, for \"swarmctl up\" to install")
	f.IntVar(&o.HTTPPort, "http-port", o.HTTPPort, "`PORT` of 127.0.0.1 that the load balancer listens on; 0 takes any that is free")
	f.DurationVar(&o.ProbeInterval, "probe-interval", o.ProbeInterval, "how often the load balancer asks each node for /readyz")
	f.IntVar(&o.ProbeThreshold, "probe-threshold", o.ProbeThreshold, "answers in a row that change a node's state")
	output.register(cmd)
	return cmd
}

// localUp makes the machines, and a swarm of them where they have Docker.
func (a *app) localUp(ctx context.Context, o local.Options, output outputFlag) error {
	var inv inventory.Inventory
	err := withEngine(func(e *engine.Client) (err error) {
		inv, err = local.Up(ctx, e, o, a.sink())
		return err
	})
	if err != nil {
		return err
	}
	if !o.Bare {
		a.target = "local:" + o.Name
		if _, _, err := a.makeSwarm(ctx, false); err != nil {
			return err
		}
	}
	return output.print(a.Out, inv, func() string { return localUpText(inv, o) })
}

// localUpText says what there is now, and what one does with it.
func localUpText(inv inventory.Inventory, o local.Options) string {
	swarmctl := "swarmctl"
	if inv.Name != target.DefaultLocal {
		swarmctl += " -t local:" + inv.Name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", inv.Endpoint)
	for _, n := range inv.Nodes {
		fmt.Fprintf(&b, "  %-20s %-8s %s\n", n.Name, n.Role, n.Address)
	}
	b.WriteString("\nNext:\n")
	if o.Bare {
		fmt.Fprintf(&b, "  %-30s %s\n", swarmctl+" up", "install Docker, form the swarm")
	}
	fmt.Fprintf(&b, "  %-30s %s\n", swarmctl+" deploy", "build the service and roll it out")
	fmt.Fprintf(&b, "\nLog in:\n  ssh -F %s %s\n", filepath.Join(o.Dir, local.SSHConfigFile), inv.Nodes[0].Name)
	return b.String()
}

func (a *app) newLocalDownCommand() *cobra.Command {
	var images bool
	o := a.localOptions()
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove the machines, their disks, network, key and inventory",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withEngine(func(e *engine.Client) error {
				return local.Down(cmd.Context(), e, a.inDir(o), images, a.sink())
			})
		},
	}
	registerName(cmd, &o)
	cmd.Flags().BoolVar(&images, "images", false, "remove the images that `local up` built too")
	return cmd
}

func (a *app) newLocalListCommand() *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List local clusters and their machines",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withEngine(func(e *engine.Client) error {
				list, err := local.List(cmd.Context(), e)
				if err != nil {
					return err
				}
				return output.print(a.Out, list, func() string { return localListText(list) })
			})
		},
	}
	output.register(cmd)
	return cmd
}

func localListText(list []local.Cluster) string {
	if len(list) == 0 {
		return "no local cluster; `swarmctl local up` makes one\n"
	}
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s  %s\n", c.Name, c.Endpoint)
		for _, m := range c.Machines {
			fmt.Fprintf(&b, "  %-20s %-8s %-15s %s\n", m.Name, m.Role, m.Address, m.State)
		}
	}
	return b.String()
}

func (a *app) newLocalStopCommand() *cobra.Command {
	o := a.localOptions()
	cmd := &cobra.Command{
		Use:   "stop NODE",
		Short: "End a machine hard, as a power loss does",
		Args:  oneNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withEngine(func(e *engine.Client) error {
				return local.Stop(cmd.Context(), e, o.Name, args[0], a.sink())
			})
		},
	}
	registerName(cmd, &o)
	return cmd
}

func (a *app) newLocalStartCommand() *cobra.Command {
	o := a.localOptions()
	cmd := &cobra.Command{
		Use:   "start NODE",
		Short: "Bring a stopped machine back and wait until it answers",
		Args:  oneNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withEngine(func(e *engine.Client) error {
				return local.Start(cmd.Context(), e, a.inDir(o), args[0], a.sink())
			})
		},
	}
	registerName(cmd, &o)
	return cmd
}

func oneNode(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%q takes one node's name, got %d; `swarmctl local ls` lists them", cmd.CommandPath(), len(args))}
	}
	return nil
}

// withEngine asks this machine's engine, and gives faults of the command line
// their exit code.
func withEngine(do func(*engine.Client) error) error {
	e, err := engine.Local()
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if err = do(e); errors.Is(err, local.ErrOptions) {
		return usageError{err}
	}
	return err
}
