package cloudmodel

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// prober is whom the tag AzureLoadBalancer means; see
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
var prober = netip.MustParseAddr("168.63.129.16")

// admits tells whether a TCP connection may reach a port of a machine in a
// subnet. A subnet without a security group is closed to what comes from
// outside, because addresses and balancers are of the SKU Standard.
func (w *World) admits(subnetID string, from netip.Addr, to netip.AddrPort) bool {
	networkID, _ := split(subnetID)
	space := w.space(networkID)
	group, ok := w.resources[w.securityGroup(networkID, subnetID)]
	if !ok {
		return contains(space, from)
	}
	rules := group.Inputs.Objects("securityRules")
	slices.SortFunc(rules, func(a, b Object) int { return cmp.Compare(a.Number("priority"), b.Number("priority")) })
	for _, rule := range append(rules, ownRules...) {
		if rule.Text("direction") == "Inbound" && matches(rule, space, from, to) {
			return rule.Text("access") == "Allow"
		}
	}
	return false
}

// ownRules are those that Azure adds to every group.
var ownRules = []Object{
	{"direction": "Inbound", "access": "Allow", "protocol": "*", "sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefix": "VirtualNetwork", "destinationPortRange": "*"},
	{"direction": "Inbound", "access": "Allow", "protocol": "*", "sourceAddressPrefix": "AzureLoadBalancer", "destinationAddressPrefix": "*", "destinationPortRange": "*"},
}

func (w *World) securityGroup(networkID, subnetID string) string {
	network, ok := w.resources[networkID]
	if !ok {
		return ""
	}
	for _, subnet := range network.Inputs.Objects("subnets") {
		if subnet.Text("name") == lastSegment(subnetID) {
			return subnet.Text("networkSecurityGroup.id")
		}
	}
	return ""
}

// space is all that the tag VirtualNetwork means.
func (w *World) space(networkID string) []netip.Prefix {
	network, ok := w.resources[networkID]
	if !ok {
		return nil
	}
	var space []netip.Prefix
	for _, text := range network.Inputs.Texts("addressSpace.addressPrefixes") {
		if p, err := netip.ParsePrefix(text); err == nil {
			space = append(space, p)
		}
	}
	return space
}

func matches(rule Object, space []netip.Prefix, from netip.Addr, to netip.AddrPort) bool {
	return slices.Contains([]string{"Tcp", "*"}, rule.Text("protocol")) &&
		covers(rule, "source", space, from) && covers(rule, "destination", space, to.Addr()) &&
		opens(rule, int(to.Port()))
}

// covers tells whether one end of a rule means an address.
func covers(rule Object, end string, space []netip.Prefix, address netip.Addr) bool {
	prefixes := append(rule.Texts(end+"AddressPrefixes"), rule.Text(end+"AddressPrefix"))
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		switch prefix {
		case "*":
			return true
		case "VirtualNetwork":
			return contains(space, address)
		case "AzureLoadBalancer":
			return address == prober
		case "Internet":
			return !contains(space, address) && address != prober
		}
		if one, err := netip.ParseAddr(prefix); err == nil {
			return one == address
		}
		p, err := netip.ParsePrefix(prefix)
		return err == nil && p.Contains(address)
	})
}

func contains(space []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(space, func(p netip.Prefix) bool { return p.Contains(address) })
}

func opens(rule Object, port int) bool {
	ranges := append(rule.Texts("destinationPortRanges"), rule.Text("destinationPortRange"))
	return slices.ContainsFunc(ranges, func(text string) bool {
		if text == "*" {
			return true
		}
		first, last, isRange := strings.Cut(text, "-")
		if !isRange {
			last = first
		}
		low, err := strconv.Atoi(first)
		high, err2 := strconv.Atoi(last)
		return err == nil && err2 == nil && low <= port && port <= high
	})
}
