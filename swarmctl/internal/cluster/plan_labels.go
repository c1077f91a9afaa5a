package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/ycesproject/yces/provision/inventory"
)

// managedLabels is the node label that remembers which of the others came from
// the inventory, so that those which people set by hand are left alone.
const managedLabels = "swarmctl.labels"

func (p *planner) labels(n inventory.Node, m Machine) Operation {
	member, _ := p.state.member(m.Swarm.NodeID)
	have := member.Spec.Labels
	set := map[string]string{}
	for key, want := range n.Labels {
		if got, ok := have[key]; !ok || got != want {
			set[key] = want
		}
	}
	var unset []string
	for _, key := range strings.Split(have[managedLabels], ",") {
		_, wanted := n.Labels[key]
		if _, there := have[key]; there && !wanted && key != "" {
			unset = append(unset, key)
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(n.Labels)), ",")
	switch names {
	case have[managedLabels]:
	case "":
		unset = append(unset, managedLabels)
	default:
		set[managedLabels] = names
	}
	if len(set) == 0 && len(unset) == 0 {
		return nil
	}
	return SetLabels{Step{n, "the inventory's labels differ"}, set, unset}
}
