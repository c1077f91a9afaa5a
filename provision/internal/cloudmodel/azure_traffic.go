package cloudmodel

import (
	"net/netip"
	"slices"
	"time"
)

// Probe is what a load balancer asks one member of a pool.
type Probe struct {
	// Target is the member's private address and the port that is asked.
	Target netip.AddrPort
	// Path is asked for by HTTP.
	Path     string
	Interval time.Duration
	// Threshold is how many equal answers in a row change the member's state.
	Threshold int
}

// In gives the world other public addresses, the first 250 of two loopback
// networks, where a test carries connections: Azure's instead of those of
// 127.1.0.0/24, and AWS's instead of those of 127.2.0.0/24.
func (w *World) In(azure, aws netip.Prefix) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.public, w.elastic = azure, aws
}

// PublicAddresses are those that there are.
func (w *World) PublicAddresses() []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []netip.Addr
	for _, r := range append(w.of(publicAddress), w.of(awsEip)...) {
		// Azure's name of it, and AWS's.
		if address, err := netip.ParseAddr(r.State.Text("ipAddress") + r.State.Text("publicIp")); err == nil {
			list = append(list, address)
		}
	}
	return list
}

// Carry says where a TCP connection to a public address, of Azure's or AWS's, may end: at the one
// machine whose address it is, or at any of those that a balancer's rule leads to
// and that are healthy. It is empty where the network carries it nowhere.
func (w *World) Carry(from netip.Addr, to netip.AddrPort, healthy func(Probe) bool) []netip.AddrPort {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := w.carryElastic(from, to)
	for _, r := range w.of(publicAddress) {
		if r.State.Text("ipAddress") != to.Addr().String() {
			continue
		}
		for _, m := range w.members(func(ip Object) bool { return ip.Text("publicIPAddress.id") == r.ID }) {
			ends = append(ends, m.admitted(w, from, to.Port())...)
		}
		for _, rule := range w.rulesAt(r.ID, to.Port()) {
			for _, m := range w.pool(rule.rule.Text("backendAddressPool.id")) {
				if p, ok := w.probe(rule, m); ok && healthy(p) {
					ends = append(ends, m.admitted(w, from, uint16(rule.rule.Number("backendPort")))...)
				}
			}
		}
	}
	return ends
}

// Probes are what all balancers ask. A question that a security group does not
// let through is never answered, and is not among them.
func (w *World) Probes() []Probe {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []Probe
	for _, balancer := range w.of(loadBalancer) {
		for _, rule := range balancer.Inputs.Objects("loadBalancingRules") {
			for _, m := range w.pool(rule.Text("backendAddressPool.id")) {
				if p, ok := w.probe(balancerRule{balancer, rule}, m); ok && !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	return list
}

// balancerRule is a rule and the balancer that has it.
type balancerRule struct {
	balancer *Resource
	rule     Object
}

// rulesAt are the rules for a port of the frontend that has a public address.
func (w *World) rulesAt(addressID string, port uint16) []balancerRule {
	var list []balancerRule
	for _, balancer := range w.of(loadBalancer) {
		for _, frontend := range balancer.Inputs.Objects("frontendIPConfigurations") {
			if frontend.Text("publicIPAddress.id") != addressID {
				continue
			}
			id := balancer.ID + "/frontendIPConfigurations/" + frontend.Text("name")
			for _, rule := range balancer.Inputs.Objects("loadBalancingRules") {
				if rule.Text("frontendIPConfiguration.id") == id && rule.Number("frontendPort") == float64(port) {
					list = append(list, balancerRule{balancer, rule})
				}
			}
		}
	}
	return list
}

// member is one address of an interface.
type member struct {
	address  netip.Addr
	subnetID string
}

func (w *World) members(which func(ip Object) bool) []member {
	var list []member
	for _, nic := range w.of(networkInterface) {
		for _, ip := range nic.State.Objects("ipConfigurations") {
			address, err := netip.ParseAddr(ip.Text("privateIPAddress"))
			if err == nil && which(ip) {
				list = append(list, member{address, ip.Text("subnet.id")})
			}
		}
	}
	return list
}

func (w *World) pool(id string) []member {
	return w.members(func(ip Object) bool {
		return slices.ContainsFunc(ip.Objects("loadBalancerBackendAddressPools"), func(pool Object) bool { return pool.Text("id") == id })
	})
}

// admitted is the member's port, if its security group lets the connection in.
func (m member) admitted(w *World, from netip.Addr, port uint16) []netip.AddrPort {
	to := netip.AddrPortFrom(m.address, port)
	if !w.admits(m.subnetID, from, to) {
		return nil
	}
	return []netip.AddrPort{to}
}

// probe is what a rule's balancer asks a member, if that may answer.
func (w *World) probe(r balancerRule, m member) (Probe, bool) {
	for _, probe := range r.balancer.Inputs.Objects("probes") {
		if r.rule.Text("probe.id") != r.balancer.ID+"/probes/"+probe.Text("name") {
			continue
		}
		p := Probe{
			Target: netip.AddrPortFrom(m.address, uint16(probe.Number("port"))), Path: probe.Text("requestPath"),
			Interval: time.Duration(probe.Number("intervalInSeconds")) * time.Second, Threshold: int(probe.Number("probeThreshold")),
		}
		return p, w.admits(m.subnetID, prober, p.Target)
	}
	return Probe{}, false
}
