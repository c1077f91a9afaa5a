package cloudmodel

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// awsRange parses a range that a VPC or a subnet can have.
func awsRange(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	return p, err == nil && p.Addr().Is4() && p == p.Masked() && p.Bits() >= 16 && p.Bits() <= 28
}

func checkVpc(_ *World, r, _ *Resource) []error {
	if _, ok := awsRange(r.Inputs.Text("cidrBlock")); !ok {
		return []error{refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", r.Inputs.Text("cidrBlock"))}
	}
	return nil
}

func checkAwsSubnet(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "vpcId")
	vpc, ok := w.resources[r.Inputs.Text("vpcId")]
	if !ok || len(faults) > 0 {
		return faults
	}
	outer, _ := netip.ParsePrefix(vpc.Inputs.Text("cidrBlock"))
	p, ok := awsRange(r.Inputs.Text("cidrBlock"))
	if !ok || !outer.Contains(p.Addr()) || p.Bits() < outer.Bits() {
		return []error{refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", r.Inputs.Text("cidrBlock"))}
	}
	for _, other := range w.of(awsSubnet) {
		q, _ := netip.ParsePrefix(other.Inputs.Text("cidrBlock"))
		if other.ID != r.ID && other.Inputs.Text("vpcId") == vpc.ID && q.Overlaps(p) {
			return []error{refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", p)}
		}
	}
	return nil
}

func checkGateway(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "vpcId")
	for _, other := range w.of(awsGateway) {
		if vpc := r.Inputs.Text("vpcId"); other.ID != r.ID && other.Inputs.Text("vpcId") == vpc {
			faults = append(faults, refuse("InvalidParameterValue", "Network %s already has an internet gateway attached", vpc))
		}
	}
	return faults
}

func checkRoutes(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "vpcId")
	var seen []string
	for _, route := range r.Inputs.Objects("routes") {
		faults = append(faults, refer(route, "gatewayId")...)
		cidr := route.Text("cidrBlock")
		if p, err := netip.ParsePrefix(cidr); err != nil || p != p.Masked() {
			faults = append(faults, refuse("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", cidr))
		}
		if slices.Contains(seen, cidr) {
			faults = append(faults, refuse("RouteAlreadyExists", "The route identified by %s already exists.", cidr))
		}
		seen = append(seen, cidr)
		gateway, ok := w.resources[route.Text("gatewayId")]
		if ok && gateway.Inputs.Text("vpcId") != r.Inputs.Text("vpcId") {
			faults = append(faults, refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", r.ID, gateway.ID))
		}
	}
	return faults
}

func checkRoute(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "subnetId", "routeTableId")
	subnet, table := r.Inputs.Text("subnetId"), r.Inputs.Text("routeTableId")
	if w.networkOf(subnet) != w.networkOf(table) {
		faults = append(faults, refuse("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", table, subnet))
	}
	for _, other := range w.of(awsRoute) {
		if other.ID != r.ID && other.Inputs.Text("subnetId") == subnet {
			faults = append(faults, refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", table))
		}
	}
	return faults
}

// prefixLimit leaves room for what the provider makes a name of.
const prefixLimit = 100

// rulesPerGroup is EC2's quota for each direction; a rule counts once for each
// of its ranges.
const rulesPerGroup = 60

func checkAwsGroup(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "vpcId")
	name, text := r.Inputs.Text("name"), r.Inputs.Text("description")
	prefix := r.Inputs.Text("namePrefix")
	if (name == "") == (prefix == "") || len(prefix) > prefixLimit { // the provider's own check
		faults = append(faults, refuse("InvalidParameterValue", "exactly one of name and name_prefix, the latter of %d letters at the most", prefixLimit))
	}
	name = cmp.Or(name, prefix)
	if !awsText.MatchString(name) || strings.HasPrefix(name, "sg-") {
		faults = append(faults, refuse("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.", name))
	}
	if !awsText.MatchString(text) {
		faults = append(faults, refuse("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid.", text))
	}
	for _, direction := range []string{"ingress", "egress"} {
		faults = append(faults, checkAwsRules(r.Inputs.Objects(direction))...)
	}
	for _, other := range w.of(awsGroup) {
		if other.ID != r.ID && other.State.Text("name") == name && other.Inputs.Text("vpcId") == r.Inputs.Text("vpcId") {
			faults = append(faults, refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, r.Inputs.Text("vpcId")))
		}
	}
	return faults
}

func checkAwsRules(rules []Object) []error {
	var faults []error
	seen := map[string]bool{}
	count, twice := 0, false
	for _, rule := range rules {
		faults = append(faults, checkAwsRule(rule)...)
		for _, cidr := range rule.Texts("cidrBlocks") {
			key := fmt.Sprint(rule.Text("protocol"), rule.Number("fromPort"), rule.Number("toPort"), cidr)
			twice = twice || seen[key]
			seen[key] = true
			count++
		}
	}
	if twice {
		faults = append(faults, refuse("InvalidParameterValue", "The same permission must not appear multiple times"))
	}
	if count > rulesPerGroup {
		faults = append(faults, refuse("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."))
	}
	return faults
}

func checkAwsRule(rule Object) []error {
	var faults []error
	if text := rule.Text("description"); !awsText.MatchString(text) {
		faults = append(faults, refuse("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*, got %q", text))
	}
	faults = append(faults, checkAwsPorts(rule)...)
	if len(rule.Texts("cidrBlocks")) == 0 {
		faults = append(faults, refuse("MissingParameter", "a rule names no source"))
	}
	for _, text := range rule.Texts("cidrBlocks") {
		if p, err := netip.ParsePrefix(text); err != nil || p != p.Masked() {
			faults = append(faults, refuse("InvalidParameterValue", "CIDR block %s is malformed", text))
		}
	}
	return faults
}

func checkAwsPorts(rule Object) []error {
	protocol, from, to := rule.Text("protocol"), rule.Number("fromPort"), rule.Number("toPort")
	switch {
	case protocol == "-1":
		if from != 0 || to != 0 { // the provider's own check
			return []error{refuse("InvalidParameterValue", `from_port (%v) and to_port (%v) must both be 0 to use the 'ALL' "-1" protocol!`, from, to)}
		}
	case protocol != "tcp" && protocol != "udp":
		return []error{refuse("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", protocol)}
	case from < 0 || to > 65535 || from > to:
		return []error{refuse("InvalidParameterValue", "Invalid %s port range. From port %v, to port %v", strings.ToUpper(protocol), from, to)}
	}
	return nil
}
