package cluster

import (
	"cmp"
	"slices"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// Member is one line of `node ls`: a node as the swarm and the inventory see it.
type Member struct {
	Name         string `json:"name"`
	ID           string `json:"id,omitempty"`
	Role         string `json:"role"`
	Leader       bool   `json:"leader"`
	Reachability string `json:"reachability,omitempty"`
	// Status is the swarm's word, or "absent" where the swarm does not know it.
	Status        string `json:"status"`
	Availability  string `json:"availability,omitempty"`
	EngineVersion string `json:"engineVersion,omitempty"`
	Address       string `json:"address"`
	InInventory   bool   `json:"inInventory"`
}

// Absent is the status of a machine that the swarm does not know.
const Absent = "absent"

// Members joins what the swarm and the inventory say, by name, in the
// inventory's order; nodes that it does not name follow.
func Members(inv inventory.Inventory, nodes []swarm.Node) []Member {
	var members []Member
	known := map[string]bool{}
	for _, n := range inv.Swarm() {
		known[n.Name] = true
		found := false
		for _, node := range nodes {
			if node.Description.Hostname == n.Name {
				members, found = append(members, member(node, true)), true
			}
		}
		if !found {
			members = append(members, Member{Name: n.Name, Role: string(n.Role), Status: Absent, Address: n.SwarmAddress(), InInventory: true})
		}
	}
	var others []Member
	for _, node := range nodes {
		if !known[node.Description.Hostname] {
			others = append(others, member(node, false))
		}
	}
	slices.SortFunc(others, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return append(members, others...)
}

func member(n swarm.Node, known bool) Member {
	m := Member{
		Name: n.Description.Hostname, ID: n.ID, Role: string(n.Spec.Role), Status: string(n.Status.State),
		Availability: string(n.Spec.Availability), EngineVersion: n.Description.Engine.EngineVersion,
		Address: n.Status.Addr, InInventory: known,
	}
	if n.ManagerStatus != nil {
		m.Leader, m.Reachability = n.ManagerStatus.Leader, string(n.ManagerStatus.Reachability)
	}
	return m
}
