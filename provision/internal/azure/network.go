package azure

import (
	"fmt"
	"net/netip"

	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/settings"
)

// NetworkArgs says how addresses are divided and who may reach what.
type NetworkArgs struct {
	Place
	Addresses settings.Network
	// Admins may open SSH connections; Clients the service, everybody where
	// empty; JenkinsClients Jenkins's page.
	Admins, Clients, JenkinsClients []netip.Prefix
	Jenkins, Bastion, HTTPS         bool
	// MonitorAddress may ask the nodes' NRPE; nil where nobody does.
	MonitorAddress pulumi.StringInput
}

// Network is the virtual network with a subnet for each kind of machine, each
// behind a network security group of its own.
type Network struct {
	pulumi.ResourceState

	// SwarmSubnet, JenkinsSubnet and BastionSubnet are identifiers.
	SwarmSubnet, JenkinsSubnet, BastionSubnet pulumi.StringOutput
}

// NewNetwork declares the network.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	n := &Network{}
	if err := ctx.RegisterComponentResource("yces:azure:Network", name, n, opts...); err != nil {
		return nil, fmt.Errorf("declare network: %w", err)
	}
	subnets, err := n.subnets(ctx, args)
	if err != nil {
		return nil, err
	}
	vnet, err := network.NewVirtualNetwork(ctx, args.name("network"), &network.VirtualNetworkArgs{
		ResourceGroupName:  args.Group,
		VirtualNetworkName: pulumi.String(args.name("network")),
		Location:           pulumi.String(args.Location),
		AddressSpace:       &network.AddressSpaceArgs{AddressPrefixes: pulumi.StringArray{pulumi.String(args.Addresses.Space.String())}},
		// Inline, so that one request changes them together; resources of
		// their own beside these would be undone by the next update.
		Subnets: subnets,
		Tags:    args.tags("network"),
	}, options(n)...)
	if err != nil {
		return nil, fmt.Errorf("declare virtual network: %w", err)
	}
	n.SwarmSubnet = child(vnet.ID(), "subnets", "swarm")
	n.JenkinsSubnet = child(vnet.ID(), "subnets", "jenkins")
	n.BastionSubnet = child(vnet.ID(), "subnets", "bastion")
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"swarmSubnet": n.SwarmSubnet})
}

// subnets are those of all parts, of one that is off too: Azure does not remove
// a subnet that still has a machine in it, and the network changes first.
func (n *Network) subnets(ctx *pulumi.Context, args *NetworkArgs) (network.SubnetTypeArray, error) {
	type subnet struct {
		name      string
		prefix    netip.Prefix
		rules     []allowed
		endpoints network.ServiceEndpointPropertiesFormatArray
	}
	var subnets network.SubnetTypeArray
	for _, s := range []subnet{
		{"swarm", args.Addresses.Swarm, swarmRules(args), nil},
		{"jenkins", args.Addresses.Jenkins, jenkinsRules(args), vaultEndpoint},
		{"bastion", args.Addresses.Bastion, bastionRules(args), nil},
	} {
		group, err := n.securityGroup(ctx, args, s.name, s.rules)
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, &network.SubnetTypeArgs{
			Name:                 pulumi.String(s.name),
			AddressPrefix:        pulumi.String(s.prefix.String()),
			NetworkSecurityGroup: &network.NetworkSecurityGroupTypeArgs{Id: group.ID()},
			ServiceEndpoints:     s.endpoints,
		})
	}
	return subnets, nil
}

func (n *Network) securityGroup(ctx *pulumi.Context, args *NetworkArgs, subnet string, rules []allowed) (*network.NetworkSecurityGroup, error) {
	name := args.name(subnet + "-nsg")
	group, err := network.NewNetworkSecurityGroup(ctx, name, &network.NetworkSecurityGroupArgs{
		ResourceGroupName:        args.Group,
		NetworkSecurityGroupName: pulumi.String(name),
		Location:                 pulumi.String(args.Location),
		SecurityRules:            inbound(rules),
		Tags:                     args.tags("network"),
	}, options(n)...)
	if err != nil {
		return nil, fmt.Errorf("declare network security group %s: %w", name, err)
	}
	return group, nil
}
