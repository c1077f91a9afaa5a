package cloudmodel

import (
	"fmt"
	"slices"
)

func checkLoadBalancer(w *World, r, _ *Resource) []error {
	faults := w.checkFrontends(r)
	for _, probe := range r.Inputs.Objects("probes") {
		if probe.Number("intervalInSeconds") < 5 || probe.Number("probeThreshold") < 1 {
			faults = append(faults, refuse("InvalidProbe", "Probe %s: the interval must be 5 s or more, the threshold 1 or more", probe.Text("name")))
		}
		if http := probe.Text("protocol") != "Tcp"; http != (probe.Text("requestPath") != "") {
			faults = append(faults, refuse("InvalidProbe", "Probe %s: HTTP needs a request path, TCP has none", probe.Text("name")))
		}
	}
	return append(append(faults, checkBalancerRules(r)...), checkOutboundRules(w, r)...)
}

func (w *World) checkFrontends(r *Resource) []error {
	var faults []error
	for _, frontend := range r.Inputs.Objects("frontendIPConfigurations") {
		address, ok := w.resources[frontend.Text("publicIPAddress.id")]
		if ok && address.Inputs.Text("sku.name") != r.Inputs.Text("sku.name") {
			faults = append(faults, refuse("LoadBalancerAndPublicIPAddressSkuMismatch", "%s and %s differ in SKU", r.ID, address.ID))
		}
	}
	return faults
}

// part tells whether the balancer has a part that an identifier names.
func part(r *Resource, kind, id string) bool {
	for _, one := range r.Inputs.Objects(kind) {
		if id == r.ID+"/"+kind+"/"+one.Text("name") {
			return true
		}
	}
	return false
}

func checkBalancerRules(r *Resource) []error {
	var faults []error
	var ports []string
	var outbound []string
	for _, rule := range r.Inputs.Objects("outboundRules") {
		for _, frontend := range rule.Objects("frontendIPConfigurations") {
			outbound = append(outbound, frontend.Text("id"))
		}
	}
	for _, rule := range r.Inputs.Objects("loadBalancingRules") {
		name, frontend := rule.Text("name"), rule.Text("frontendIPConfiguration.id")
		if !part(r, "frontendIPConfigurations", frontend) || !part(r, "backendAddressPools", rule.Text("backendAddressPool.id")) || !part(r, "probes", rule.Text("probe.id")) {
			faults = append(faults, refuse("InvalidResourceReference", "Rule %s refers to a part that balancer %s does not have", name, r.ID))
		}
		if slices.Contains(outbound, frontend) && !rule.Flag("disableOutboundSnat") {
			faults = append(faults, refuse("LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule", "Rule %s", name))
		}
		key := fmt.Sprint(frontend, rule.Text("protocol"), rule.Number("frontendPort"))
		if slices.Contains(ports, key) {
			faults = append(faults, refuse("RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndPool", "Rule %s", name))
		}
		ports = append(ports, key)
	}
	return faults
}

// snatPorts is what one address has to give away.
const snatPorts = 64000

func checkOutboundRules(w *World, r *Resource) []error {
	var faults []error
	for _, rule := range r.Inputs.Objects("outboundRules") {
		each := rule.Number("allocatedOutboundPorts")
		members := 0
		for _, nic := range w.of(networkInterface) {
			if refers(nic, rule.Text("backendAddressPool.id")) {
				members++
			}
		}
		if int(each)%8 != 0 || int(each)*members > snatPorts {
			faults = append(faults, refuse("AllocatedOutboundPortsInvalid", "%v ports for %d machines", each, members))
		}
		if !part(r, "backendAddressPools", rule.Text("backendAddressPool.id")) {
			faults = append(faults, refuse("InvalidResourceReference", "Outbound rule %s has no pool", rule.Text("name")))
		}
	}
	return faults
}
