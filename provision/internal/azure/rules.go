package azure

import (
	"net/netip"

	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Ports that the machines listen on.
const (
	portSSH  = "22"
	portHTTP = "80"
	portTLS  = "443"
	portNRPE = "5666"
)

// Source is where traffic comes from: address ranges, or one service tag.
type source struct {
	ranges pulumi.StringArray
	tag    string
}

func fromRanges(prefixes ...netip.Prefix) source {
	var s source
	for _, p := range prefixes {
		s.ranges = append(s.ranges, pulumi.String(p.String()))
	}
	return s
}

func fromTag(tag string) source { return source{tag: tag} }

// fromClients is everybody where nobody is named.
func fromClients(prefixes []netip.Prefix) source {
	if len(prefixes) == 0 {
		return fromTag("Internet")
	}
	return fromRanges(prefixes...)
}

// allowed is traffic that may come in.
type allowed struct {
	name     string
	protocol network.SecurityRuleProtocol
	from     source
	ports    []string
}

// inbound numbers rules in their order and closes with a refusal of everything
// else; Azure's own defaults would let the whole virtual network in.
func inbound(rules []allowed) network.SecurityRuleTypeArray {
	var list network.SecurityRuleTypeArray
	for i, rule := range rules {
		list = append(list, rule.args(100+10*i))
	}
	return append(list, &network.SecurityRuleTypeArgs{
		Name: pulumi.String("deny-all-else"), Priority: pulumi.Int(4096),
		Direction: network.SecurityRuleDirectionInbound, Access: network.SecurityRuleAccessDeny,
		Protocol:            network.SecurityRuleProtocolAsterisk,
		SourceAddressPrefix: pulumi.String("*"), SourcePortRange: pulumi.String("*"),
		DestinationAddressPrefix: pulumi.String("*"), DestinationPortRange: pulumi.String("*"),
	})
}

func (a allowed) args(priority int) *network.SecurityRuleTypeArgs {
	args := &network.SecurityRuleTypeArgs{
		Name: pulumi.String(a.name), Priority: pulumi.Int(priority),
		Direction: network.SecurityRuleDirectionInbound, Access: network.SecurityRuleAccessAllow,
		Protocol:                 a.protocol,
		SourcePortRange:          pulumi.String("*"),
		DestinationAddressPrefix: pulumi.String("*"),
		DestinationPortRanges:    pulumi.ToStringArray(a.ports),
	}
	if a.from.tag != "" {
		args.SourceAddressPrefix = pulumi.String(a.from.tag)
	} else {
		args.SourceAddressPrefixes = a.from.ranges
	}
	return args
}

const (
	tcp = network.SecurityRuleProtocolTcp
	udp = network.SecurityRuleProtocolUdp
	esp = network.SecurityRuleProtocolEsp
)

// swarmRules is what the nodes answer to.
func swarmRules(args *NetworkArgs) []allowed {
	swarm := fromRanges(args.Addresses.Swarm)
	rules := []allowed{
		{"ssh-from-admins", tcp, args.nodeAdmins(), []string{portSSH}},
		{"service-from-clients", tcp, fromClients(args.Clients), args.servicePorts()},
		// The probe comes from 168.63.129.16, which is what the tag means.
		{"probe-from-balancer", tcp, fromTag("AzureLoadBalancer"), []string{portHTTP}},
		{"swarm-control-tcp", tcp, swarm, []string{"2377", "7946"}},
		{"swarm-gossip-and-overlay-udp", udp, swarm, []string{"4789", "7946"}},
		// Encrypted overlay networks (ESP has no ports).
		{"swarm-encrypted-overlay", esp, swarm, []string{"*"}},
	}
	if args.Jenkins {
		rules = append(rules, allowed{"ssh-from-jenkins", tcp, fromRanges(args.Addresses.Jenkins), []string{portSSH}})
	}
	if args.MonitorAddress != nil {
		monitor := source{ranges: pulumi.StringArray{pulumi.Sprintf("%s/32", args.MonitorAddress)}}
		rules = append(rules, allowed{"nrpe-from-monitor", tcp, monitor, []string{portNRPE}})
	}
	return rules
}

// jenkinsRules is what the Jenkins machine answers to: its own page only over TLS.
func jenkinsRules(args *NetworkArgs) []allowed {
	if !args.Jenkins {
		return nil
	}
	rules := []allowed{{"ssh-from-admins", tcp, args.nodeAdmins(), []string{portSSH}}}
	if len(args.JenkinsClients) > 0 {
		rules = append(rules, allowed{"jenkins-from-its-clients", tcp, fromRanges(args.JenkinsClients...), []string{portTLS}})
	}
	return rules
}

func bastionRules(args *NetworkArgs) []allowed {
	if !args.Bastion {
		return nil
	}
	return []allowed{
		{"ssh-from-admins", tcp, fromRanges(args.Admins...), []string{portSSH}},
		{"ssh-from-jenkins", tcp, fromRanges(args.Addresses.Jenkins), []string{portSSH}},
	}
}

// nodeAdmins are the administrators, or the bastion that they come through.
func (args *NetworkArgs) nodeAdmins() source {
	if args.Bastion {
		return fromRanges(args.Addresses.Bastion)
	}
	return fromRanges(args.Admins...)
}

func (args *NetworkArgs) servicePorts() []string {
	if args.HTTPS {
		return []string{portHTTP, portTLS}
	}
	return []string{portHTTP}
}
