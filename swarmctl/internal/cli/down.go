package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

func (a *app) newDownCommand() *cobra.Command {
	var opts stackFlags
	var yes bool
	var lockTimeout time.Duration
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove the stack: services, networks, configs, secrets and records",
		Long:  "Remove the stack: its services, networks, configs, secrets and release records. Volumes and the swarm itself stay.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.down(cmd.Context(), opts, yes, lockTimeout) },
	}
	opts.register(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	lockTimeoutFlag(cmd, &lockTimeout)
	return cmd
}

func (a *app) down(ctx context.Context, opts stackFlags, yes bool, lockTimeout time.Duration) error {
	stack, err := opts.name(ctx)
	if err != nil {
		return err
	}
	if !yes && !a.canAsk() {
		return usageError{fmt.Errorf("remove stack %s: say --yes, because there is no terminal to ask on", stack)}
	}
	return a.withManager(ctx, func(f *fleet, manager *engine.Client) error {
		parts, err := findParts(ctx, manager, stack)
		if err != nil {
			return err
		}
		recorded, err := release.Store{API: manager, Stack: stack}.Any(ctx)
		if err != nil {
			return err
		}
		if parts.empty() && !recorded {
			a.sink().Unchanged("stack "+stack, "there is nothing of it on cluster "+f.Name)
			return nil
		}
		if err := a.confirm(ctx, yes, fmt.Sprintf("remove stack %s from cluster %s (%s)?", stack, f.Name, parts)); err != nil {
			return err
		}
		req := lockRequest{stack: stack, command: "down", timeout: lockTimeout}
		return a.locked(ctx, manager, req, func(ctx context.Context, lease *release.Lease) error {
			return a.removeStack(ctx, manager, stack, lease)
		})
	})
}

// removeStack removes what there is by now: a deploy may have ended since the
// question was asked.
func (a *app) removeStack(ctx context.Context, manager *engine.Client, stack string, lease *release.Lease) error {
	parts, err := findParts(ctx, manager, stack)
	if err != nil {
		return err
	}
	if err := parts.remove(ctx, a, manager); err != nil {
		return err
	}
	if err := lease.Check(ctx); err != nil {
		return err
	}
	if err := (release.Store{API: manager, Stack: stack}).Forget(ctx); err != nil {
		return err
	}
	a.sink().Done("stack "+stack, "removed")
	return nil
}

// canAsk tells whether somebody is there to answer.
func (a *app) canAsk() bool {
	in, ok := a.In.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}

// confirm asks on a terminal, unless the answer was given, and insists on --yes
// elsewhere.
func (a *app) confirm(ctx context.Context, yes bool, question string) error {
	switch {
	case yes:
		return nil
	case !a.canAsk():
		return usageError{fmt.Errorf("%s: say --yes, because there is no terminal to ask on", strings.TrimSuffix(question, "?"))}
	}
	return a.ask(ctx, question)
}

// ask returns nil where the answer is yes.
func (a *app) ask(ctx context.Context, question string) error {
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(a.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case text := <-answer:
		if strings.EqualFold(text, "y") || strings.EqualFold(text, "yes") {
			return nil
		}
		return errors.New("nothing was removed")
	}
}

// stackParts are what the swarm has of a stack.
type stackParts struct {
	services []swarm.Service
	networks []network.Summary
	configs  []swarm.Config
	secrets  []swarm.Secret
}

func (p stackParts) String() string {
	return strings.Join([]string{
		plural(len(p.services), "service"), plural(len(p.networks), "network"),
		plural(len(p.configs), "config"), plural(len(p.secrets), "secret"),
	}, ", ")
}

func (p stackParts) empty() bool {
	return len(p.services)+len(p.networks)+len(p.configs)+len(p.secrets) == 0
}

func findParts(ctx context.Context, manager *engine.Client, stack string) (p stackParts, err error) {
	label := filters.NewArgs(filters.Arg("label", rollout.StackLabel+"="+stack))
	if p.services, err = manager.ServiceList(ctx, swarm.ServiceListOptions{Filters: label}); err != nil {
		return p, fmt.Errorf("list services: %w", err)
	}
	if p.networks, err = manager.NetworkList(ctx, network.ListOptions{Filters: label}); err != nil {
		return p, fmt.Errorf("list networks: %w", err)
	}
	if p.configs, err = manager.ConfigList(ctx, swarm.ConfigListOptions{Filters: label}); err != nil {
		return p, fmt.Errorf("list configs: %w", err)
	}
	if p.secrets, err = manager.SecretList(ctx, swarm.SecretListOptions{Filters: label}); err != nil {
		return p, fmt.Errorf("list secrets: %w", err)
	}
	return p, nil
}

// remove takes the services away first, because they use the rest.
func (p stackParts) remove(ctx context.Context, a *app, manager *engine.Client) error {
	for _, s := range p.services {
		if err := manager.ServiceRemove(ctx, s.ID); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove service %s: %w", s.Spec.Name, err)
		}
		a.sink().Done("service "+s.Spec.Name, "removed")
	}
	for _, c := range p.configs {
		if err := manager.ConfigRemove(ctx, c.ID); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove config %s: %w", c.Spec.Name, err)
		}
	}
	for _, s := range p.secrets {
		if err := manager.SecretRemove(ctx, s.ID); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove secret %s: %w", s.Spec.Name, err)
		}
	}
	for _, n := range p.networks {
		if err := removeNetwork(ctx, manager, n); err != nil {
			return err
		}
		a.sink().Done("network "+n.Name, "removed")
	}
	return nil
}

// removeNetwork waits until the last task has let go of the network.
func removeNetwork(ctx context.Context, manager *engine.Client, n network.Summary) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := manager.NetworkRemove(ctx, n.ID)
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove network %s: %w", n.Name, err)
		case <-time.After(time.Second):
		}
	}
}
