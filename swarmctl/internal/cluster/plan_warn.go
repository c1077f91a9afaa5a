package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// maxClockOffset is far below what breaks certificates, and far above what a
// machine that keeps time has.
const maxClockOffset = 5 * time.Second

func (p *planner) warn() {
	for _, n := range p.inv.Swarm() {
		p.warnOfMachine(n, p.state.Machines[n.Name])
	}
	for _, member := range p.state.Members {
		if p.isExtra(member) {
			p.warning(member.Description.Hostname, "%s", p.extra(member))
		}
	}
}

// warning adds one; nodes that share it share its line.
func (p *planner) warning(node, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for i, w := range p.plan.Warnings {
		if w.Text == text {
			p.plan.Warnings[i].Subject = "nodes " + strings.TrimPrefix(strings.TrimPrefix(w.Subject, "node "), "nodes ") + ", " + node
			return
		}
	}
	p.plan.Warnings = append(p.plan.Warnings, Warning{"node " + node, text})
}

func (p *planner) warnOfMachine(n inventory.Node, m Machine) {
	if m.Hostname != n.Name {
		p.warning(n.Name, "the machine calls itself %q, and so does the swarm", m.Hostname)
	}
	if off := m.ClockOffset.Abs(); off > maxClockOffset+m.ClockError {
		p.warning(n.Name, "its clock is off by %s; the swarm's certificates need the right time", off.Round(time.Second))
	}
	if !m.IPVS {
		p.warning(n.Name, "no IPVS in the kernel: ports in ingress mode and virtual IPs carry nothing, so publish ports in host mode")
	}
	member, ok := p.state.member(m.Swarm.NodeID)
	if ok && member.Status.Addr != n.SwarmAddress() {
		p.warning(n.Name, "the swarm reaches it at %s, the inventory says %s; a node keeps its address until it leaves and joins again", member.Status.Addr, n.SwarmAddress())
	}
}

// extra says what to do about a node that the inventory does not name: one whose
// machine is gone, as after a scale-down, stays in the swarm until it is told.
func (p *planner) extra(member swarm.Node) string {
	text := fmt.Sprintf("is in the swarm but not in the inventory (%s); ", short(member.ID))
	if member.Status.State != swarm.NodeStateDown {
		return text + "it is left alone"
	}
	remove := fmt.Sprintf("if its machine is gone, `swarmctl node rm %s` takes it out", member.Description.Hostname)
	if member.Spec.Role == swarm.NodeRoleManager {
		return text + fmt.Sprintf("it is down and still counts as one of %d managers, of which more than half must answer: %s", p.managers(), remove)
	}
	return text + "it is down: " + remove
}

// managers is how many managers the swarm counts.
func (p *planner) managers() int {
	count := 0
	for _, member := range p.state.Members {
		if member.Spec.Role == swarm.NodeRoleManager {
			count++
		}
	}
	return count
}

// isExtra tells whether no machine of the inventory stands behind the entry.
func (p *planner) isExtra(member swarm.Node) bool {
	for _, n := range p.inv.Swarm() {
		if p.state.Machines[n.Name].Swarm.NodeID == member.ID || p.isGhost(member, n) {
			return false
		}
	}
	return true
}
