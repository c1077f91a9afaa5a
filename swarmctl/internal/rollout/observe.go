// Package rollout brings a stack on a swarm to what is desired, in three
// moves: Observe what runs, NewPlan (pure) says what to change and why, and
// Apply changes it. Converge then waits until the swarm runs it, judged by the
// tasks' own states, and Rollback takes the whole stack back.
package rollout

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// StackLabel is what docker stack deploy marks the parts of a stack with.
const StackLabel = "com.docker.stack.namespace"

// Reader is what observing asks a manager; the docker client is one.
type Reader interface {
	ServiceList(ctx context.Context, opts swarm.ServiceListOptions) ([]swarm.Service, error)
	TaskList(ctx context.Context, opts swarm.TaskListOptions) ([]swarm.Task, error)
	NodeList(ctx context.Context, opts swarm.NodeListOptions) ([]swarm.Node, error)
	NetworkList(ctx context.Context, opts network.ListOptions) ([]network.Summary, error)
	ConfigList(ctx context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error)
	SecretList(ctx context.Context, opts swarm.SecretListOptions) ([]swarm.Secret, error)
}

// Observed is what a swarm has for one stack.
type Observed struct {
	// Services of the stack, by name.
	Services map[string]swarm.Service
	// Networks, Configs and Secrets of the whole swarm: name to ID.
	Networks map[string]string
	Configs  map[string]string
	Secrets  map[string]string
	Nodes    []swarm.Node
}

// Observe asks a manager for all that planning needs.
func Observe(ctx context.Context, api Reader, stack string) (Observed, error) {
	o := Observed{Services: map[string]swarm.Service{}, Networks: map[string]string{}, Configs: map[string]string{}, Secrets: map[string]string{}}
	services, err := stackServices(ctx, api, stack)
	if err != nil {
		return Observed{}, err
	}
	for _, s := range services {
		o.Services[s.Spec.Name] = s
	}
	networks, err := api.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("scope", "swarm"))})
	if err != nil {
		return Observed{}, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks {
		o.Networks[n.Name] = n.ID
	}
	if err := o.observeFiles(ctx, api); err != nil {
		return Observed{}, err
	}
	if o.Nodes, err = api.NodeList(ctx, swarm.NodeListOptions{}); err != nil {
		return Observed{}, fmt.Errorf("list nodes: %w", err)
	}
	return o, nil
}

func (o *Observed) observeFiles(ctx context.Context, api Reader) error {
	configs, err := api.ConfigList(ctx, swarm.ConfigListOptions{})
	if err != nil {
		return fmt.Errorf("list configs: %w", err)
	}
	for _, c := range configs {
		o.Configs[c.Spec.Name] = c.ID
	}
	secrets, err := api.SecretList(ctx, swarm.SecretListOptions{})
	if err != nil {
		return fmt.Errorf("list secrets: %w", err)
	}
	for _, s := range secrets {
		o.Secrets[s.Spec.Name] = s.ID
	}
	return nil
}

func stackServices(ctx context.Context, api Reader, stack string) ([]swarm.Service, error) {
	services, err := api.ServiceList(ctx, swarm.ServiceListOptions{Filters: filters.NewArgs(filters.Arg("label", StackLabel+"="+stack))})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return services, nil
}
