// Package aws declares the monitoring host. It lives on AWS on purpose: what
// watches Azure must outlive it.
package aws

import (
	"fmt"
	"maps"
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// User is who the image lets log in.
const User = "ubuntu"

// canonical is the account that publishes Ubuntu's images; see
// https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/.
const canonical = "099720109477"

// Place is where resources go, what they are called, and their tags.
type Place struct {
	Region, Prefix string
	Tags           map[string]string

	provider *aws.Provider
}

// NewPlace declares the provider for one region, so that no region has to be
// configured anywhere else.
func NewPlace(ctx *pulumi.Context, region, prefix string, tags map[string]string) (*Place, error) {
	provider, err := aws.NewProvider(ctx, prefix+"-aws", &aws.ProviderArgs{Region: pulumi.String(region)})
	if err != nil {
		return nil, fmt.Errorf("declare AWS provider: %w", err)
	}
	return &Place{Region: region, Prefix: prefix, Tags: tags, provider: provider}, nil
}

func (p *Place) tags(name string) pulumi.StringMap {
	tags := maps.Clone(p.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags["Name"], tags["yces-role"] = name, "monitor"
	return pulumi.ToStringMap(tags)
}

// component are the options of a part: its children take the provider from it.
func (p *Place) component() pulumi.ResourceOption { return pulumi.Providers(p.provider) }

// Address is a public address that stays the same.
type Address struct {
	pulumi.ResourceState

	// IP is the address, Allocation what AWS calls it.
	IP         pulumi.StringOutput
	Allocation pulumi.IDOutput
}

// NewAddress declares an Elastic IP address: apart from the machine, because
// Azure's rules name it and the machine's rules may name Azure's.
func NewAddress(ctx *pulumi.Context, name string, place *Place) (*Address, error) {
	a := &Address{}
	if err := ctx.RegisterComponentResource("yces:aws:Address", name, a, place.component()); err != nil {
		return nil, fmt.Errorf("declare monitoring address: %w", err)
	}
	eip, err := ec2.NewEip(ctx, name, &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: place.tags(name)}, pulumi.Parent(a))
	if err != nil {
		return nil, fmt.Errorf("declare Elastic IP address: %w", err)
	}
	a.IP, a.Allocation = eip.PublicIp, eip.ID()
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"ip": a.IP})
}

// ranges are address ranges as AWS takes them.
func ranges(prefixes []netip.Prefix) pulumi.StringArray {
	var list pulumi.StringArray
	for _, p := range prefixes {
		list = append(list, pulumi.String(p.String()))
	}
	return list
}
