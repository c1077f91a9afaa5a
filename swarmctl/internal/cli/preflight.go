package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// preflightError lists what must be mended before a deploy.
type preflightError struct {
	faults []error
	hint   string
}

func (e preflightError) Error() string {
	return fmt.Sprintf("not ready, nothing was changed:\n%s", errors.Join(e.faults...))
}

// Unwrap makes each fault findable, for its exit code.
func (e preflightError) Unwrap() []error { return e.faults }

// Hint says what to do next.
func (e preflightError) Hint() string { return e.hint }

// preflight looks at everything that a deploy needs, before it changes any of it.
func (d *deployment) preflight(ctx context.Context) error {
	states, err := d.nodeStates(ctx)
	if err != nil {
		return err
	}
	d.nodes = d.withoutDown(states)
	if err := d.fleet.reach(ctx, d.nodes); err != nil {
		return preflightError{faults: []error{err}, hint: hintOfDown(d.nodes, states)}
	}
	faults, hint := checkMembers(d.nodes, states)
	faults = append(faults, d.checkBuilds(ctx)...)
	if len(faults) > 0 {
		return preflightError{faults, hint}
	}
	d.warnOfIngress(ctx, d.nodes)
	return nil
}

// nodeStates are what the swarm says of its members, by their names.
func (d *deployment) nodeStates(ctx context.Context) (map[string]swarm.NodeState, error) {
	members, err := d.manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	states := map[string]swarm.NodeState{}
	for _, m := range members {
		// A rebuilt machine may have left a second entry that is down.
		if states[m.Description.Hostname] != swarm.NodeStateReady {
			states[m.Description.Hostname] = m.Status.State
		}
	}
	return states, nil
}

// withoutDown are the nodes that get the images: all, or with --skip-down not
// those that the swarm has lost.
func (d *deployment) withoutDown(states map[string]swarm.NodeState) []inventory.Node {
	if !d.opts.skipDown {
		return d.fleet.Swarm()
	}
	var nodes []inventory.Node
	for _, n := range d.fleet.Swarm() {
		if lost(states[n.Name]) {
			d.app.sink().Warn("node "+n.Name, "is "+string(states[n.Name])+" and left out; deploy again once it is back, so that it gets the image")
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// lost: the swarm does not hear from the node. After an election a new leader
// calls one that is dead "unknown" for a while, before it calls it down.
func lost(state swarm.NodeState) bool {
	return state == swarm.NodeStateDown || state == swarm.NodeStateUnknown || state == swarm.NodeStateDisconnected
}

// hintOfDown tells who can't reach a node that the swarm has lost too how to
// go on without it.
func hintOfDown(nodes []inventory.Node, states map[string]swarm.NodeState) string {
	for _, n := range nodes {
		if lost(states[n.Name]) {
			return goWithoutDown
		}
	}
	return ""
}

const goWithoutDown = "bring the machine back, or deploy without it: --skip-down"

// checkMembers finds nodes that are not members, or members that are down.
func checkMembers(nodes []inventory.Node, states map[string]swarm.NodeState) (faults []error, hint string) {
	for _, n := range nodes {
		switch states[n.Name] {
		case swarm.NodeStateReady:
		case "":
			faults = append(faults, fmt.Errorf("node %s is not in the swarm", n.Name))
			hint = "`swarmctl up` makes the swarm match the inventory"
		default:
			faults = append(faults, fmt.Errorf("node %s is %s in the swarm", n.Name, states[n.Name]))
			hint = textOr(hint, goWithoutDown)
		}
	}
	return faults, hint
}

func (d *deployment) checkBuilds(ctx context.Context) []error {
	var faults []error
	for _, name := range sortedKeys(d.stack.Builds) {
		if _, err := os.Stat(d.stack.Builds[name].Dockerfile); err != nil {
			faults = append(faults, fmt.Errorf("service %s: read Dockerfile: %w", name, err))
		}
	}
	if !d.needsLocalEngine() {
		return faults
	}
	docker, err := engine.Local()
	if err == nil {
		_, err = docker.Ping(ctx)
	}
	if err != nil {
		faults = append(faults, noBuilderError{fmt.Errorf("reach the Docker engine on this machine, which builds or holds the images: %w", err)})
	}
	return faults
}

// needsLocalEngine tells whether an image comes from this machine: because it
// is built, or because its name has no registry that the nodes could ask.
func (d *deployment) needsLocalEngine() bool {
	if len(d.stack.Builds) > 0 {
		return true
	}
	for _, spec := range d.stack.Services {
		name := imageOf(spec)
		named, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			continue // which stackfile refuses
		}
		if _, pinned := named.(reference.Canonical); !pinned && !namesRegistry(name, named) {
			return true
		}
	}
	return false
}

// noBuilderError is a machine where nothing can be built.
type noBuilderError struct{ error }

func (e noBuilderError) Unwrap() error { return e.error }

// Hint says what to do next.
func (noBuilderError) Hint() string {
	return "start Docker on this machine, or name another engine with DOCKER_HOST"
}

// warnOfIngress: without IPVS in a node's kernel the swarm converges and the
// ingress ports carry nothing.
func (d *deployment) warnOfIngress(ctx context.Context, nodes []inventory.Node) {
	service := d.ingressService()
	if service == "" {
		return
	}
	lacking := make([]string, len(nodes))
	var asks sync.WaitGroup
	for i, n := range nodes {
		asks.Go(func() {
			if !d.fleet.hasIPVS(ctx, n) {
				lacking[i] = n.Name
			}
		})
	}
	asks.Wait()
	if names := nonEmpty(lacking); len(names) > 0 {
		d.app.sink().Warn("service "+service, fmt.Sprintf("publishes a port in ingress mode, which carries nothing on %s: the kernel has no IPVS; publish it with mode: host", strings.Join(names, ", ")))
	}
}

func (d *deployment) ingressService() string {
	for _, name := range sortedKeys(d.stack.Services) {
		endpoint := d.stack.Services[name].EndpointSpec
		if endpoint == nil {
			continue
		}
		for _, p := range endpoint.Ports {
			if p.PublishMode != swarm.PortConfigPublishModeHost {
				return name
			}
		}
	}
	return ""
}

// hasIPVS asks a node's kernel; where it can't be asked, nothing is warned of.
func (f *fleet) hasIPVS(ctx context.Context, n inventory.Node) bool {
	conn, err := f.pool.Conn(ctx, n)
	if err != nil {
		return true
	}
	_, err = conn.Run(ctx, sshconn.Command{Name: "look for IPVS", Sudo: true, Shell: "test -e /proc/net/ip_vs || modprobe ip_vs"})
	return !errors.As(err, new(*sshconn.ExitError))
}

func nonEmpty(values []string) []string {
	var result []string
	for _, v := range values {
		if v != "" {
			result = append(result, v)
		}
	}
	return result
}
