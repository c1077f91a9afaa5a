package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// balancer is HAProxy as it should be.
type balancer struct {
	cluster string
	network string
	address netip.Addr
	image   string
	port    int
	nodes   []backendNode
	// interval and threshold are the probe's.
	interval  time.Duration
	threshold int
}

func (b balancer) config() string { return haproxyConfig(b.nodes, b.interval, b.threshold) }

// identity changes with everything that another container is needed for.
func (b balancer) identity() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s\n%d\n%s", b.image, b.port, b.config())))
	return hex.EncodeToString(sum[:8])
}

const balancerSubject = "load balancer"

// ensure makes, starts or replaces the balancer's container. A balancer whose
// nodes change is replaced: connections through it end, which a cluster that
// grows on a desk can bear.
func (b balancer) ensure(ctx context.Context, e *engine.Client, have *part, sink event.Sink) error {
	if have != nil && have.Config == b.identity() && !have.halfMade() {
		return b.start(ctx, e, *have, sink)
	}
	if have != nil {
		if err := e.ContainerRemove(ctx, have.ID, container.RemoveOptions{Force: true}); err != nil {
			return fmt.Errorf("remove former balancer: %w", err)
		}
	}
	sink.Start(balancerSubject, "creating")
	created, err := e.ContainerCreate(ctx, b.containerConfig(), b.hostConfig(), machines.Attach(b.network, b.address, roleBalancer), nil, resourceName(b.cluster, roleBalancer))
	if err != nil {
		return fmt.Errorf("create container: %w", err)
	}
	tar, err := machines.Archive([]machines.File{{Name: "etc/haproxy/haproxy.cfg", Mode: 0o644, Data: []byte(b.config())}})
	if err != nil {
		return err
	}
	if err := e.CopyToContainer(ctx, created.ID, "/", bytes.NewReader(tar.Bytes()), container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("copy configuration: %w", err)
	}
	if err := e.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	return b.await(ctx, func() { sink.Done(balancerSubject, b.listens()) })
}

func (b balancer) start(ctx context.Context, e *engine.Client, have part, sink event.Sink) error {
	if have.State == container.StateRunning {
		return b.await(ctx, func() { sink.Unchanged(balancerSubject, b.listens()) })
	}
	if err := e.ContainerStart(ctx, have.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	return b.await(ctx, func() { sink.Done(balancerSubject, b.listens()) })
}

// balancerTimeout bounds HAProxy's start.
const balancerTimeout = 15 * time.Second

// await waits until HAProxy answers, then says so.
func (b balancer) await(ctx context.Context, say func()) error {
	ctx, cancel := context.WithTimeoutCause(ctx, balancerTimeout, fmt.Errorf("no answer within %s", balancerTimeout))
	defer cancel()
	for {
		_, err := askBackends(ctx, b.address.String())
		if err == nil {
			say()
			return nil
		}
		select {
		case <-ctx.Done():
			return hintError{
				fmt.Errorf("%w: %w", context.Cause(ctx), err),
				fmt.Sprintf("see what it says with `docker logs %s`", resourceName(b.cluster, roleBalancer)),
			}
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (b balancer) listens() string { return "listens on " + endpoint(b.port) }

func endpoint(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

func (b balancer) containerConfig() *container.Config {
	labels := clusterLabels(b.cluster)
	labels[labelRole] = roleBalancer
	labels[labelPort] = strconv.Itoa(b.port)
	labels[labelConfig] = b.identity()
	labels[labelInterval] = b.interval.String()
	labels[labelThreshold] = strconv.Itoa(b.threshold)
	return &container.Config{
		Hostname:     roleBalancer,
		Image:        b.image,
		Labels:       labels,
		ExposedPorts: nat.PortSet{balancerNatPort(): {}},
	}
}

func (b balancer) hostConfig() *container.HostConfig {
	return &container.HostConfig{
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyUnlessStopped},
		NetworkMode:   container.NetworkMode(b.network),
		PortBindings:  nat.PortMap{balancerNatPort(): {{HostIP: "127.0.0.1", HostPort: strconv.Itoa(b.port)}}},
		CapDrop:       []string{"ALL"},
		SecurityOpt:   []string{"no-new-privileges"},
		LogConfig:     container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "5m"}},
	}
}

func balancerNatPort() nat.Port { return nat.Port(strconv.Itoa(balancerPort) + "/tcp") }
