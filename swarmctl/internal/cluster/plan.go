package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// Plan is what it takes to make the swarm match the inventory. Operations of
// one stage are independent; each stage needs those before it.
type Plan struct {
	Stages   []Stage
	Warnings []Warning
	// Partial: an engine does not run, so that nobody knows whether its machine
	// is in a swarm. The plan only starts it; observe and plan again after that.
	Partial bool
	// managers are asked, in this order, for whatever needs one.
	managers []inventory.Node
}

// Stage is a set of independent operations.
type Stage []Operation

// Warning is what the user should know and the plan does not change.
type Warning struct {
	Subject string
	Text    string
}

// Empty tells whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Stages) == 0 }

// Operations returns them all, in order.
func (p Plan) Operations() []Operation { return slices.Concat(toSlices(p.Stages)...) }

func toSlices(stages []Stage) [][]Operation {
	all := make([][]Operation, len(stages))
	for i, s := range stages {
		all[i] = s
	}
	return all
}

// String prints the plan for people: one operation a line, with its cause.
func (p Plan) String() string {
	var b strings.Builder
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s: %s\n", w.Subject, w.Text)
	}
	if p.Empty() {
		b.WriteString("no change\n")
		return b.String()
	}
	ops := p.Operations()
	width := 0
	for _, op := range ops {
		width = max(width, len(op.Subject()))
	}
	for _, op := range ops {
		fmt.Fprintf(&b, "%-*s  %s (%s)\n", width, op.Subject(), op, op.Cause())
	}
	if p.Partial {
		b.WriteString("then look again: an engine that does not run does not tell its swarm\n")
	}
	return b.String()
}

// NewPlan compares the inventory with what was observed. It is pure. Its error
// lists every machine that can't be made to match without destroying something
// that may be someone else's.
func NewPlan(inv inventory.Inventory, state State) (Plan, error) {
	p := planner{inv: inv, state: state}
	if err := p.check(); err != nil {
		return Plan{}, err
	}
	p.findManagers()
	p.install()
	p.start()
	if p.plan.Partial {
		return p.plan, nil
	}
	p.initialize()
	p.removeGhosts()
	p.join()
	p.promote()
	p.demote()
	p.finish()
	p.warn()
	return p.plan, nil
}

type planner struct {
	inv   inventory.Inventory
	state State
	plan  Plan
	fresh bool // there is no swarm yet
}

func (p *planner) stage(ops []Operation) {
	if len(ops) > 0 {
		p.plan.Stages = append(p.plan.Stages, ops)
	}
}

// each collects what decide returns for the inventory's swarm nodes, in order.
func (p *planner) each(decide func(inventory.Node, Machine) Operation) []Operation {
	var ops []Operation
	for _, n := range p.inv.Swarm() {
		if op := decide(n, p.state.Machines[n.Name]); op != nil {
			ops = append(ops, op)
		}
	}
	return ops
}

// findManagers orders those that can be asked: the present ones, then those
// that the plan makes.
func (p *planner) findManagers() {
	var later []inventory.Node
	for _, n := range p.inv.Swarm() {
		switch {
		case p.state.Machines[n.Name].Swarm.ControlAvailable:
			p.plan.managers = append(p.plan.managers, n)
		case n.Role == inventory.Manager:
			later = append(later, n)
		}
	}
	p.fresh = len(p.plan.managers) == 0
	p.plan.managers = append(p.plan.managers, later...)
}

func (p *planner) install() {
	p.stage(p.each(func(n inventory.Node, m Machine) Operation {
		switch {
		case !m.Docker.Installed:
			return InstallDocker{Step{n, fmt.Sprintf("not there; %s %s", m.OS.ID, m.OS.Version)}, m.OS}
		case m.Docker.interrupted():
			p.plan.Partial = p.plan.Partial || !m.Docker.Running
			return InstallDocker{Step{n, "its installation was interrupted"}, m.OS}
		}
		return nil
	}))
}

func (p *planner) start() {
	p.stage(p.each(func(n inventory.Node, m Machine) Operation {
		switch {
		case !m.Docker.Installed || m.Docker.interrupted():
			return nil // its installation ends with that
		case !m.Docker.Running:
			p.plan.Partial = true
			return EnableDocker{Step{n, "it does not run"}}
		case !m.Docker.Enabled:
			return EnableDocker{Step{n, "it does not start at boot"}}
		}
		return nil
	}))
}

func (p *planner) initialize() {
	if !p.fresh {
		return
	}
	p.stage([]Operation{InitSwarm{Step{p.plan.managers[0], "there is no swarm yet"}, addressPool(p.inv)}})
}

// addressPool chooses a range for overlay networks that holds no machine's
// address. The engine's own default, 10.0.0.0/8, holds most cloud networks.
func addressPool(inv inventory.Inventory) string {
	pools := []string{"10.201.0.0/16", "10.202.0.0/16", "172.29.0.0/16", "172.30.0.0/16"}
	for _, pool := range pools {
		prefix := netip.MustParsePrefix(pool)
		if !slices.ContainsFunc(inv.Swarm(), func(n inventory.Node) bool { return within(prefix, n) }) {
			return pool
		}
	}
	return pools[0]
}

func within(prefix netip.Prefix, n inventory.Node) bool {
	for _, text := range []string{n.Address, n.SwarmAddress()} {
		if addr, err := netip.ParseAddr(text); err == nil && prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// removeGhosts comes before joining, so that a rebuilt manager does not count
// twice when the managers vote.
func (p *planner) removeGhosts() {
	var ops []Operation
	for _, n := range p.inv.Swarm() {
		for _, member := range p.state.Members {
			if p.isGhost(member, n) {
				manager := member.ManagerStatus != nil || member.Spec.Role == swarm.NodeRoleManager
				ops = append(ops, RemoveGhost{Step{n, "the machine left it behind"}, member.ID, manager})
			}
		}
	}
	p.stage(ops)
}

// isGhost tells whether the entry has the machine's name but is neither the
// machine's nor any other's: it is down, or it claims the machine's address.
func (p *planner) isGhost(member swarm.Node, n inventory.Node) bool {
	if member.Description.Hostname != n.Name {
		return false
	}
	for _, m := range p.state.Machines {
		if m.Swarm.NodeID == member.ID {
			return false
		}
	}
	return member.Status.State != swarm.NodeStateReady || member.Status.Addr == n.SwarmAddress()
}

func (p *planner) join() {
	p.stage(p.each(func(n inventory.Node, m Machine) Operation {
		if m.Swarm.NodeID != "" || (p.fresh && n.Name == p.plan.managers[0].Name) {
			return nil
		}
		return Join{Step{n, "not in the swarm"}, n.Role}
	}))
}

func (p *planner) promote() { p.setRoles(inventory.Manager) }

func (p *planner) demote() { p.setRoles(inventory.Worker) }

func (p *planner) setRoles(role inventory.Role) {
	p.stage(p.each(func(n inventory.Node, m Machine) Operation {
		member, ok := p.state.member(m.Swarm.NodeID)
		if !ok || n.Role != role || member.Spec.Role == swarmRole(role) {
			return nil
		}
		return SetRole{Step{n, fmt.Sprintf("the inventory says %s", role)}, member.ID, role}
	}))
}

// finish sets labels and waits for members that are down.
func (p *planner) finish() {
	labels := p.each(p.labels)
	p.stage(append(labels, p.each(func(n inventory.Node, m Machine) Operation {
		member, ok := p.state.member(m.Swarm.NodeID)
		if !ok || member.Status.State == swarm.NodeStateReady {
			return nil
		}
		return AwaitReady{Step{n, fmt.Sprintf("its machine answers, the swarm says %s", member.Status.State)}, member.ID}
	})...))
}
