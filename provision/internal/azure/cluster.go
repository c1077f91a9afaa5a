package azure

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-azure-native-sdk/compute/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/settings"
	"github.com/ycesproject/yces/provision/inventory"
)

// ClusterArgs is what a cluster needs beyond its settings.
type ClusterArgs struct {
	Settings settings.Settings
	// NodeInit and BastionInit are cloud-init documents; JenkinsInit writes
	// Jenkins's for its machine's address and its vault's.
	NodeInit, BastionInit pulumi.StringInput
	JenkinsInit           func(address, vault string) (string, error)
	// JenkinsSecrets are to lie in Jenkins's vault, by name; nil for no vault.
	JenkinsSecrets map[string]pulumi.StringInput
	// MonitorAddress is the monitoring host's; nil where there is none.
	MonitorAddress pulumi.StringInput
}

// Cluster is everything on Azure.
type Cluster struct {
	pulumi.ResourceState

	// Nodes are the swarm's machines in order, managers first.
	Nodes []*Machine
	// Roles are the nodes' roles, in the same order.
	Roles   []inventory.Role
	Jenkins *Machine // nil where off
	Vault   *Vault   // nil where Jenkins has no secrets
	Bastion *Machine // nil where off
	// Endpoint is the URL that users open.
	Endpoint pulumi.StringOutput
	// NameServers are those of the DNS zone, where one was asked for.
	NameServers pulumi.StringArrayOutput

	place Place
	group *resources.ResourceGroup
}

// NewCluster declares everything on Azure.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{}
	if err := ctx.RegisterComponentResource("yces:azure:Cluster", name, c, opts...); err != nil {
		return nil, fmt.Errorf("declare cluster: %w", err)
	}
	if err := c.resourceGroup(ctx, args.Settings); err != nil {
		return nil, err
	}
	network, err := NewNetwork(ctx, c.place.name("network"), args.network(c.place), pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	balancer, err := NewBalancer(ctx, c.place.name("balancer"), args.balancer(c.place, c.group.ID()), pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	if err := c.nodes(ctx, args, network, balancer); err != nil {
		return nil, err
	}
	if err := c.others(ctx, args, network); err != nil {
		return nil, err
	}
	if err := c.names(ctx, args.Settings, balancer); err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"endpoint": c.Endpoint})
}

func (c *Cluster) resourceGroup(ctx *pulumi.Context, s settings.Settings) error {
	group, err := resources.NewResourceGroup(ctx, s.Name, &resources.ResourceGroupArgs{
		ResourceGroupName: pulumi.String(s.Name),
		Location:          pulumi.String(s.Location),
		Tags:              pulumi.ToStringMap(s.Tags),
	}, options(c)...)
	if err != nil {
		return fmt.Errorf("declare resource group: %w", err)
	}
	c.group = group
	c.place = Place{Group: group.Name, Location: s.Location, Prefix: s.Name, Tags: s.Tags}
	if s.Guard.Budget == 0 {
		return nil
	}
	return newBudget(ctx, c.place.name("budget"), group.ID(), s.Guard, options(c)...)
}

func (args *ClusterArgs) network(place Place) *NetworkArgs {
	s := args.Settings
	n := &NetworkArgs{
		Place: place, Addresses: s.Network,
		Admins: s.Access.AdminCIDRs, Clients: s.Balance.ClientCIDRs, JenkinsClients: s.Jenkins.CIDRs,
		Jenkins: s.Jenkins.Enabled, Bastion: s.Access.Bastion, HTTPS: s.Balance.HTTPS,
	}
	// Behind a bastion the nodes have no address that a monitor could ask.
	if !s.Access.Bastion {
		n.MonitorAddress = args.MonitorAddress
	}
	return n
}

func (args *ClusterArgs) balancer(place Place, group pulumi.IDOutput) *BalancerArgs {
	s := args.Settings
	return &BalancerArgs{
		Place: place, GroupID: group, DNSLabel: s.Balance.DNSLabel,
		Zones: s.Zones, HTTPS: s.Balance.HTTPS, Protect: s.Guard.Protect,
	}
}

// nodes declares the swarm's machines, one after the other: a change that
// restarts them, as another size does, then never restarts two at once.
func (c *Cluster) nodes(ctx *pulumi.Context, args *ClusterArgs, network *Network, balancer *Balancer) error {
	s := args.Settings
	set, err := c.availabilitySet(ctx, s)
	if err != nil {
		return err
	}
	for i := range s.Managers + s.Workers {
		role, n, address := inventory.Manager, i+1, s.Network.ManagerAddress(i+1)
		if i >= s.Managers {
			role, n, address = inventory.Worker, i-s.Managers+1, s.Network.WorkerAddress(i-s.Managers+1)
		}
		machine := args.machine(c.place, string(role), s.Size)
		machine.AvailabilitySet, machine.Zone = set, zone(s.Zones, i)
		machine.Subnet, machine.Pool = network.SwarmSubnet, balancer.Pool
		machine.PrivateAddress, machine.CloudInit = address.String(), args.NodeInit
		machine.Public = !s.Access.Bastion
		machine.Protect = s.Guard.Protect && role == inventory.Manager
		name := s.NodeName(string(role), n)
		machine.Rebuild = slices.Contains(s.Rebuild, name)
		if i > 0 {
			machine.After = c.Nodes[i-1]
		}
		node, err := NewMachine(ctx, name, machine, pulumi.Parent(c))
		if err != nil {
			return err
		}
		c.Nodes, c.Roles = append(c.Nodes, node), append(c.Roles, role)
	}
	return nil
}

// zone deals the zones out in turn; the managers come first, so that they
// spread even where there are fewer workers than zones.
func zone(zones []string, i int) string {
	if len(zones) == 0 {
		return ""
	}
	return zones[i%len(zones)]
}

// machine is what all machines have in common.
func (args *ClusterArgs) machine(place Place, role, size string) *MachineArgs {
	s := args.Settings
	return &MachineArgs{
		Place: place, Role: role, Size: size, User: s.AdminUser, SSHKeys: s.SSHKeys,
		EncryptionAtHost: s.EncryptionAtHost,
	}
}

// availabilitySet spreads machines over racks where zones don't. It is nil
// with zones: Azure refuses both.
func (c *Cluster) availabilitySet(ctx *pulumi.Context, s settings.Settings) (pulumi.StringPtrInput, error) {
	if len(s.Zones) > 0 {
		return nil, nil
	}
	set, err := compute.NewAvailabilitySet(ctx, c.place.name("nodes"), &compute.AvailabilitySetArgs{
		ResourceGroupName:   c.place.Group,
		AvailabilitySetName: pulumi.String(c.place.name("nodes")),
		Location:            pulumi.String(s.Location),
		// Two racks are what every region has.
		PlatformFaultDomainCount:  pulumi.Int(2),
		PlatformUpdateDomainCount: pulumi.Int(5),
		Sku:                       &compute.SkuArgs{Name: pulumi.String("Aligned")},
		Tags:                      c.place.tags("nodes"),
	}, options(c)...)
	if err != nil {
		return nil, fmt.Errorf("declare availability set: %w", err)
	}
	return set.ID().ToStringPtrOutput(), nil
}

// others declares the machines outside the swarm.
func (c *Cluster) others(ctx *pulumi.Context, args *ClusterArgs, network *Network) error {
	s := args.Settings
	if s.Access.Bastion {
		machine := args.machine(c.place, "bastion", s.Access.BastionSize)
		machine.Subnet, machine.CloudInit, machine.Public = network.BastionSubnet, args.BastionInit, true
		machine.Zone = zone(s.Zones, 0)
		machine.Rebuild = slices.Contains(s.Rebuild, c.place.name("bastion"))
		bastion, err := NewMachine(ctx, c.place.name("bastion"), machine, pulumi.Parent(c))
		if err != nil {
			return err
		}
		c.Bastion = bastion
	}
	if !s.Jenkins.Enabled {
		return nil
	}
	return c.jenkins(ctx, args, network)
}

func (c *Cluster) jenkins(ctx *pulumi.Context, args *ClusterArgs, network *Network) error {
	s := args.Settings
	name := c.place.name("jenkins")
	machine := args.machine(c.place, "jenkins", s.Jenkins.Size)
	machine.Rebuild = slices.Contains(s.Rebuild, name)
	machine.Subnet, machine.Public, machine.DNSLabel = network.JenkinsSubnet, true, s.Jenkins.DNSLabel
	machine.Zone = zone(s.Zones, 0)
	build := &JenkinsArgs{MachineArgs: *machine, DiskGB: s.Jenkins.DiskGB, ProtectDisk: s.Guard.Protect, Init: args.JenkinsInit}
	if args.JenkinsSecrets != nil {
		build.Vault = &VaultArgs{
			Place: c.place, Subnet: network.JenkinsSubnet,
			Secrets: args.JenkinsSecrets, Protect: s.Guard.Protect,
		}
	}
	jenkins, err := NewJenkins(ctx, name, build, pulumi.Parent(c))
	if err != nil {
		return err
	}
	c.Jenkins, c.Vault = jenkins.Machine, jenkins.Vault
	return nil
}

// names decides what users open, best name first.
func (c *Cluster) names(ctx *pulumi.Context, s settings.Settings, balancer *Balancer) error {
	scheme := "http"
	if s.Balance.HTTPS {
		scheme = "https"
	}
	if s.Guard.Protect {
		err := lock(ctx, c.place.name("address-lock"), balancer.AddressID, "names and firewalls elsewhere lead to this address", options(balancer)...)
		if err != nil {
			return err
		}
	}
	host := balancer.Address
	if s.Balance.DNSLabel != "" {
		host = pulumi.Sprintf("%s.%s.cloudapp.azure.com", s.Balance.DNSLabel, s.Location)
	}
	if s.Balance.DNSZone != "" {
		servers, err := newZone(ctx, c.place, s.Balance.DNSZone, s.Balance.DNSRecord, balancer.AddressID, options(c)...)
		if err != nil {
			return err
		}
		c.NameServers = servers
		host = pulumi.String(domain(s.Balance)).ToStringOutput()
	}
	c.Endpoint = pulumi.Sprintf("%s://%s", scheme, host)
	return nil
}

func domain(b settings.Balance) string {
	if b.DNSRecord == "@" {
		return b.DNSZone
	}
	return b.DNSRecord + "." + b.DNSZone
}
