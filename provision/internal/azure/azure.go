// Package azure declares what runs on Azure: network, load balancer, nodes,
// and the Jenkins and bastion machines. Each part is one component resource;
// Cluster puts them together. It decides nothing that settings has not said.
package azure

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Place is where a part's resources go and what they are tagged with.
type Place struct {
	// Group is the resource group's name.
	Group pulumi.StringInput
	// Location is the region's short name.
	Location string
	// Prefix stands before every resource's name. Names are ours rather than
	// generated, so that people find them.
	Prefix string
	Tags   map[string]string
}

// name is the name of one of the place's resources.
func (p Place) name(rest string) string { return p.Prefix + "-" + rest }

// tags are the place's, with the part's role.
func (p Place) tags(role string) pulumi.StringMap {
	tags := maps.Clone(p.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags["yces-role"] = role
	return pulumi.ToStringMap(tags)
}

// options are those of a resource within a component. Names are fixed, so a
// replacement can only come after what it replaces is gone.
func options(parent pulumi.Resource, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append([]pulumi.ResourceOption{pulumi.Parent(parent), pulumi.DeleteBeforeReplace(true)}, more...)
}

// child is the identifier of a part within a resource that Azure keeps whole.
func child(parent pulumi.IDOutput, kind, name string) pulumi.StringOutput {
	return pulumi.Sprintf("%s/%s/%s", parent, kind, name)
}
