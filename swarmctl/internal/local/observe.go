package local

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// part is a container of a cluster: a machine or the balancer.
type part struct {
	ID      string
	Node    string
	Role    string
	State   container.ContainerState
	Address string
	HostKey string
	Bare    bool
	// The rest is the balancer's.
	Port           int
	Config         string
	ProbeInterval  time.Duration
	ProbeThreshold int
}

// halfMade tells that the process that made the container ended before it had
// put keys into it: a container is started only after that.
func (p part) halfMade() bool {
	return p.State == container.StateCreated || p.State == container.StateDead
}

// cluster is what exists of a cluster.
type cluster struct {
	Name     string
	Machines []part
	Balancer *part
	// Networks is one at the most, unless a process was killed while the engine
	// made one for it and the next process did not see that yet.
	Networks []bridge
}

// bridge is the network of a cluster.
type bridge struct {
	ID      string
	Subnet  netip.Prefix
	Created time.Time
}

// observe reads what exists of a cluster from the engine.
func observe(ctx context.Context, e *engine.Client, name string) (cluster, error) {
	c := cluster{Name: name}
	list, err := e.ContainerList(ctx, container.ListOptions{All: true, Filters: clusterFilter(name)})
	if err != nil {
		return c, fmt.Errorf("list containers: %w", err)
	}
	for _, s := range list {
		p := newPart(s)
		if p.Role == roleBalancer {
			c.Balancer = &p
			continue
		}
		c.Machines = append(c.Machines, p)
	}
	networks, err := e.NetworkList(ctx, network.ListOptions{Filters: clusterFilter(name)})
	if err != nil {
		return c, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks {
		c.Networks = append(c.Networks, newBridge(n))
	}
	return c, nil
}

func newBridge(n network.Summary) bridge {
	b := bridge{ID: n.ID, Created: n.Created}
	for _, cfg := range n.IPAM.Config {
		if p, err := netip.ParsePrefix(cfg.Subnet); err == nil && p.Addr().Is4() {
			b.Subnet = p
		}
	}
	return b
}

// home is the network that the cluster's machines are in, or the oldest where
// there are no machines; the others are in the way.
func (c cluster) home() (home bridge, others []bridge) {
	list := slices.Clone(c.Networks)
	slices.SortFunc(list, func(a, b bridge) int {
		if byUse := boolInt(c.uses(b)) - boolInt(c.uses(a)); byUse != 0 {
			return byUse
		}
		return a.Created.Compare(b.Created)
	})
	if len(list) == 0 {
		return bridge{}, nil
	}
	return list[0], list[1:]
}

func (c cluster) uses(b bridge) bool {
	return slices.ContainsFunc(c.Machines, func(p part) bool {
		address, err := netip.ParseAddr(p.Address)
		return err == nil && b.Subnet.IsValid() && b.Subnet.Contains(address)
	})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func newPart(s container.Summary) part {
	p := part{
		ID:      s.ID,
		Node:    s.Labels[labelNode],
		Role:    s.Labels[labelRole],
		State:   s.State,
		HostKey: s.Labels[labelHostKey],
		Bare:    s.Labels[labelBare] == "true",
		Config:  s.Labels[labelConfig],
	}
	// Machines have none of these, and zero says so.
	p.Port, _ = strconv.Atoi(s.Labels[labelPort])
	p.ProbeInterval, _ = time.ParseDuration(s.Labels[labelInterval])
	p.ProbeThreshold, _ = strconv.Atoi(s.Labels[labelThreshold])
	if s.NetworkSettings == nil {
		return p
	}
	for _, n := range s.NetworkSettings.Networks {
		p.Address = n.IPAddress
		// A container that is stopped has only the address it asked for.
		if n.IPAMConfig != nil && n.IPAMConfig.IPv4Address != "" {
			p.Address = n.IPAMConfig.IPv4Address
		}
	}
	return p
}

// machine returns the machine of that name.
func (c cluster) machine(name string) (part, bool) {
	for _, p := range c.Machines {
		if p.Node == name {
			return p, true
		}
	}
	return part{}, false
}

// node is the machine as the inventory names it.
func (p part) node() inventory.Node {
	return inventory.Node{
		Name: p.Node, Role: inventory.Role(p.Role),
		Address: p.Address, PrivateAddress: p.Address,
		Port: inventory.DefaultPort, User: inventory.DefaultUser,
		HostKeys: []string{p.HostKey},
	}
}
