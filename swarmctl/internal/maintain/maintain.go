// Package maintain takes nodes of a swarm out of service and out of the swarm.
// What may be done is decided from what the swarm says, before anything is
// changed; then one node after another is told, and what follows is waited for.
package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// API is what is asked of a manager.
type API interface {
	ServiceList(ctx context.Context, opts swarm.ServiceListOptions) ([]swarm.Service, error)
	TaskList(ctx context.Context, opts swarm.TaskListOptions) ([]swarm.Task, error)
	NodeList(ctx context.Context, opts swarm.NodeListOptions) ([]swarm.Node, error)
	NodeInspectWithRaw(ctx context.Context, id string) (swarm.Node, []byte, error)
	NodeUpdate(ctx context.Context, id string, version swarm.Version, spec swarm.NodeSpec) error
	NodeRemove(ctx context.Context, id string, options swarm.NodeRemoveOptions) error
}

// ErrRefused is wrapped by errors about what must not be done to these nodes:
// nothing was changed.
var ErrRefused = errors.New("refused")

// refusals are the reasons, all of them.
type refusals []string

func (r refusals) Error() string { return strings.Join(r, "\n") }

func (r refusals) Is(target error) bool { return target == ErrRefused }

func (r refusals) err() error {
	if len(r) == 0 {
		return nil
	}
	return r
}

func (r *refusals) add(format string, args ...any) { *r = append(*r, fmt.Sprintf(format, args...)) }

// shortID is how much of an ID is shown, and names a node.
const shortID = 12

// Choose returns the nodes with those host names or IDs, in the swarm's order.
// Its error names every one that there is not, or not only once.
func Choose(all []swarm.Node, names []string) ([]swarm.Node, error) {
	var faults refusals
	wanted := map[string]bool{}
	for _, name := range names {
		found := slices.Collect(func(yield func(swarm.Node) bool) {
			for _, n := range all {
				byID := n.ID == name || len(name) >= shortID && strings.HasPrefix(n.ID, name)
				if (Name(n) == name || byID) && !yield(n) {
					return
				}
			}
		})
		switch len(found) {
		case 0:
			faults.add("there is no node %q; the swarm has %s", name, list(all))
		case 1:
			wanted[found[0].ID] = true
		default:
			faults.add("%d nodes are called %q; say which by its ID: %s", len(found), name, ids(found))
		}
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(n swarm.Node) bool { return !wanted[n.ID] })
	return chosen, faults.err()
}

// Name is what people call a node.
func Name(n swarm.Node) string {
	if n.Description.Hostname == "" {
		return n.ID
	}
	return n.Description.Hostname
}

// CheckDrain refuses what would leave no node to run anything on.
func CheckDrain(all, chosen []swarm.Node) error {
	for _, n := range without(all, chosen) {
		if works(n) {
			return nil
		}
	}
	return refusals{fmt.Sprintf("nothing would run any more: no other node is ready and active than %s", list(chosen))}
}

// CheckRemove refuses what would end the swarm, too.
func CheckRemove(all, chosen []swarm.Node) error {
	var faults refusals
	if err := CheckDrain(all, chosen); err != nil {
		faults.add("%s", err)
	}
	left := without(all, chosen)
	managers, reachable := 0, 0
	for _, n := range left {
		if !isManager(n) {
			continue
		}
		managers++
		if n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable {
			reachable++
		}
	}
	if slices.ContainsFunc(chosen, isManager) && reachable <= managers/2 {
		faults.add("the swarm would lose its quorum: of the %d managers left, %d can be reached; start or promote others first", managers, reachable)
	}
	return faults.err()
}

// Away warns of services that will be away for a moment.
func Away(chosen []swarm.Node, services []swarm.Service, tasks []swarm.Task) []string {
	var texts []string
	for _, s := range services {
		r := s.Spec.Mode.Replicated
		if r == nil || replicas(r) != 1 {
			continue
		}
		if slices.ContainsFunc(tasks, func(t swarm.Task) bool { return t.ServiceID == s.ID && alive(t) && on(chosen, t.NodeID) }) {
			texts = append(texts, fmt.Sprintf("service %s has one replica, which is away until another has started", s.Spec.Name))
		}
	}
	return texts
}

// Even warns of an even number of managers that would be left; empty where
// there is nothing to say.
func Even(all, chosen []swarm.Node) string {
	left := 0
	for _, n := range without(all, chosen) {
		if isManager(n) {
			left++
		}
	}
	if !slices.ContainsFunc(chosen, isManager) || left%2 != 0 {
		return ""
	}
	return fmt.Sprintf("%d managers are left, of which no more may fail than of %d", left, left-1)
}

func works(n swarm.Node) bool {
	return n.Status.State == swarm.NodeStateReady && n.Spec.Availability == swarm.NodeAvailabilityActive
}

func isManager(n swarm.Node) bool { return n.Spec.Role == swarm.NodeRoleManager }

func on(nodes []swarm.Node, id string) bool {
	return slices.ContainsFunc(nodes, func(n swarm.Node) bool { return n.ID == id })
}

func without(all, chosen []swarm.Node) []swarm.Node {
	return slices.DeleteFunc(slices.Clone(all), func(n swarm.Node) bool { return on(chosen, n.ID) })
}

func list(nodes []swarm.Node) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = Name(n)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func ids(nodes []swarm.Node) string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = fmt.Sprintf("%s (%s)", n.ID, n.Status.State)
	}
	return strings.Join(all, ", ")
}
