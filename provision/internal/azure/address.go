package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAddress declares a public address that stays the same for as long as the
// resource lives: Standard, and therefore static and closed until a network
// security group opens it.
func newAddress(ctx *pulumi.Context, place Place, name, label string, zones []string, opts ...pulumi.ResourceOption) (*network.PublicIPAddress, error) {
	args := &network.PublicIPAddressArgs{
		ResourceGroupName:        place.Group,
		PublicIpAddressName:      pulumi.String(name),
		Location:                 pulumi.String(place.Location),
		Sku:                      &network.PublicIPAddressSkuArgs{Name: network.PublicIPAddressSkuNameStandard, Tier: network.PublicIPAddressSkuTierRegional},
		PublicIPAllocationMethod: network.IPAllocationMethodStatic,
		PublicIPAddressVersion:   network.IPVersionIPv4,
		Zones:                    pulumi.ToStringArray(zones),
		Tags:                     place.tags("network"),
	}
	if label != "" {
		args.DnsSettings = &network.PublicIPAddressDnsSettingsArgs{DomainNameLabel: pulumi.String(label)}
	}
	address, err := network.NewPublicIPAddress(ctx, name, args, opts...)
	if err != nil {
		return nil, fmt.Errorf("declare public address %s: %w", name, err)
	}
	return address, nil
}

// text is the address itself. Azure has given it by the time the resource is made.
func text(address *network.PublicIPAddress) pulumi.StringOutput { return address.IpAddress.Elem() }
