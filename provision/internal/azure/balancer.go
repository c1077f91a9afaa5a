package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The probe belongs to compose.yaml's APP_DRAIN, which is longer than
// ProbeInterval times ProbeThreshold.
const (
	ProbePath      = "/readyz"
	ProbePort      = 80
	ProbeInterval  = 5
	ProbeThreshold = 2
)

// outboundPorts is what each node may open at once: 64,000 of one address for
// up to 50 machines.
const outboundPorts = 1024

// Names of the balancer's parts, which refer to one another by identifier.
const (
	frontendName = "public"
	poolName     = "nodes"
	probeName    = "readyz"
)

// BalancerArgs says what the balancer listens on.
type BalancerArgs struct {
	Place
	// Subscription is the path of the resource group, which identifiers begin with.
	GroupID pulumi.IDOutput
	// DNSLabel names the address LABEL.LOCATION.cloudapp.azure.com; may be empty.
	DNSLabel string
	// Zones are those that the address is spread over; none where the nodes have none.
	Zones   []string
	HTTPS   bool
	Protect bool
}

// Balancer is the Standard load balancer with its address.
type Balancer struct {
	pulumi.ResourceState

	// Pool is the identifier of the pool that nodes join.
	Pool pulumi.StringOutput
	// Address is what users reach, AddressID the resource that holds it.
	Address   pulumi.StringOutput
	AddressID pulumi.IDOutput
}

// NewBalancer declares the load balancer.
func NewBalancer(ctx *pulumi.Context, name string, args *BalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	b := &Balancer{}
	if err := ctx.RegisterComponentResource("yces:azure:Balancer", name, b, opts...); err != nil {
		return nil, fmt.Errorf("declare balancer: %w", err)
	}
	// The zones are those of the day it was made: other ones would mean
	// another address.
	address, err := newAddress(ctx, args.Place, args.name("address"), args.DNSLabel, args.Zones,
		options(b, pulumi.Protect(args.Protect), pulumi.IgnoreChanges([]string{"zones"}))...)
	if err != nil {
		return nil, err
	}
	balancer, err := network.NewLoadBalancer(ctx, args.name("balancer"), args.loadBalancer(address), options(b)...)
	if err != nil {
		return nil, fmt.Errorf("declare load balancer: %w", err)
	}
	b.Pool = child(balancer.ID(), "backendAddressPools", poolName)
	b.Address, b.AddressID = text(address), address.ID()
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"address": b.Address})
}

// part is the identifier of one of the balancer's own parts, which its rules
// need before the balancer exists.
func (args *BalancerArgs) part(kind, name string) pulumi.StringOutput {
	return pulumi.Sprintf("%s/providers/Microsoft.Network/loadBalancers/%s/%s/%s", args.GroupID, args.name("balancer"), kind, name)
}

func (args *BalancerArgs) loadBalancer(address *network.PublicIPAddress) *network.LoadBalancerArgs {
	return &network.LoadBalancerArgs{
		ResourceGroupName: args.Group,
		LoadBalancerName:  pulumi.String(args.name("balancer")),
		Location:          pulumi.String(args.Location),
		Sku:               &network.LoadBalancerSkuArgs{Name: network.LoadBalancerSkuNameStandard, Tier: network.LoadBalancerSkuTierRegional},
		FrontendIPConfigurations: network.FrontendIPConfigurationArray{&network.FrontendIPConfigurationArgs{
			Name: pulumi.String(frontendName), PublicIPAddress: &network.PublicIPAddressTypeArgs{Id: address.ID()},
		}},
		BackendAddressPools: network.BackendAddressPoolArray{&network.BackendAddressPoolArgs{Name: pulumi.String(poolName)}},
		Probes: network.ProbeArray{&network.ProbeArgs{
			Name: pulumi.String(probeName), Protocol: network.ProbeProtocolHttp,
			Port: pulumi.Int(ProbePort), RequestPath: pulumi.String(ProbePath),
			IntervalInSeconds: pulumi.Int(ProbeInterval),
			// Both names of the threshold: older API versions know the first.
			NumberOfProbes: pulumi.Int(ProbeThreshold), ProbeThreshold: pulumi.Int(ProbeThreshold),
		}},
		LoadBalancingRules: args.rules(),
		OutboundRules: network.OutboundRuleArray{&network.OutboundRuleArgs{
			Name:                     pulumi.String("outbound"),
			Protocol:                 network.LoadBalancerOutboundRuleProtocolAll,
			FrontendIPConfigurations: network.SubResourceArray{subResource(args.part("frontendIPConfigurations", frontendName))},
			BackendAddressPool:       subResource(args.part("backendAddressPools", poolName)),
			AllocatedOutboundPorts:   pulumi.Int(outboundPorts),
			EnableTcpReset:           pulumi.Bool(true),
			IdleTimeoutInMinutes:     pulumi.Int(4),
		}},
		Tags: args.tags("balancer"),
	}
}

func (args *BalancerArgs) rules() network.LoadBalancingRuleArray {
	rules := network.LoadBalancingRuleArray{args.rule("http", 80)}
	if args.HTTPS {
		rules = append(rules, args.rule("https", 443))
	}
	return rules
}

// rule passes one TCP port through. The probe speaks for both: it asks the
// same process.
func (args *BalancerArgs) rule(name string, port int) *network.LoadBalancingRuleArgs {
	return &network.LoadBalancingRuleArgs{
		Name: pulumi.String(name), Protocol: network.TransportProtocolTcp,
		FrontendPort: pulumi.Int(port), BackendPort: pulumi.Int(port),
		FrontendIPConfiguration: subResource(args.part("frontendIPConfigurations", frontendName)),
		BackendAddressPool:      subResource(args.part("backendAddressPools", poolName)),
		Probe:                   subResource(args.part("probes", probeName)),
		LoadDistribution:        network.LoadDistributionDefault,
		IdleTimeoutInMinutes:    pulumi.Int(4),
		EnableTcpReset:          pulumi.Bool(true),
		// The outbound rule does it; Azure refuses both on one frontend.
		DisableOutboundSnat: pulumi.Bool(true),
	}
}

func subResource(id pulumi.StringInput) *network.SubResourceArgs {
	return &network.SubResourceArgs{Id: id.ToStringOutput()}
}
