package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// preflightError lists what must be mended before a deploy.
type preflightError struct {
	faults []error
	hint   string
	// unreached: a machine does not answer, so that nothing else can be asked.
	unreached bool
}

func (e preflightError) Error() string {
	return fmt.Sprintf("not ready, nothing was changed:\n%s", errors.Join(e.faults...))
}

// Unwrap makes each fault findable, for its exit code.
func (e preflightError) Unwrap() []error { return e.faults }

// Hint says what to do next.
func (e preflightError) Hint() string { return e.hint }

// preflight looks at everything that a deploy needs, before it changes any of it.
func (d *deployment) preflight(ctx context.Context) (err error) {
	nodes, err := d.receivers(ctx, d.manager, d.opts.skipDown)
	var notReady preflightError
	if err != nil && (!errors.As(err, &notReady) || notReady.unreached) {
		return err
	}
	d.nodes = nodes
	notReady.faults = append(notReady.faults, d.check(ctx)...)
	if len(notReady.faults) > 0 {
		return notReady
	}
	d.warnOfIngress(ctx, d.nodes)
	return nil
}

// receivers are the nodes that get the images: reached, members and ready. Its
// error is a preflightError where one of them is not.
func (s *supply) receivers(ctx context.Context, manager *engine.Client, skipDown bool) ([]inventory.Node, error) {
	states, err := nodeStates(ctx, manager)
	if err != nil {
		return nil, err
	}
	nodes := s.withoutDown(states, skipDown)
	if err := s.fleet.reach(ctx, nodes); err != nil {
		return nil, preflightError{faults: []error{err}, hint: hintOfDown(nodes, states), unreached: true}
	}
	if faults, hint := checkMembers(nodes, states); len(faults) > 0 {
		return nodes, preflightError{faults: faults, hint: hint}
	}
	return nodes, nil
}

// nodeStates are what the swarm says of its members, by their names.
func nodeStates(ctx context.Context, manager *engine.Client) (map[string]swarm.NodeState, error) {
	members, err := manager.NodeList(ctx, swarm.NodeListOptions{})
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
func (s *supply) withoutDown(states map[string]swarm.NodeState, skipDown bool) []inventory.Node {
	if !skipDown {
		return s.fleet.Swarm()
	}
	var nodes []inventory.Node
	for _, n := range s.fleet.Swarm() {
		if lost(states[n.Name]) {
			s.app.sink().Warn("node "+n.Name, "is "+string(states[n.Name])+" and left out; deploy again once it is back, so that it gets the image")
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
