// Package cli is the command line: one file a verb, the wiring of the parts,
// and the only place that maps errors to exit codes and hints.
//
// Results go to standard output; progress, errors and hints to standard error.
package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/display"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// app is what the commands share: streams, environment and global flags.
type app struct {
	Streams
	getenv func(string) string

	target   string
	identity string
	progress string
	quiet    bool

	display display.Display
}

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, args []string, streams Streams, getenv func(string) string) int {
	a := &app{Streams: streams, getenv: getenv}
	root := a.newRootCommand() //nolint:contextcheck // cobra hands the context to each command
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if a.display != nil {
		a.display.Close()
	}
	return report(streams.Err, interrupted(ctx, err))
}

func (a *app) newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "swarmctl",
		Short: "Turn machines into a Docker Swarm and roll services out",
		Long: `swarmctl turns machines into a Docker Swarm over SSH, hands the image over
without a registry, and rolls the service out without losing a request.

Try it on this machine:   swarmctl local up && swarmctl deploy`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetIn(a.In)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand())
	flags := root.PersistentFlags()
	flags.StringVarP(&a.target, "target", "t", "", "the machines to work on: `TARGET` is local[:NAME], pulumi:STACK or an inventory file (env SWARMCTL_TARGET; default local)")
	flags.StringVarP(&a.identity, "identity", "i", "", "private key `FILE` for SSH (env SWARMCTL_IDENTITY; default: the agent, then ~/.ssh)")
	flags.StringVar(&a.progress, "progress", "auto", "how progress is shown: auto, tty, plain, json or none")
	complete(root, "progress", "auto", "tty", "plain", "json", "none")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "show results and errors only")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.openDisplay() }
	root.AddCommand(a.commands()...)
	refuseUnknownShells(root)
	return root
}

// commands are the verbs, in the order of a first day's work.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.newLocalCommand(),
		a.newUpCommand(),
		a.newNodeCommand(),
		a.newBuildCommand(),
		a.newPushCommand(),
		a.newPlanCommand(),
		a.newDeployCommand(),
		a.newRollbackCommand(),
		a.newReleasesCommand(),
		a.newStatusCommand(),
		a.newLogsCommand(),
		a.newLockCommand(),
		a.newMonitoringCommand(),
		a.newDownCommand(),
		a.newVersionCommand(),
	}
}

func (a *app) openDisplay() error {
	mode := a.progress
	if a.quiet {
		mode = string(display.None)
	}
	d, err := display.New(a.Err, display.Mode(mode), a.getenv)
	if err != nil {
		return usageError{fmt.Errorf("--progress: %w", err)}
	}
	a.display = d
	return nil
}

// sink is where the domain's events go.
func (a *app) sink() event.Sink { return a.display.Emit }

// targetSpec is the flag, then the environment, then `local`.
func (a *app) targetSpec() string { return firstOf(a.target, a.getenv("SWARMCTL_TARGET"), "local") }

func (a *app) loadTarget(ctx context.Context) (target.Target, error) {
	t, err := target.Load(ctx, a.targetSpec(), a.getenv)
	if err != nil {
		return target.Target{}, err
	}
	if id := firstOf(a.identity, a.getenv("SWARMCTL_IDENTITY")); id != "" {
		t.Identities = []string{id}
	}
	return t, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
