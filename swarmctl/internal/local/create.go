package local

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strconv"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// ensureMachine makes the machine, or starts the one that is there, and waits
// until it lets us in.
func (w *work) ensureMachine(ctx context.Context, m machine) error {
	have, found := w.have.machine(m.Name)
	if found && have.halfMade() {
		if err := w.engine.ContainerRemove(ctx, have.ID, container.RemoveOptions{Force: true}); err != nil {
			return fmt.Errorf("remove half-made container: %w", err)
		}
		found = false
	}
	if !found {
		return w.createMachine(ctx, m)
	}
	return w.startMachine(ctx, have)
}

func (w *work) createMachine(ctx context.Context, m machine) error {
	w.sink.Start(subject(m.Name), "creating")
	hostKey, err := newKeyPair(m.Name)
	if err != nil {
		return err
	}
	files, err := w.setting.files(hostKey)
	if err != nil {
		return err
	}
	created, err := w.engine.ContainerCreate(ctx, w.setting.config(m, hostKey.public), w.setting.hostConfig(m),
		w.setting.networking(m), nil, resourceName(w.setting.cluster, m.Name))
	if err != nil {
		return fmt.Errorf("create container: %w", err)
	}
	if err := w.copyFiles(ctx, created.ID, files); err != nil {
		return err
	}
	if err := w.engine.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	address := hostAddress(w.setting.subnet, m.host).String()
	return w.await(ctx, part{Node: m.Name, Role: string(m.Role), Address: address, HostKey: hostKey.public}, "ready at "+address)
}

// startMachine also puts the login key in again: the state directory may have
// been lost since.
func (w *work) startMachine(ctx context.Context, have part) error {
	if err := w.copyFiles(ctx, have.ID, w.setting.loginFiles()); err != nil {
		return err
	}
	if have.State != container.StateRunning {
		w.sink.Start(subject(have.Node), "starting")
		if err := w.engine.ContainerStart(ctx, have.ID, container.StartOptions{}); err != nil {
			return fmt.Errorf("start container: %w", err)
		}
		return w.await(ctx, have, "ready at "+have.Address)
	}
	return w.await(ctx, have, "")
}

// await waits for the machine; done is what to say then, empty where nothing
// was done.
func (w *work) await(ctx context.Context, p part, done string) error {
	if done != "" {
		w.sink.Start(subject(p.Node), "waiting for SSH")
	}
	if err := awaitReady(ctx, p.node(), w.setting.login, !w.setting.bare); err != nil {
		return hintError{err, fmt.Sprintf("see what it says with `docker logs %s`", resourceName(w.setting.cluster, p.Node))}
	}
	if done == "" {
		w.sink.Unchanged(subject(p.Node), "running at "+p.Address)
		return nil
	}
	w.sink.Done(subject(p.Node), done)
	return nil
}

func (w *work) copyFiles(ctx context.Context, id string, files []file) error {
	tar, err := archive(files)
	if err != nil {
		return err
	}
	if err := w.engine.CopyToContainer(ctx, id, "/", bytes.NewReader(tar.Bytes()), container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("copy files: %w", err)
	}
	return nil
}

const networkSubject = "network"

// network makes the cluster's bridge in the first /24 that nothing uses. The
// engine refuses a network that overlaps another, so that two clusters that are
// made at once end up in different ones.
func (w *work) network(ctx context.Context, routes []route) error {
	if w.have.Network != "" {
		w.setting.network, w.setting.subnet = w.have.Network, w.have.Subnet
		w.sink.Unchanged(networkSubject, w.have.Subnet.String())
		return nil
	}
	used, err := w.usedSubnets(ctx, routes)
	if err != nil {
		return err
	}
	name := resourceName(w.setting.cluster, "net")
	err = errNoSubnet
	for _, subnet := range freeSubnets(used) {
		err = w.createNetwork(ctx, name, subnet)
		if err == nil {
			w.setting.network, w.setting.subnet = name, subnet
			w.sink.Done(networkSubject, subnet.String())
			return nil
		}
		if !cerrdefs.IsPermissionDenied(err) {
			break // anything else than an overlap
		}
	}
	return fmt.Errorf("create network: %w", err)
}

func (w *work) createNetwork(ctx context.Context, name string, subnet netip.Prefix) error {
	_, err := w.engine.NetworkCreate(ctx, name, network.CreateOptions{
		Driver: "bridge",
		IPAM: &network.IPAM{Config: []network.IPAMConfig{
			{Subnet: subnet.String(), Gateway: hostAddress(subnet, hostGateway).String()},
		}},
		Options: map[string]string{"com.docker.network.driver.mtu": strconv.Itoa(w.setting.mtu)},
		Labels:  clusterLabels(w.setting.cluster),
	})
	return err
}

func (w *work) usedSubnets(ctx context.Context, routes []route) ([]netip.Prefix, error) {
	var used []netip.Prefix
	for _, r := range routes {
		used = append(used, r.dest)
	}
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
