package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/ec2"
	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/cloudinit"
	"github.com/ycesproject/yces/provision/internal/settings"
)

// diskGB holds a year of check results of a hundred machines, and Ubuntu.
const diskGB = 20

// MonitorArgs describes the monitoring host.
type MonitorArgs struct {
	*Place
	Settings settings.Monitor
	Address  *Address
	// SSHFrom are ranges that may log in.
	SSHFrom pulumi.StringArray
	SSHKeys []string
	// Rebuild replaces the machine where its cloud-init or image is no longer
	// the newest; otherwise it keeps what it was made with.
	Rebuild bool
}

// Monitor is the monitoring host.
type Monitor struct {
	pulumi.ResourceState

	// HostKeys are the machine's public SSH keys.
	HostKeys pulumi.StringArrayOutput
}

// madeOnce are properties whose change means another machine.
var madeOnce = []string{"userData", "ami", "keyName"}

// NewMonitor declares the monitoring host.
func NewMonitor(ctx *pulumi.Context, name string, args *MonitorArgs) (*Monitor, error) {
	m := &Monitor{}
	if err := ctx.RegisterComponentResource("yces:aws:Monitor", name, m, args.component()); err != nil {
		return nil, fmt.Errorf("declare monitor: %w", err)
	}
	network, err := NewNetwork(ctx, name, &NetworkArgs{
		Place: args.Place, CIDR: args.Settings.CIDR, SSHFrom: args.SSHFrom, ClientsFrom: ranges(args.Settings.CIDRs),
	}, pulumi.Parent(m))
	if err != nil {
		return nil, err
	}
	userData, err := m.identity(ctx, name, args.SSHKeys)
	if err != nil {
		return nil, err
	}
	instance, err := m.instance(ctx, name, args, network, userData)
	if err != nil {
		return nil, err
	}
	// EC2 wants the network's gateway before an address, and the address gone
	// before the gateway; neither names the other.
	_, err = ec2.NewEipAssociation(ctx, name, &ec2.EipAssociationArgs{AllocationId: args.Address.Allocation, InstanceId: instance.ID()}, pulumi.Parent(m), pulumi.DependsOn(network.WayOut))
	if err != nil {
		return nil, fmt.Errorf("declare address of the monitor: %w", err)
	}
	return m, ctx.RegisterResourceOutputs(m, pulumi.Map{"instance": instance.ID()})
}

// identity makes the machine's host key here and hands it over in user-data:
// nobody on EC2 vouches for a key that the machine makes itself.
func (m *Monitor) identity(ctx *pulumi.Context, name string, authorized []string) (pulumi.StringOutput, error) {
	key, err := tls.NewPrivateKey(ctx, name+"-host-key", &tls.PrivateKeyArgs{Algorithm: pulumi.String("ED25519")}, pulumi.Parent(m))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("declare host key of the monitor: %w", err)
	}
	m.HostKeys = key.PublicKeyOpenssh.ApplyT(cloudinit.HostKeys).(pulumi.StringArrayOutput)
	document := pulumi.All(key.PrivateKeyOpenssh, key.PublicKeyOpenssh).ApplyT(func(pair []any) (string, error) {
		return cloudinit.Monitor(pair[0].(string), pair[1].(string), authorized)
	}).(pulumi.StringOutput)
	return pulumi.ToSecret(document).(pulumi.StringOutput), nil
}

func (m *Monitor) instance(ctx *pulumi.Context, name string, args *MonitorArgs, network *Network, userData pulumi.StringOutput) (*ec2.Instance, error) {
	image := ec2.LookupAmiOutput(ctx, ec2.LookupAmiOutputArgs{
		MostRecent: pulumi.Bool(true), Owners: pulumi.StringArray{pulumi.String(canonical)},
		Filters: ec2.GetAmiFilterArray{
			&ec2.GetAmiFilterArgs{Name: pulumi.String("name"), Values: pulumi.StringArray{pulumi.String("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*")}},
			&ec2.GetAmiFilterArgs{Name: pulumi.String("virtualization-type"), Values: pulumi.StringArray{pulumi.String("hvm")}},
		},
	}, pulumi.Parent(m))
	// EC2 takes one key; the others come by cloud-init.
	pair, err := ec2.NewKeyPair(ctx, name, &ec2.KeyPairArgs{KeyName: pulumi.String(name), PublicKey: pulumi.String(args.SSHKeys[0]), Tags: args.tags(name)}, pulumi.Parent(m), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("declare key pair: %w", err)
	}
	change := pulumi.IgnoreChanges(madeOnce)
	if args.Rebuild {
		change = pulumi.ReplaceOnChanges(madeOnce)
	}
	instance, err := ec2.NewInstance(ctx, name, &ec2.InstanceArgs{
		Ami: image.Id(), InstanceType: pulumi.String(args.Settings.Type), KeyName: pair.KeyName,
		SubnetId: network.Subnet, VpcSecurityGroupIds: pulumi.StringArray{network.SecurityGroup},
		UserData: userData,
		// User-data holds the host key: tokens, and no container gets through.
		MetadataOptions: &ec2.InstanceMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		RootBlockDevice: &ec2.InstanceRootBlockDeviceArgs{
			Encrypted: pulumi.Bool(true), VolumeType: pulumi.String("gp3"), VolumeSize: pulumi.Int(diskGB), DeleteOnTermination: pulumi.Bool(true),
		},
		Tags: args.tags(name),
	}, pulumi.Parent(m), pulumi.DeleteBeforeReplace(true), change)
	if err != nil {
		return nil, fmt.Errorf("declare monitoring instance: %w", err)
	}
	return instance, nil
}
