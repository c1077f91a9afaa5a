package cloudmodel

import (
	"net/netip"
	"slices"
)

func checkInterface(w *World, r, _ *Resource) []error {
	var faults []error
	for _, ip := range r.Inputs.Objects("ipConfigurations") {
		subnet, ok := w.subnet(ip.Text("subnet.id"))
		if !ok {
			continue // the reference has been refused
		}
		if text := ip.Text("privateIPAddress"); text != "" {
			faults = append(faults, w.checkPrivate(r, subnet, text)...)
		} else if ip.Text("privateIPAllocationMethod") == "Static" {
			faults = append(faults, refuse("StaticPrivateIPAddressMissing", "%s", r.ID))
		}
		for _, other := range w.of(networkInterface) {
			public := ip.Text("publicIPAddress.id")
			if public != "" && other.ID != r.ID && refers(other, public) {
				faults = append(faults, refuse("PublicIPAddressInUse", "%s is used by %s", public, other.ID))
			}
		}
	}
	return faults
}

func (w *World) checkPrivate(r *Resource, subnet netip.Prefix, text string) []error {
	address, err := netip.ParseAddr(text)
	if err != nil || !subnet.Contains(address) || slices.Contains(kept(subnet), address) {
		return []error{refuse("PrivateIPAddressNotInSubnet", "Private static IP address %s does not belong to the range of subnet prefix %s.", text, subnet)}
	}
	if other := w.holder(text); other != "" && other != r.ID {
		return []error{refuse("PrivateIPAddressInUse", "Private IP address %s is used by %s", text, other)}
	}
	return nil
}

// kept are the addresses of a subnet that Azure keeps: the first four and the last.
func kept(subnet netip.Prefix) []netip.Addr {
	list := []netip.Addr{subnet.Addr()}
	for range 3 {
		list = append(list, list[len(list)-1].Next())
	}
	last := subnet.Addr()
	for subnet.Contains(last.Next()) {
		last = last.Next()
	}
	return append(list, last)
}

// holder is the interface that has a private address; empty where none has.
func (w *World) holder(address string) string {
	for _, nic := range w.of(networkInterface) {
		for _, ip := range nic.State.Objects("ipConfigurations") {
			if ip.Text("privateIPAddress") == address {
				return nic.ID
			}
		}
	}
	return ""
}

func (w *World) subnet(id string) (netip.Prefix, bool) {
	parent, _ := split(id)
	network, ok := w.resources[parent]
	if !ok {
		return netip.Prefix{}, false
	}
	for _, subnet := range network.Inputs.Objects("subnets") {
		if subnet.Text("name") == lastSegment(id) {
			p, err := netip.ParsePrefix(subnet.Text("addressPrefix"))
			return p, err == nil
		}
	}
	return netip.Prefix{}, false
}

// addInterface gives each configuration an address: the one that it asks for,
// the one that it had, or the first free one.
func addInterface(w *World, r, old *Resource) Object {
	var list []any
	for i, ip := range r.Inputs.Objects("ipConfigurations") {
		ip = copyOf(ip)
		if ip.Text("privateIPAddress") == "" {
			ip["privateIPAddress"] = w.privateAddress(ip.Text("subnet.id"), old, i)
		}
		list = append(list, map[string]any(ip))
	}
	return Object{"ipConfigurations": list}
}

func (w *World) privateAddress(subnetID string, old *Resource, i int) string {
	if old != nil {
		if had := old.State.Objects("ipConfigurations"); i < len(had) {
			return had[i].Text("privateIPAddress")
		}
	}
	subnet, ok := w.subnet(subnetID)
	if !ok {
		return ""
	}
	address := kept(subnet)[3].Next()
	for w.holder(address.String()) != "" {
		address = address.Next()
	}
	return address.String()
}
