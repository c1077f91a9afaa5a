package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// statusView is what `status` prints.
type statusView struct {
	Cluster  string        `json:"cluster"`
	Endpoint string        `json:"endpoint,omitempty"`
	Nodes    []nodeView    `json:"nodes"`
	Services []serviceView `json:"services"`
}

type nodeView struct {
	Name         string `json:"name"`
	Role         string `json:"role"`
	Leader       bool   `json:"leader,omitempty"`
	Status       string `json:"status"`
	Availability string `json:"availability"`
	Engine       string `json:"engine"`
	Address      string `json:"address"`
}

type serviceView struct {
	Name    string     `json:"name"`
	Stack   string     `json:"stack,omitempty"`
	Running int        `json:"running"`
	Desired int        `json:"desired"`
	Image   string     `json:"image"`
	State   string     `json:"state"`
	Ports   []string   `json:"ports,omitempty"`
	Tasks   []taskView `json:"tasks"`
}

type taskView struct {
	ID   string `json:"id"`
	Slot int    `json:"slot,omitempty"`
	// Node is empty while no node is chosen.
	Node  string    `json:"node"`
	State string    `json:"state"`
	Since time.Time `json:"since"`
	Image string    `json:"image"`
	Error string    `json:"error,omitempty"`
}

func (a *app) newStatusCommand() *cobra.Command {
	var output outputFlag
	var stack string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the nodes, the services and where their tasks run",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			view, err := a.status(cmd.Context(), stack)
			if err != nil {
				return err
			}
			return output.print(a.Out, view, func() string { return statusText(view) })
		},
	}
	cmd.Flags().StringVarP(&stack, "stack", "s", "", "only the services of this stack")
	output.register(cmd)
	return cmd
}

func (a *app) status(ctx context.Context, stack string) (view statusView, err error) {
	err = a.withManager(ctx, func(f *fleet, manager *engine.Client) error {
		nodes, err := manager.NodeList(ctx, swarm.NodeListOptions{})
		if err != nil {
			return fmt.Errorf("list nodes: %w", err)
		}
		view = statusView{Cluster: f.Name, Endpoint: f.Endpoint, Nodes: viewNodes(nodes)}
		view.Services, err = viewServices(ctx, manager, nodes, stack)
		return err
	})
	return view, err
}

func viewNodes(nodes []swarm.Node) []nodeView {
	views := make([]nodeView, 0, len(nodes))
	for _, n := range nodes {
		views = append(views, nodeView{
			Name: n.Description.Hostname, Role: string(n.Spec.Role),
			Leader: n.ManagerStatus != nil && n.ManagerStatus.Leader,
			Status: string(n.Status.State), Availability: string(n.Spec.Availability),
			Engine: n.Description.Engine.EngineVersion, Address: n.Status.Addr,
		})
	}
	slices.SortFunc(views, func(a, b nodeView) int { return strings.Compare(a.Name, b.Name) })
	return views
}

func viewServices(ctx context.Context, manager *engine.Client, nodes []swarm.Node, stack string) ([]serviceView, error) {
	args := filters.NewArgs()
	if stack != "" {
		args.Add("label", rollout.StackLabel+"="+stack)
	}
	services, err := manager.ServiceList(ctx, swarm.ServiceListOptions{Filters: args, Status: true})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	tasks, err := manager.TaskList(ctx, swarm.TaskListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	views := make([]serviceView, 0, len(services))
	for _, s := range services {
		views = append(views, viewService(s, tasks, nodes))
	}
	slices.SortFunc(views, func(a, b serviceView) int { return strings.Compare(a.Name, b.Name) })
	return views, nil
}

func viewService(s swarm.Service, tasks []swarm.Task, nodes []swarm.Node) serviceView {
	verdict := rollout.Judge(s, tasks, nodes)
	v := serviceView{
		Name: s.Spec.Name, Stack: s.Spec.Labels[rollout.StackLabel], Image: imageOf(s.Spec),
		Running: verdict.Running, Desired: verdict.Desired, State: string(verdict.Phase), Ports: ports(s), Tasks: []taskView{},
	}
	if verdict.Phase == rollout.Converged {
		v.State = "running"
	} else if verdict.Reason != "" {
		v.State += ": " + verdict.Reason
	}
	names := map[string]string{}
	for _, n := range nodes {
		names[n.ID] = n.Description.Hostname
	}
	for _, t := range tasks {
		if t.ServiceID == s.ID && t.DesiredState == swarm.TaskStateRunning {
			v.Tasks = append(v.Tasks, viewTask(t, names))
		}
	}
	slices.SortFunc(v.Tasks, func(a, b taskView) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.ID, b.ID))
	})
	return v
}

func viewTask(t swarm.Task, names map[string]string) taskView {
	v := taskView{
		ID: t.ID, Slot: t.Slot, Node: names[t.NodeID], State: string(t.Status.State),
		Since: t.Status.Timestamp, Error: t.Status.Err,
	}
	if t.Spec.ContainerSpec != nil {
		v.Image = t.Spec.ContainerSpec.Image
	}
	return v
}

func ports(s swarm.Service) []string {
	var result []string
	for _, p := range s.Endpoint.Ports {
		if p.PublishedPort != 0 {
			result = append(result, fmt.Sprintf("%d→%d/%s %s", p.PublishedPort, p.TargetPort, p.Protocol, p.PublishMode))
		}
	}
	return result
}

func statusText(v statusView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %s", v.Cluster)
	if v.Endpoint != "" {
		fmt.Fprintf(&b, "  %s", v.Endpoint)
	}
	b.WriteString("\n\n")
	table(&b, "NODE\tROLE\tSTATUS\tAVAILABILITY\tENGINE\tADDRESS", func(row func(...any)) {
		for _, n := range v.Nodes {
			row(n.Name, n.Role+leaderMark(n.Leader), n.Status, n.Availability, n.Engine, n.Address)
		}
	})
	if len(v.Services) == 0 {
		b.WriteString("\nno services; `swarmctl deploy` rolls one out\n")
		return b.String()
	}
	b.WriteString("\n")
	table(&b, "SERVICE\tREPLICAS\tSTATE\tIMAGE\tPORTS", func(row func(...any)) {
		for _, s := range v.Services {
			row(s.Name, fmt.Sprintf("%d/%d", s.Running, s.Desired), s.State, shortDigest(s.Image), strings.Join(s.Ports, ", "))
		}
	})
	b.WriteString("\n")
	table(&b, "TASK\tSERVICE\tNODE\tSTATE\tSINCE\tIMAGE", func(row func(...any)) {
		for _, s := range v.Services {
			for _, t := range s.Tasks {
				row(fmt.Sprintf("%.12s", t.ID), s.Name, dash(t.Node), strings.TrimSuffix(t.State+": "+t.Error, ": "), localTime(t.Since), shortDigest(t.Image))
			}
		}
	})
	return b.String()
}

// localTime is how tables show a time.
func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func leaderMark(leader bool) string {
	if leader {
		return " (leader)"
	}
	return ""
}

// table writes aligned columns.
func table(b *strings.Builder, header string, rows func(row func(...any))) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, header)
	rows(func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, c)
		}
		fmt.Fprintln(w)
	})
	if err := w.Flush(); err != nil {
		panic(err) // a strings.Builder takes everything
	}
}
