package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recordTTL is short enough for a move and long enough for caches, in seconds.
const recordTTL = 300

// newZone declares a DNS zone with one record that follows the balancer's
// address. The zone's name servers have to be entered at the registrar.
func newZone(ctx *pulumi.Context, place Place, domain, record string, address pulumi.IDOutput, opts ...pulumi.ResourceOption) (pulumi.StringArrayOutput, error) {
	zone, err := network.NewZone(ctx, place.name("zone"), &network.ZoneArgs{
		ResourceGroupName: place.Group,
		ZoneName:          pulumi.String(domain),
		Location:          pulumi.String("global"),
		ZoneType:          network.ZoneTypePublic,
		Tags:              place.tags("network"),
	}, opts...)
	if err != nil {
		return pulumi.StringArrayOutput{}, fmt.Errorf("declare DNS zone: %w", err)
	}
	_, err = network.NewRecordSet(ctx, place.name("record"), &network.RecordSetArgs{
		ResourceGroupName:     place.Group,
		ZoneName:              zone.Name,
		RecordType:            pulumi.String("A"),
		RelativeRecordSetName: pulumi.String(record),
		Ttl:                   pulumi.Float64(recordTTL),
		TargetResource:        &network.SubResourceArgs{Id: address.ToStringOutput()},
	}, opts...)
	if err != nil {
		return pulumi.StringArrayOutput{}, fmt.Errorf("declare DNS record: %w", err)
	}
	return zone.NameServers, nil
}
