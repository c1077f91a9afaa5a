package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// Stop ends a machine as a power loss does: every process at once, nothing
// flushed or told. Its disk, address and keys stay.
func Stop(ctx context.Context, e *engine.Client, name, node string, sink event.Sink) error {
	p, err := find(ctx, e, name, node)
	if err != nil {
		return err
	}
	if p.State != container.StateRunning {
		sink.Unchanged("machine "+node, "not running")
		return nil
	}
	if err := e.ContainerKill(ctx, p.ID, "KILL"); err != nil {
		return fmt.Errorf("stop machine %s: %w", node, err)
	}
	sink.Done("machine "+node, "stopped as by a power loss")
	return nil
}

// Start brings a machine back and waits until it lets us in.
func Start(ctx context.Context, e *engine.Client, o Options, node string, sink event.Sink) error {
	p, err := find(ctx, e, o.Name, node)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.Dir, target.IdentityFile))
	if err != nil {
		return hintError{fmt.Errorf("read login key: %w", err), "`swarmctl local up` mends the cluster's state directory"}
	}
	login, err := parseKeyPair(text)
	if err != nil {
		return err
	}
	w := work{engine: e, options: o, sink: sink, setting: setting{cluster: o.Name, bare: p.Bare, login: login}}
	if err := w.startMachine(ctx, p); err != nil {
		return fmt.Errorf("machine %s: %w", node, err)
	}
	return nil
}

// find names the machines there are when it does not find one.
func find(ctx context.Context, e *engine.Client, name, node string) (part, error) {
	faults := validateName(name)
	_, more := connect(ctx, e)
	if err := asError(append(faults, more...)); err != nil {
		return part{}, err
	}
	c, err := observe(ctx, e, name)
	if err != nil {
		return part{}, err
	}
	if len(c.Machines) == 0 {
		return part{}, notUp(name)
	}
	if p, ok := c.machine(node); ok {
		return p, nil
	}
	var names []string
	for _, n := range c.inventory().Nodes {
		names = append(names, n.Name)
	}
	return part{}, FaultsError{[]fault{{
		text: fmt.Sprintf("the local cluster %q has no machine %q", name, node),
		cure: "its machines are " + strings.Join(names, ", "), usage: true,
	}}}
}

func notUp(name string) error {
	up := "swarmctl local up"
	if name != target.DefaultLocal {
		up += " --name " + name
	}
	return FaultsError{[]fault{{text: fmt.Sprintf("there is no local cluster %q", name), cure: "`" + up + "` makes it", usage: true}}}
}

// Machine is one machine of a local cluster, as List shows it.
type Machine struct {
	Name    string         `json:"name"`
	Role    inventory.Role `json:"role"`
	Address string         `json:"address"`
	// State is the container's: running, exited, created …
	State string `json:"state"`
}

// Cluster is one local cluster.
type Cluster struct {
	Name     string    `json:"name"`
	Endpoint string    `json:"endpoint,omitempty"`
	Machines []Machine `json:"machines"`
}

// List returns the local clusters of this engine, by name.
func List(ctx context.Context, e *engine.Client) ([]Cluster, error) {
	if _, faults := connect(ctx, e); len(faults) > 0 {
		return nil, asError(faults)
	}
	all, err := e.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", labelCluster))})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	byName := map[string]*Cluster{}
	for _, s := range all {
		name := s.Labels[labelCluster]
		c := byName[name]
		if c == nil {
			c = &Cluster{Name: name, Machines: []Machine{}}
			byName[name] = c
		}
		c.add(newPart(s))
	}
	return sorted(byName), nil
}

func (c *Cluster) add(p part) {
	if p.Role == roleBalancer {
		c.Endpoint = endpoint(p.Port)
		return
	}
	c.Machines = append(c.Machines, Machine{p.Node, inventory.Role(p.Role), p.Address, string(p.State)})
}

func sorted(byName map[string]*Cluster) []Cluster {
	list := []Cluster{}
	for _, c := range byName {
		slices.SortFunc(c.Machines, func(a, b Machine) int { return compareAddresses(a.Address, b.Address) })
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Cluster) int { return strings.Compare(a.Name, b.Name) })
	return list
}
