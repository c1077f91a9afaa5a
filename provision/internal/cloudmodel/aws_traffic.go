package cloudmodel

import (
	"net/netip"
	"slices"
)

// imageUser is whom the image lets log in.
const imageUser = "ubuntu"

// addInstance gives a machine the first free address of its subnet.
func addInstance(w *World, r, old *Resource) Object {
	if old != nil {
		return Object{"privateIp": old.State["privateIp"]}
	}
	subnet, ok := w.resources[r.Inputs.Text("subnetId")]
	if !ok {
		return nil // the reference has been refused
	}
	p, err := netip.ParsePrefix(subnet.Inputs.Text("cidrBlock"))
	if err != nil {
		return nil // the subnet has been refused
	}
	taken := func(address string) bool {
		return slices.ContainsFunc(w.of(awsInstance), func(i *Resource) bool {
			return i.Inputs.Text("subnetId") == subnet.ID && i.State.Text("privateIp") == address
		})
	}
	// EC2 keeps as many addresses as Azure.
	address := kept(p)[3].Next()
	for taken(address.String()) {
		address = address.Next()
	}
	return Object{"privateIp": address.String()}
}

func startInstance(w *World, r *Resource) error {
	m := Machine{
		Name: r.Inputs.Text("tags.Name"), PrivateAddress: r.State.Text("privateIp"),
		CustomData: r.Inputs.Text("userData"), User: imageUser,
	}
	if key := w.publicKey(r.Inputs.Text("keyName")); key != "" {
		m.Keys = []string{key}
	}
	return w.machines.Start(m)
}

func (w *World) publicKey(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if pair, ok := w.resources[name]; ok {
		return pair.Inputs.Text("publicKey")
	}
	return ""
}

func stopInstance(w *World, r *Resource) error { return w.machines.Stop(r.Inputs.Text("tags.Name")) }

// carryElastic is where a connection to an Elastic IP address ends: at the
// machine that it is associated with, if one of its security groups lets it in.
func (w *World) carryElastic(from netip.Addr, to netip.AddrPort) []netip.AddrPort {
	var ends []netip.AddrPort
	for _, association := range w.of(awsAssociation) {
		eip, ok := w.resources[association.Inputs.Text("allocationId")]
		instance, ok2 := w.resources[association.Inputs.Text("instanceId")]
		if !ok || !ok2 || eip.State.Text("publicIp") != to.Addr().String() {
			continue
		}
		address, err := netip.ParseAddr(instance.State.Text("privateIp"))
		if err == nil && w.letIn(instance, from, int(to.Port())) {
			ends = append(ends, netip.AddrPortFrom(address, to.Port()))
		}
	}
	return ends
}

func (w *World) letIn(instance *Resource, from netip.Addr, port int) bool {
	for _, id := range instance.Inputs.Texts("vpcSecurityGroupIds") {
		group, ok := w.resources[id]
		if ok && slices.ContainsFunc(group.Inputs.Objects("ingress"), func(rule Object) bool { return ingressMeans(rule, from, port) }) {
			return true
		}
	}
	return false
}

func ingressMeans(rule Object, from netip.Addr, port int) bool {
	all := rule.Text("protocol") == "-1"
	if !all && (rule.Text("protocol") != "tcp" || float64(port) < rule.Number("fromPort") || float64(port) > rule.Number("toPort")) {
		return false
	}
	return slices.ContainsFunc(rule.Texts("cidrBlocks"), func(text string) bool {
		p, err := netip.ParsePrefix(text)
		return err == nil && p.Contains(from)
	})
}
