package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/maintain"
)

// drainTimeout is how long tasks may take to move.
const drainTimeout = 5 * time.Minute

// nodeOptions are the flags of the commands that take nodes.
type nodeOptions struct {
	names   []string
	timeout time.Duration
	yes     bool
}

func (a *app) newNodeDrainCommand() *cobra.Command {
	var opts nodeOptions
	cmd := &cobra.Command{
		Use:   "drain NODE...",
		Short: "Move all tasks off nodes, and wait until they run elsewhere",
		Long: `Take nodes out of service, for maintenance: their tasks move to other nodes,
and the command waits until as many replicas as before run there. The nodes stay
in the swarm; managers go on voting. "node activate" takes them back.`,
		Args: namesOf(&opts),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.nodeDrain(cmd.Context(), opts) },
	}
	cmd.Flags().DurationVar(&opts.timeout, "timeout", drainTimeout, "how long the tasks may take to move")
	return cmd
}

func (a *app) newNodeActivateCommand() *cobra.Command {
	var opts nodeOptions
	return &cobra.Command{
		Use:   "activate NODE...",
		Short: "Let nodes take tasks again",
		Long: `Let nodes take tasks again, those that come from now on: the swarm moves none
that run well elsewhere. The next deploy of a change spreads them.`,
		Args: namesOf(&opts),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.nodeActivate(cmd.Context(), opts) },
	}
}

func (a *app) newNodeRemoveCommand() *cobra.Command {
	var opts nodeOptions
	cmd := &cobra.Command{
		Use:     "rm NODE...",
		Aliases: []string{"remove"},
		Short:   "Drain nodes and take them out of the swarm",
		Long: `Take nodes out of the swarm for good: drained, demoted where they are managers,
told to leave, removed. It refuses what would cost the swarm its quorum or leave
no node to run anything on. Take them out of the inventory too: "up" joins what
is in there.`,
		Args: namesOf(&opts),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.nodeRemove(cmd.Context(), opts) },
	}
	cmd.Flags().DurationVar(&opts.timeout, "timeout", drainTimeout, "how long the tasks may take to move")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	return cmd
}

// namesOf takes one name at the least.
func namesOf(opts *nodeOptions) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{fmt.Errorf("which nodes? name them: `%s NODE...`; `swarmctl node ls` lists them", cmd.CommandPath())}
		}
		opts.names = args
		return nil
	}
}

func (a *app) nodeDrain(ctx context.Context, opts nodeOptions) error {
	return a.withManager(ctx, func(_ *fleet, manager *engine.Client) error {
		_, nodes, err := a.choose(ctx, manager, opts, maintain.CheckDrain)
		if err != nil {
			return err
		}
		return maintainError(maintain.Drain(ctx, manager, nodes, opts.timeout, a.sink()), opts)
	})
}

func (a *app) nodeActivate(ctx context.Context, opts nodeOptions) error {
	return a.withManager(ctx, func(_ *fleet, manager *engine.Client) error {
		_, nodes, err := a.choose(ctx, manager, opts, nil)
		if err != nil {
			return err
		}
		return maintain.Activate(ctx, manager, nodes, a.sink())
	})
}

func (a *app) nodeRemove(ctx context.Context, opts nodeOptions) error {
	return a.withManager(ctx, func(f *fleet, manager *engine.Client) error {
		all, nodes, err := a.choose(ctx, manager, opts, maintain.CheckRemove)
		if err != nil {
			return err
		}
		if manager, err = f.managerBut(ctx, nodes); err != nil {
			return err
		}
		if text := maintain.Even(all, nodes); text != "" {
			a.sink().Warn("swarm", text)
		}
		if err := a.confirm(ctx, opts.yes, fmt.Sprintf("remove %s from swarm %s?", strings.Join(opts.names, ", "), f.Name)); err != nil {
			return err
		}
		if err := maintainError(maintain.Remove(ctx, manager, nodes, f.leave, opts.timeout, a.sink()), opts); err != nil {
			return err
		}
		for _, n := range nodes {
			if _, ok := f.named(n); ok {
				a.sink().Warn("node "+maintain.Name(n), "the inventory still names it: `swarmctl up` would join it again")
			}
		}
		return nil
	})
}

// choose returns the swarm's nodes and those that are named, where the check
// lets them be. It says what the user should know.
func (a *app) choose(ctx context.Context, manager *engine.Client, opts nodeOptions, check func(all, chosen []swarm.Node) error) (all, chosen []swarm.Node, err error) {
	if all, err = manager.NodeList(ctx, swarm.NodeListOptions{}); err != nil {
		return nil, nil, fmt.Errorf("list nodes: %w", err)
	}
	if chosen, err = maintain.Choose(all, opts.names); err != nil {
		return nil, nil, usageError{err}
	}
	if check == nil {
		return all, chosen, nil
	}
	if err := check(all, chosen); err != nil {
		return nil, nil, fmt.Errorf("nothing was changed: %w", err)
	}
	services, err := manager.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list services: %w", err)
	}
	tasks, err := manager.TaskList(ctx, swarm.TaskListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list tasks: %w", err)
	}
	for _, text := range maintain.Away(chosen, services, tasks) {
		a.sink().Warn("swarm", text)
	}
	return all, chosen, nil
}

// stillDrainingError is a wait that ended before the tasks had moved.
type stillDrainingError struct {
	error
	names []string
}

func (e stillDrainingError) Unwrap() error { return e.error }

// Hint says what to do next.
func (e stillDrainingError) Hint() string {
	return "the swarm goes on; run it again to wait on, deploy fewer replicas where no node is left for them, or take it back with `swarmctl node activate " + strings.Join(e.names, " ") + "`"
}

// unfinishedError is a removal that ended early.
type unfinishedError struct{ *maintain.UnfinishedError }

func (e unfinishedError) Unwrap() error { return e.UnfinishedError }

// Hint says what to do next: nodes that are gone are not known by name any more.
func (e unfinishedError) Hint() string {
	var names []string
	for _, n := range e.Left {
		names = append(names, n.ID)
	}
	return "`swarmctl node rm " + strings.Join(names, " ") + "` goes on where it ended"
}

func maintainError(err error, opts nodeOptions) error {
	var unfinished *maintain.UnfinishedError
	switch {
	case errors.As(err, &unfinished):
		return unfinishedError{unfinished}
	case errors.Is(err, maintain.ErrSlow):
		return stillDrainingError{err, opts.names}
	}
	return err
}

// named is the inventory's machine of that name.
func (f *fleet) named(n swarm.Node) (inventory.Node, bool) {
	i := slices.IndexFunc(f.Swarm(), func(m inventory.Node) bool { return m.Name == maintain.Name(n) })
	if i < 0 {
		return inventory.Node{}, false
	}
	return f.Swarm()[i], true
}

// managerBut is a manager other than those nodes, which cease to be some.
func (f *fleet) managerBut(ctx context.Context, nodes []swarm.Node) (*engine.Client, error) {
	var names []string
	for _, n := range nodes {
		names = append(names, maintain.Name(n))
	}
	if err := f.turnFrom(names); err != nil {
		return nil, err
	}
	return f.manager(ctx)
}

// leave tells the machine's own engine, where there is a way to it.
func (f *fleet) leave(ctx context.Context, n swarm.Node) (bool, error) {
	machine, ok := f.named(n)
	if !ok {
		return false, nil
	}
	if _, err := f.conn(ctx, machine); err != nil {
		return false, ctx.Err()
	}
	e, err := f.engine(machine)
	if err != nil {
		return false, err
	}
	info, err := e.Info(ctx)
	switch {
	case err == nil && info.Swarm.LocalNodeState == swarm.LocalNodeStateInactive: // an attempt before, whose answer was lost
		return true, nil
	case err != nil || info.Swarm.NodeID != n.ID: // another machine of that name
		return false, ctx.Err()
	}
	if err := e.SwarmLeave(ctx, false); err != nil {
		return false, fmt.Errorf("leave: %w", err)
	}
	return true, nil
}
