package settings

import (
	"encoding/binary"
	"net/netip"
)

// azureFirst is the first address of a subnet that a machine can have: Azure
// keeps those before it and the last for itself.
const azureFirst = 4

type namedPrefix struct {
	key    string
	prefix netip.Prefix
}

func (s Settings) checkNetwork(f *faults) {
	n := s.Network
	// Each has a subnet, with or without a machine in it.
	subnets := []namedPrefix{{"swarmCidr", n.Swarm}, {"jenkinsCidr", n.Jenkins}, {"bastionCidr", n.Bastion}}
	if n.Space.IsValid() && !n.Space.Addr().IsPrivate() {
		f.add("networkCidr", "must be a private range (RFC 1918), got %s", n.Space)
	}
	for i, subnet := range subnets {
		if !subnet.prefix.IsValid() {
			continue // named already
		}
		checkSubnet(f, n.Space, subnet)
		for _, other := range subnets[:i] {
			if other.prefix.IsValid() && subnet.prefix.Overlaps(other.prefix) {
				f.add(subnet.key, "%s overlaps %s, which is %s", subnet.prefix, other.prefix, other.key)
			}
		}
	}
	s.checkRoom(f)
}

func checkSubnet(f *faults, space netip.Prefix, subnet namedPrefix) {
	if subnet.prefix.Bits() > 29 {
		f.add(subnet.key, "must be /29 or larger, got %s", subnet.prefix)
	}
	if space.IsValid() && (subnet.prefix.Bits() < space.Bits() || !space.Contains(subnet.prefix.Addr())) {
		f.add(subnet.key, "%s is not within networkCidr, %s", subnet.prefix, space)
	}
}

// Nodes have fixed addresses, so that a rebuilt one returns to its own: the
// managers the first ones of the subnet, however many there are now.
const maxManagers = 7

// ManagerAddress is the n-th manager's address in the swarm's subnet, from 1.
func (n Network) ManagerAddress(i int) netip.Addr { return nth(n.Swarm, azureFirst+i-1) }

// WorkerAddress is the n-th worker's address in the swarm's subnet, from 1.
func (n Network) WorkerAddress(i int) netip.Addr { return nth(n.Swarm, azureFirst+maxManagers+i-1) }

func nth(p netip.Prefix, offset int) netip.Addr {
	four := p.Addr().As4()
	sum := binary.BigEndian.Uint32(four[:]) + uint32(offset)
	binary.BigEndian.PutUint32(four[:], sum)
	return netip.AddrFrom4(four)
}

func (s Settings) checkRoom(f *faults) {
	swarm := s.Network.Swarm
	if !swarm.IsValid() {
		return
	}
	room := 1<<(32-swarm.Bits()) - azureFirst - 1
	if room < maxManagers+s.Workers {
		f.add("swarmCidr", "%s has room for %d nodes; %d workers and the addresses kept for %d managers need %d", swarm, max(room, 0), s.Workers, maxManagers, maxManagers+s.Workers)
	}
}
