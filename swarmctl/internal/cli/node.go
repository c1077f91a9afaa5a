package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/cluster"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

func (a *app) newNodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "See and maintain the swarm's nodes",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newNodeListCommand(), a.newNodeDrainCommand(), a.newNodeActivateCommand(), a.newNodeRemoveCommand())
	return cmd
}

func (a *app) newNodeListCommand() *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List the nodes, as the swarm and the inventory know them",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.nodeList(cmd.Context(), output) },
	}
	output.register(cmd)
	return cmd
}

func (a *app) nodeList(ctx context.Context, output outputFlag) error {
	return a.withManager(ctx, func(f *fleet, manager *engine.Client) error {
		nodes, err := manager.NodeList(ctx, swarm.NodeListOptions{})
		if err != nil {
			return fmt.Errorf("list nodes: %w", err)
		}
		members := cluster.Members(f.Inventory, nodes)
		return output.print(a.Out, members, func() string { return memberTable(members) })
	})
}

func memberTable(members []cluster.Member) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tROLE\tSTATUS\tAVAILABILITY\tENGINE\tADDRESS\tINVENTORY")
	for _, m := range members {
		role := m.Role
		if m.Leader {
			role += " (leader)"
		}
		known := "yes"
		if !m.InInventory {
			known = "no"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, role, m.Status, dash(m.Availability), dash(m.EngineVersion), m.Address, known)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
