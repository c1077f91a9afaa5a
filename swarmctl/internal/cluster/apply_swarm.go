package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// listenAddr makes managers listen on every address; which one the others use
// is the advertised one's matter.
const listenAddr = "0.0.0.0:" + swarmPort

// taskHistory is how many ended tasks a slot keeps: enough to say why the last
// ones failed.
const taskHistory = 5

func (o InitSwarm) apply(ctx context.Context, a *applier) error {
	engine, err := a.fleet.Engine(o.Node)
	if err != nil {
		return err
	}
	limit := int64(taskHistory)
	_, initErr := engine.SwarmInit(ctx, swarm.InitRequest{
		ListenAddr:      listenAddr,
		AdvertiseAddr:   o.Node.SwarmAddress(),
		DataPathAddr:    o.Node.SwarmAddress(),
		DefaultAddrPool: []string{o.AddressPool},
		SubnetSize:      24,
		Spec: swarm.Spec{
			Orchestration:    swarm.OrchestrationConfig{TaskHistoryRetentionLimit: &limit},
			EncryptionConfig: swarm.EncryptionConfig{AutoLockManagers: false},
		},
	})
	if initErr == nil {
		return nil
	}
	// Someone else's run may have been faster.
	if m, err := settle(ctx, engine, patience); err == nil && m.swarm.ControlAvailable {
		return nil
	}
	return initErr
}

// apply joins through one manager after another: the engine tries only the
// first address that it is given.
func (o Join) apply(ctx context.Context, a *applier) error {
	engine, err := a.fleet.Engine(o.Node)
	if err != nil {
		return err
	}
	turn := 0
	err = until(ctx, func(ctx context.Context) error {
		token, remotes, err := a.invitation(ctx, o.Role)
		if err != nil {
			return err
		}
		turn++
		return o.join(ctx, engine, token, remotes[turn%len(remotes)])
	})
	if err != nil {
		return err
	}
	return a.awaitMember(ctx, engine, swarmRole(o.Role))
}

// join asks the engine to join and waits for what comes of it: it goes on after
// its own answer that the time is over, or that another run told it to join.
func (o Join) join(ctx context.Context, engine Engine, token, remote string) error {
	joinErr := engine.SwarmJoin(ctx, swarm.JoinRequest{
		ListenAddr:    listenAddr,
		AdvertiseAddr: o.Node.SwarmAddress(),
		DataPathAddr:  o.Node.SwarmAddress(),
		RemoteAddrs:   []string{remote},
		JoinToken:     token,
	})
	if joinErr == nil || ctx.Err() != nil {
		return joinErr
	}
	m, err := settle(ctx, engine, patience)
	switch {
	case err != nil:
		return errors.Join(joinErr, err)
	case m.swarm.LocalNodeState == swarm.LocalNodeStateActive:
		return nil
	}
	return joinErr
}

// invitation returns the role's join token and the addresses of the managers
// that can be joined. The token is never written anywhere.
func (a *applier) invitation(ctx context.Context, role inventory.Role) (token string, remotes []string, err error) {
	m, err := a.manager(ctx)
	if err != nil {
		return "", nil, err
	}
	sw, err := m.SwarmInspect(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("read join token: %w", err)
	}
	members, err := m.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return "", nil, fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range members {
		if n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable {
			remotes = append(remotes, n.ManagerStatus.Addr)
		}
	}
	if len(remotes) == 0 {
		return "", nil, errors.New("no manager can be reached")
	}
	if role == inventory.Manager {
		return sw.JoinTokens.Manager, remotes, nil
	}
	return sw.JoinTokens.Worker, remotes, nil
}

// awaitMember waits until the swarm says what the engine says: that it is a
// member, and ready.
func (a *applier) awaitMember(ctx context.Context, engine Engine, role swarm.NodeRole) error {
	info, err := engine.Info(ctx)
	if err != nil {
		return err
	}
	return a.awaitNode(ctx, info.Swarm.NodeID, func(n swarm.Node) bool {
		return n.Status.State == swarm.NodeStateReady && settledAs(n, role)
	})
}

// awaitNode waits until the swarm's entry is as it should be.
func (a *applier) awaitNode(ctx context.Context, id string, ok func(swarm.Node) bool) error {
	return a.withManager(ctx, func(ctx context.Context, m Manager) error {
		n, _, err := m.NodeInspectWithRaw(ctx, id)
		switch {
		case err != nil:
			return err
		case !ok(n):
			return fmt.Errorf("the swarm says %s %s: %w", n.Spec.Role, n.Status.State, errNotYet)
		}
		return nil
	})
}

// settledAs tells whether the node has the role, as opposed to being told to.
func settledAs(n swarm.Node, role swarm.NodeRole) bool {
	if n.Spec.Role != role {
		return false
	}
	if role == swarm.NodeRoleManager {
		return n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable
	}
	return n.ManagerStatus == nil
}

// update changes one node's spec, on top of whatever it is by then.
func (a *applier) update(ctx context.Context, id string, change func(*swarm.NodeSpec)) error {
	return a.withManager(ctx, func(ctx context.Context, m Manager) error {
		n, _, err := m.NodeInspectWithRaw(ctx, id)
		if err != nil {
			return err
		}
		change(&n.Spec)
		return m.NodeUpdate(ctx, id, n.Version, n.Spec)
	})
}

func (o SetRole) apply(ctx context.Context, a *applier) error {
	role := swarmRole(o.Role)
	if err := a.update(ctx, o.NodeID, func(s *swarm.NodeSpec) { s.Role = role }); err != nil {
		return err
	}
	return a.awaitNode(ctx, o.NodeID, func(n swarm.Node) bool { return settledAs(n, role) })
}

func (o SetLabels) apply(ctx context.Context, a *applier) error {
	engine, err := a.fleet.Engine(o.Node)
	if err != nil {
		return err
	}
	// A machine that joined a moment ago had no ID when the plan was made.
	info, err := engine.Info(ctx)
	if err != nil {
		return err
	}
	return a.update(ctx, info.Swarm.NodeID, func(s *swarm.NodeSpec) {
		labels := maps.Clone(s.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, o.Set)
		for _, key := range o.Unset {
			delete(labels, key)
		}
		s.Labels = labels
	})
}

func (o RemoveGhost) apply(ctx context.Context, a *applier) error {
	if o.Manager {
		demote := func(s *swarm.NodeSpec) { s.Role = swarm.NodeRoleWorker }
		if err := a.update(ctx, o.NodeID, demote); err != nil {
			return fmt.Errorf("demote it: %w", err)
		}
		demoted := func(n swarm.Node) bool { return settledAs(n, swarm.NodeRoleWorker) }
		if err := a.awaitNode(ctx, o.NodeID, demoted); err != nil {
			return fmt.Errorf("demote it: %w", err)
		}
	}
	return a.withManager(ctx, func(ctx context.Context, m Manager) error {
		return m.NodeRemove(ctx, o.NodeID, swarm.NodeRemoveOptions{Force: true})
	})
}

func (o AwaitReady) apply(ctx context.Context, a *applier) error {
	return a.awaitNode(ctx, o.NodeID, func(n swarm.Node) bool { return n.Status.State == swarm.NodeStateReady })
}
