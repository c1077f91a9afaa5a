package aws

import (
	"fmt"
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const everywhere = "0.0.0.0/0"

// NetworkArgs says what the monitoring host's network is, and who reaches what.
type NetworkArgs struct {
	*Place
	CIDR netip.Prefix
	// SSHFrom may log in, ClientsFrom open the page over TLS.
	SSHFrom, ClientsFrom pulumi.StringArray
}

// Network is a virtual private cloud with one public subnet.
type Network struct {
	pulumi.ResourceState

	Subnet, SecurityGroup pulumi.IDOutput
	// WayOut has to be there before an address can be used.
	WayOut []pulumi.Resource
}

// NewNetwork declares the network.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	n := &Network{}
	if err := ctx.RegisterComponentResource("yces:aws:Network", name, n, opts...); err != nil {
		return nil, fmt.Errorf("declare monitoring network: %w", err)
	}
	vpc, err := ec2.NewVpc(ctx, name, &ec2.VpcArgs{
		CidrBlock:        pulumi.String(args.CIDR.String()),
		EnableDnsSupport: pulumi.Bool(true),
		Tags:             args.tags(name),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, fmt.Errorf("declare VPC: %w", err)
	}
	subnet, err := ec2.NewSubnet(ctx, name, &ec2.SubnetArgs{
		VpcId: vpc.ID(), CidrBlock: pulumi.String(args.CIDR.String()),
		// The machine gets an address that stays; one by chance would be a second.
		MapPublicIpOnLaunch: pulumi.Bool(false),
		Tags:                args.tags(name),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, fmt.Errorf("declare subnet: %w", err)
	}
	n.Subnet = subnet.ID()
	if err := n.wayOut(ctx, name, args, vpc, subnet); err != nil {
		return nil, err
	}
	if err := n.securityGroup(ctx, name, args, vpc); err != nil {
		return nil, err
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"subnet": n.Subnet})
}

func (n *Network) wayOut(ctx *pulumi.Context, name string, args *NetworkArgs, vpc *ec2.Vpc, subnet *ec2.Subnet) error {
	gateway, err := ec2.NewInternetGateway(ctx, name, &ec2.InternetGatewayArgs{VpcId: vpc.ID(), Tags: args.tags(name)}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("declare internet gateway: %w", err)
	}
	table, err := ec2.NewRouteTable(ctx, name, &ec2.RouteTableArgs{
		VpcId:  vpc.ID(),
		Routes: ec2.RouteTableRouteArray{&ec2.RouteTableRouteArgs{CidrBlock: pulumi.String(everywhere), GatewayId: gateway.ID()}},
		Tags:   args.tags(name),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("declare route table: %w", err)
	}
	route, err := ec2.NewRouteTableAssociation(ctx, name, &ec2.RouteTableAssociationArgs{SubnetId: subnet.ID(), RouteTableId: table.ID()}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("declare route: %w", err)
	}
	n.WayOut = []pulumi.Resource{gateway, route}
	return nil
}

func (n *Network) securityGroup(ctx *pulumi.Context, name string, args *NetworkArgs, vpc *ec2.Vpc) error {
	rules := ec2.SecurityGroupIngressArray{ingress("SSH from administrators", 22, args.SSHFrom)}
	if len(args.ClientsFrom) > 0 {
		rules = append(rules, ingress("overview page", 443, args.ClientsFrom))
	}
	// Names are unique, so that where a group is replaced, the machine has the new
	// one before the old one goes: EC2 keeps a group that a machine is in.
	group, err := ec2.NewSecurityGroup(ctx, name, &ec2.SecurityGroupArgs{
		NamePrefix: pulumi.String(name + "-"), Description: pulumi.String("the monitoring host"),
		VpcId:   vpc.ID(),
		Ingress: rules,
		Egress: ec2.SecurityGroupEgressArray{&ec2.SecurityGroupEgressArgs{
			Description: pulumi.String("checks, mail, packages"), Protocol: pulumi.String("-1"),
			FromPort: pulumi.Int(0), ToPort: pulumi.Int(0), CidrBlocks: pulumi.StringArray{pulumi.String(everywhere)},
		}},
		Tags: args.tags(name),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("declare security group: %w", err)
	}
	n.SecurityGroup = group.ID()
	return nil
}

func ingress(description string, port int, from pulumi.StringArray) *ec2.SecurityGroupIngressArgs {
	return &ec2.SecurityGroupIngressArgs{
		Description: pulumi.String(description), Protocol: pulumi.String("tcp"),
		FromPort: pulumi.Int(port), ToPort: pulumi.Int(port), CidrBlocks: from,
	}
}
