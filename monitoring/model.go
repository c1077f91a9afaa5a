package monitoring

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/ycesproject/yces/provision/inventory"
)

// Model is everything that is watched, and who hears of it.
type Model struct {
	// Name is the cluster's.
	Name  string
	Hosts []Host
	Settings

	// outside is a monitor that is not in the machines' private network.
	outside bool
}

// Group is what a host is for; each is a hostgroup.
type Group string

// The groups: those of the inventory, and the two hosts that are no machine.
const (
	Managers Group = "managers"
	Workers  Group = "workers"
	CI       Group = "jenkins"
	Monitors Group = "monitor"
	Swarm    Group = "swarm"
	Balancer Group = "balancer"
)

// Host is a machine, or a part of the whole that has problems of its own: the
// swarm, and the endpoint that users open.
type Host struct {
	Name  string
	Alias string
	// Address is where the monitor reaches it.
	Address string
	Group   Group
	Owner   string
	// Alive is how one sees that it is there.
	Alive  Command
	Checks []Check
	// Node is the inventory's entry; nil for a part of the whole.
	Node *inventory.Node
}

// View is what a check says something about in the view of the business.
type View string

// The views; each is a service group.
const (
	Users     View = "users"     // what users notice
	Capacity  View = "capacity"  // what runs out
	Cluster   View = "cluster"   // what keeps the swarm whole
	Delivery  View = "delivery"  // what brings new versions
	Awareness View = "awareness" // what the monitoring itself needs
)

// Check is one thing to look at on a host.
type Check struct {
	Name  string
	View  View
	Owner string
	Run   Command
	// Needs are checks of the same host without which this one can say nothing.
	Needs []string
	// NeedsHosts are nodes without whose engines this one's result is only a consequence.
	NeedsHosts []string
	// ExplainedBy is a check of the same host of which this one's problem is only a
	// consequence once it is critical; "" where there is none.
	ExplainedBy string
	// TellsWhatItKnows is a check that is unknown where another one is critical: of
	// that nobody is told.
	TellsWhatItKnows bool
}

// Command runs on the monitor, or on the host itself where Remote is set.
type Command struct {
	// Program is the path, and Args its arguments. None holds a secret.
	Program string
	Args    []string
	Remote  bool
	// ID names a remote command: all that the monitor ever says to a host.
	ID string
	// Sudo is a remote command that must be root's.
	Sudo bool
	// Any asks the managers in turn for a remote command, and takes the first
	// answer.
	Any []string
}

// Build makes the model. Services are those that run, if that is known; the
// settings may name more. The error lists every fault.
func Build(inv inventory.Inventory, s Settings, services []string) (Model, error) {
	f := s.check()
	s.Services = merge(s.Services, services)
	if s.Endpoint == "" {
		s.Endpoint = inv.Endpoint
	}
	m := Model{Name: inv.Name, Settings: s}
	monitors := inv.ByRole(inventory.Monitor)
	if len(monitors) != 1 {
		f.add("inventory.nodes", "exactly one node must have the role %q, got %d", inventory.Monitor, len(monitors))
	}
	for _, service := range s.Services {
		if !name.MatchString(service) {
			f.add("services", "the name of service %q must be 1 to 63 letters, digits, '.', '_' and '-'", service)
		}
	}
	m.checkLocal(&f, inv)
	if err := f.join(); err != nil {
		return Model{}, err
	}
	m.addHosts(inv)
	return m, nil
}

// checkLocal refuses what only the operator's own machine could reach, and
// names that would be two hosts'.
func (m Model) checkLocal(f *faults, inv inventory.Inventory) {
	u, err := url.Parse(m.Endpoint)
	if m.Endpoint == "" || err != nil {
		f.add("endpoint", "is needed, because the inventory names none")
	} else if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
		f.add("endpoint", "%s is this machine's own; name the balancer as the monitor reaches it", m.Endpoint)
	}
	seen := map[string]string{}
	for _, n := range append(nodeNames(inv), m.swarmHost(), m.endpointHost()) {
		key := strings.ToLower(n)
		if first, ok := seen[key]; ok {
			f.add("inventory.nodes", "%q and %q would be one host", first, n)
		}
		seen[key] = n
	}
}

func nodeNames(inv inventory.Inventory) []string {
	var names []string
	for _, n := range inv.Nodes {
		names = append(names, n.Name)
	}
	return names
}

func merge(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (m Model) swarmHost() string    { return m.Name + "-swarm" }
func (m Model) endpointHost() string { return m.Name + "-endpoint" }

func (m *Model) addHosts(inv inventory.Inventory) {
	m.outside = inv.ByRole(inventory.Monitor)[0].PrivateAddress == ""
	for i := range inv.Nodes {
		m.Hosts = append(m.Hosts, m.machine(&inv.Nodes[i]))
	}
	m.Hosts = append(m.Hosts, m.swarm(inv), m.endpoint())
}

var groups = map[inventory.Role]Group{
	inventory.Manager: Managers, inventory.Worker: Workers, inventory.Jenkins: CI, inventory.Monitor: Monitors,
}

func (m Model) machine(n *inventory.Node) Host {
	h := Host{
		Name: n.Name, Alias: string(n.Role) + " " + n.Name, Address: m.reach(*n),
		Group: groups[n.Role], Owner: m.Owners["node"], Node: n,
		Alive: ping(m.reach(*n)),
	}
	if m.outside {
		h.Alive = m.askable().Run // of all that it may ask for, this is let through
	}
	h.Checks = m.needAnswer(append(m.machineChecks(*n), m.roleChecks(*n)...))
	return h
}

// reach is the node's address as the monitor sees it. One that has no private
// address is elsewhere, as in another cloud, and may not even be able to reach
// itself at the address that others know it by.
func (m Model) reach(n inventory.Node) string {
	switch {
	case !m.outside:
		return n.SwarmAddress()
	case n.Role == inventory.Monitor:
		return loopback
	}
	return n.Address
}

const loopback = "127.0.0.1"

// MonitorAddress is where machines see the monitor's connections come from, and
// people its pages.
func (m Model) MonitorAddress() string { return m.Monitor().Node.SwarmAddress() }

// Askers are the addresses that the host may be asked from.
func (m Model) Askers(h Host) []string {
	if m.outside && h.Group == Monitors {
		return []string{m.MonitorAddress(), loopback}
	}
	return []string{m.MonitorAddress()}
}

func (m Model) swarm(inv inventory.Inventory) Host {
	managers := inv.ByRole(inventory.Manager)
	h := Host{
		Name: m.swarmHost(), Alias: "swarm " + m.Name, Address: m.reach(managers[0]),
		Group: Swarm, Owner: m.Owners["swarm"],
	}
	var any []string
	for _, n := range managers {
		any = append(any, m.reach(n))
	}
	h.Alive = Command{Program: Checks, Args: []string{"check_reach", fmt.Sprint(NRPEPort), "8s"}, Any: any}
	if m.Transport == SSH {
		h.Alive = Command{Remote: true, ID: AliveCommand, Any: any}
	}
	h.Checks = m.swarmChecks(any, nodeNames(inventory.Inventory{Nodes: inv.Swarm()}))
	return h
}

func (m Model) endpoint() Host {
	u, _ := url.Parse(m.Endpoint) // checkLocal parsed it
	return Host{
		Name: m.endpointHost(), Alias: "endpoint " + m.Endpoint, Address: u.Hostname(),
		Group: Balancer, Owner: m.Owners["endpoint"],
		// No longer than its checks wait: they hold their mails back once it is down.
		Alive:  Command{Program: Checks, Args: []string{"check_reach", port(u), m.responseLimit()}, Any: []string{u.Hostname()}},
		Checks: m.endpointChecks(u),
	}
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func ping(address string) Command {
	return Command{Program: Plugins + "/check_ping", Args: []string{"-H", address, "-w", "500,20%", "-c", "2000,100%", "-p", "3", "-t", "10"}}
}

// Monitor is the host that the monitoring runs on.
func (m Model) Monitor() Host {
	i := slices.IndexFunc(m.Hosts, func(h Host) bool { return h.Group == Monitors })
	return m.Hosts[i]
}

// Machines are the hosts that are machines.
func (m Model) Machines() []Host {
	return slices.DeleteFunc(slices.Clone(m.Hosts), func(h Host) bool { return h.Node == nil })
}
