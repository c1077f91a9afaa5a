package local

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"github.com/ycesproject/yces/swarmctl/machines"
)

const networkSubject = "network"

// network makes the cluster's bridge in the first /24 that nothing uses. The
// engine refuses a network that overlaps another, so that two clusters that are
// made at once end up in different ones.
func (w *work) network(ctx context.Context) error {
	say := w.sink.Unchanged
	if len(w.have.Networks) == 0 {
		if err := w.makeNetwork(ctx); err != nil {
			return err
		}
		say = w.sink.Done
	}
	have, err := observe(ctx, w.engine, w.options.Name)
	if err != nil {
		return err
	}
	home, others := have.home()
	for _, n := range others {
		if err := w.engine.NetworkRemove(ctx, n.ID); err != nil && !gone(err) {
			return fmt.Errorf("remove second network: %w", err)
		}
	}
	w.setting.network = home
	say(networkSubject, home.Subnet.String())
	return nil
}

func (w *work) makeNetwork(ctx context.Context) error {
	used, err := w.usedSubnets(ctx)
	if err != nil {
		return err
	}
	name := resourceName(w.setting.cluster, "net")
	err = machines.ErrNoSubnet
	for _, subnet := range machines.FreeSubnets(used) {
		err = w.createNetwork(ctx, name, subnet)
		if err == nil {
			return nil
		}
		if !cerrdefs.IsPermissionDenied(err) {
			break // anything else than an overlap
		}
	}
	return fmt.Errorf("create network: %w", err)
}

func (w *work) createNetwork(ctx context.Context, name string, subnet netip.Prefix) error {
	_, err := w.engine.NetworkCreate(ctx, name, w.setting.host.Network(subnet, clusterLabels(w.setting.cluster)))
	return err
}

func (w *work) usedSubnets(ctx context.Context) ([]netip.Prefix, error) {
	used := slices.Clone(w.setting.host.Used)
	networks, err := w.engine.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks {
		for _, c := range n.IPAM.Config {
			if p, err := netip.ParsePrefix(c.Subnet); err == nil {
				used = append(used, p)
			}
		}
	}
	return used, nil
}
