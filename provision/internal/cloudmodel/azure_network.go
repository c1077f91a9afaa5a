package cloudmodel

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	publicAddress    = "azure-native:network:PublicIPAddress"
	loadBalancer     = "azure-native:network:LoadBalancer"
	networkInterface = "azure-native:network:NetworkInterface"
)

var azureNetwork = map[string]kind{
	"azure-native:network:NetworkSecurityGroup": named("Microsoft.Network/networkSecurityGroups", "networkSecurityGroupName", upTo80, kind{check: checkSecurityGroup}),
	"azure-native:network:VirtualNetwork":       named("Microsoft.Network/virtualNetworks", "virtualNetworkName", upTo64, kind{check: checkVirtualNetwork}),
	publicAddress: named("Microsoft.Network/publicIPAddresses", "publicIpAddressName", upTo80, kind{
		check: checkPublicAddress, adds: addPublicAddress, frozen: []string{"zones", "sku.name"},
	}),
	loadBalancer: named("Microsoft.Network/loadBalancers", "loadBalancerName", upTo80, kind{check: checkLoadBalancer, frozen: []string{"sku.name"}}),
	networkInterface: named("Microsoft.Network/networkInterfaces", "networkInterfaceName", upTo80, kind{
		check: checkInterface, adds: addInterface,
	}),
	"azure-native:network:Zone": named("Microsoft.Network/dnszones", "zoneName", domains, kind{
		adds: func(*World, *Resource, *Resource) Object {
			return Object{"nameServers": []any{"ns1-01.azure-dns.com.", "ns2-01.azure-dns.net."}}
		},
	}),
	"azure-native:network:RecordSet": {
		id: func(_ *World, in Object) string {
			return subscription + "/resourceGroups/" + in.Text("resourceGroupName") + "/providers/Microsoft.Network/dnszones/" +
				in.Text("zoneName") + "/" + in.Text("recordType") + "/" + in.Text("relativeRecordSetName")
		},
		check:    checkRecord,
		adds:     nameFrom("relativeRecordSetName"),
		replaces: []string{"resourceGroupName", "zoneName", "recordType", "relativeRecordSetName"},
	},
}

func checkRecord(w *World, r, _ *Resource) []error {
	zone, _, _ := strings.Cut(r.ID, "/"+r.Inputs.Text("recordType")+"/")
	if _, ok := w.resources[zone]; !ok {
		return []error{refuse("ParentResourceNotFound", "The zone %s was not found.", zone)}
	}
	if r.Inputs.Text("targetResource.id") == "" && len(r.Inputs.Objects("aRecords")) == 0 {
		return []error{refuse("BadRequest", "The record set has no records.")}
	}
	return nil
}

var (
	tags      = []string{"*", "Internet", "VirtualNetwork", "AzureLoadBalancer"}
	portRange = regexp.MustCompile(`^(\*|[0-9]{1,5}(-[0-9]{1,5})?)$`)
)

func checkSecurityGroup(_ *World, r, _ *Resource) []error {
	var faults []error
	seen := map[string]string{}
	for _, rule := range r.Inputs.Objects("securityRules") {
		name, priority := rule.Text("name"), rule.Number("priority")
		bad := func(code, format string, args ...any) {
			faults = append(faults, refuse(code, "Security rule "+name+": "+format, args...))
		}
		if !upTo80.MatchString(name) {
			bad("InvalidResourceName", "the name is invalid")
		}
		if priority < 100 || priority > 4096 {
			bad("SecurityRuleInvalidPriority", "priority %v is not between 100 and 4096", priority)
		}
		for _, key := range []string{fmt.Sprint(rule.Text("direction"), priority), "name " + name} {
			if other, taken := seen[key]; taken {
				bad("SecurityRuleConflict", "has the priority or name of %s", other)
			}
			seen[key] = name
		}
		for _, err := range checkEnds(rule) {
			bad("SecurityRuleInvalidAddressPrefix", "%v", err)
		}
		for _, err := range checkPorts(rule) {
			bad("SecurityRuleInvalidPortRange", "%v", err)
		}
	}
	return faults
}

// checkEnds looks at addresses: one prefix or several, and tags only alone.
func checkEnds(rule Object) []error {
	var faults []error
	for _, end := range []string{"source", "destination"} {
		one, many := rule.Text(end+"AddressPrefix"), rule.Texts(end+"AddressPrefixes")
		if (one == "") == (len(many) == 0) {
			faults = append(faults, fmt.Errorf("exactly one of %sAddressPrefix and %sAddressPrefixes is needed", end, end))
		}
		if one != "" && !slices.Contains(tags, one) && !isAddress(one) {
			faults = append(faults, fmt.Errorf("%s address prefix %q is invalid", end, one))
		}
		for _, prefix := range many {
			if !isAddress(prefix) {
				faults = append(faults, fmt.Errorf("%s address prefix %q is invalid in a list", end, prefix))
			}
		}
	}
	return faults
}

func isAddress(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	p, err := netip.ParsePrefix(text)
	return err == nil && p == p.Masked()
}

func checkPorts(rule Object) []error {
	var faults []error
	protocol := rule.Text("protocol")
	if !slices.Contains([]string{"Tcp", "Udp", "Icmp", "Esp", "Ah", "*"}, protocol) {
		faults = append(faults, fmt.Errorf("protocol %q is unknown", protocol))
	}
	for _, end := range []string{"source", "destination"} {
		ports := rule.Texts(end + "PortRanges")
		if one := rule.Text(end + "PortRange"); one != "" {
			ports = append(ports, one)
		}
		if len(ports) == 0 {
			faults = append(faults, fmt.Errorf("%s port range is missing", end))
		}
		for _, port := range ports {
			faults = append(faults, checkPort(protocol, port)...)
		}
	}
	return faults
}

func checkPort(protocol, port string) []error {
	var faults []error
	first, _, _ := strings.Cut(port, "-")
	if n, _ := strconv.Atoi(first); !portRange.MatchString(port) || n > 65535 {
		faults = append(faults, fmt.Errorf("port range %q is invalid", port))
	}
	if port != "*" && slices.Contains([]string{"Esp", "Ah", "Icmp"}, protocol) {
		faults = append(faults, fmt.Errorf("protocol %s has no ports, got %q", protocol, port))
	}
	return faults
}

func checkVirtualNetwork(w *World, r, old *Resource) []error {
	var faults []error
	var space []netip.Prefix
	for _, text := range r.Inputs.Texts("addressSpace.addressPrefixes") {
		if p, err := netip.ParsePrefix(text); err == nil {
			space = append(space, p)
		}
	}
	seen := map[string]netip.Prefix{}
	for _, subnet := range r.Inputs.Objects("subnets") {
		name := subnet.Text("name")
		p, err := netip.ParsePrefix(subnet.Text("addressPrefix"))
		inside := func(s netip.Prefix) bool { return s.Contains(p.Addr()) && s.Bits() <= p.Bits() }
		if err != nil || p != p.Masked() || p.Bits() > 29 || !slices.ContainsFunc(space, inside) {
			faults = append(faults, refuse("NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", name, r.ID))
		}
		for other, q := range seen {
			if p.Overlaps(q) {
				faults = append(faults, refuse("NetcfgSubnetRangesOverlap", "Subnet '%s' overlaps with '%s'.", name, other))
			}
		}
		seen[name] = p
	}
	return append(faults, w.subnetsInUse(old, seen)...)
}

// subnetsInUse refuses to move or remove a subnet that an interface is in.
func (w *World) subnetsInUse(old *Resource, now map[string]netip.Prefix) []error {
	if old == nil {
		return nil
	}
	var faults []error
	for _, subnet := range old.Inputs.Objects("subnets") {
		name := subnet.Text("name")
		if now[name].String() == subnet.Text("addressPrefix") {
			continue
		}
		for _, nic := range w.of(networkInterface) {
			if refers(nic, old.ID+"/subnets/"+name) {
				faults = append(faults, refuse("InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s.", name, nic.ID))
			}
		}
	}
	return faults
}

func checkPublicAddress(w *World, r, _ *Resource) []error {
	var faults []error
	if r.Inputs.Text("sku.name") == "Standard" && r.Inputs.Text("publicIPAllocationMethod") != "Static" {
		faults = append(faults, refuse("StandardSkuPublicIPAddressesMustBeStatic", "%s must be static", r.ID))
	}
	label := r.Inputs.Text("dnsSettings.domainNameLabel")
	for _, other := range w.of(publicAddress) {
		if label != "" && other.ID != r.ID && other.Inputs.Text("dnsSettings.domainNameLabel") == label {
			faults = append(faults, refuse("DnsRecordInUse", "DNS record %s is already used by another public IP.", label))
		}
	}
	return faults
}

func addPublicAddress(w *World, r, old *Resource) Object {
	added := Object{"ipAddress": ""}
	if old != nil {
		added["ipAddress"] = old.State["ipAddress"]
	} else {
		added["ipAddress"] = w.freshPublic(w.public)
	}
	if label := r.Inputs.Text("dnsSettings.domainNameLabel"); label != "" {
		added["dnsSettings"] = map[string]any{"domainNameLabel": label, "fqdn": label + "." + r.Inputs.Text("location") + ".cloudapp.azure.com"}
	}
	return added
}
