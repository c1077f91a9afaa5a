package cloudmodel

import (
	"regexp"
	"strings"
)

const (
	awsVpc         = "aws:ec2/vpc:Vpc"
	awsSubnet      = "aws:ec2/subnet:Subnet"
	awsGateway     = "aws:ec2/internetGateway:InternetGateway"
	awsTable       = "aws:ec2/routeTable:RouteTable"
	awsRoute       = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	awsGroup       = "aws:ec2/securityGroup:SecurityGroup"
	awsKeyPair     = "aws:ec2/keyPair:KeyPair"
	awsInstance    = "aws:ec2/instance:Instance"
	awsEip         = "aws:ec2/eip:Eip"
	awsAssociation = "aws:ec2/eipAssociation:EipAssociation"
)

// fixed are properties that no call of AWS's changes: the provider replaces the
// resource for them, and an update in place is refused.
func fixed(k kind, properties ...string) kind {
	k.replaces, k.frozen = properties, properties
	return k
}

// numbered is a type that AWS numbers: vpc-00000001.
func numbered(prefix string, k kind) kind {
	k.id = func(w *World, _ Object) string { return number(prefix+"-%08d", w.fresh()) }
	return k
}

// What changes in place and what takes a new resource is as in the provider's
// schema, https://www.pulumi.com/registry/packages/aws/. An instance takes
// another type and user-data after a restart.
var awsKinds = map[string]kind{
	awsVpc:      numbered("vpc", fixed(kind{check: checkVpc, inUse: dependency("vpc")}, "cidrBlock")),
	awsSubnet:   numbered("subnet", fixed(kind{check: checkAwsSubnet, inUse: dependency("subnet")}, "cidrBlock", "vpcId")),
	awsGateway:  numbered("igw", kind{check: checkGateway, inUse: mappedAddresses}),
	awsTable:    numbered("rtb", fixed(kind{check: checkRoutes, inUse: dependency("routeTable")}, "vpcId")),
	awsRoute:    numbered("rtbassoc", fixed(kind{check: checkRoute}, "subnetId")),
	awsGroup:    numbered("sg", fixed(kind{check: checkAwsGroup, adds: addGroupName, inUse: dependentObject}, "name", "namePrefix", "description", "vpcId")),
	awsInstance: numbered("i", fixed(kind{check: checkInstance, inUse: free, adds: addInstance, onMade: startInstance, onGone: stopInstance}, "ami", "keyName", "subnetId")),
	awsKeyPair: fixed(kind{
		id:    func(_ *World, in Object) string { return in.Text("keyName") },
		taken: "InvalidKeyPair.Duplicate",
		check: checkKeyPair,
		inUse: free, // machines keep what they were given
	}, "keyName", "publicKey"),
	awsEip: numbered("eipalloc", fixed(kind{check: checkEip, adds: addAddress, inUse: addressInUse}, "domain")),
	awsAssociation: numbered("eipassoc", fixed(kind{
		check: checkAssociation,
	}, "allocationId", "instanceId")),
}

func addAddress(w *World, r, old *Resource) Object {
	if old != nil {
		return Object{"publicIp": old.State["publicIp"], "allocationId": r.ID}
	}
	return Object{"publicIp": w.freshPublic(w.elastic), "allocationId": r.ID}
}

// addGroupName completes a prefix, as the provider does.
func addGroupName(w *World, r, old *Resource) Object {
	switch {
	case r.Inputs.Text("name") != "":
		return nil
	case old != nil:
		return Object{"name": old.State["name"]}
	}
	return Object{"name": r.Inputs.Text("namePrefix") + number("%026d", w.fresh())}
}

// awsReferences are the properties that name another resource: what its
// identifier begins with, the errors' first part, and what they call it.
var awsReferences = map[string]struct{ prefix, code, noun string }{
	"vpcId":        {"vpc", "InvalidVpcID", "vpc ID"},
	"subnetId":     {"subnet", "InvalidSubnetID", "subnet ID"},
	"gatewayId":    {"igw", "InvalidGatewayID", "gateway ID"},
	"routeTableId": {"rtb", "InvalidRouteTableID", "routeTable ID"},
	"instanceId":   {"i", "InvalidInstanceID", "instance ID"},
	"allocationId": {"eipalloc", "InvalidAllocationID", "allocation ID"},
	"group":        {"sg", "InvalidGroup", "security group"},
}

// missingInAWS is the refusal of an identifier of AWS's that leads nowhere.
func missingInAWS(id string) error {
	prefix, _, _ := strings.Cut(id, "-")
	for _, reference := range awsReferences {
		if reference.prefix == prefix {
			return refuse(reference.code+".NotFound", "The %s '%s' does not exist", reference.noun, id)
		}
	}
	return nil
}

// refer checks that properties name resources of the right type. That these
// are there is checked for every identifier.
func refer(in Object, properties ...string) []error {
	var faults []error
	for _, property := range properties {
		want, id := awsReferences[property], in.Text(property)
		switch {
		case id == "":
			faults = append(faults, refuse("MissingParameter", "The request must contain the parameter %s", property))
		case !strings.HasPrefix(id, want.prefix+"-"):
			faults = append(faults, refuse(want.code+".Malformed", "Invalid id: %q (expecting %q)", id, want.prefix+"-..."))
		}
	}
	return faults
}

// free is a resource that can go whoever names it.
func free(*World, *Resource) error { return nil }

// dependency refuses the end of what others need, in EC2's usual words.
func dependency(noun string) func(*World, *Resource) error {
	return func(w *World, r *Resource) error {
		if w.user(r) == nil {
			return nil
		}
		return refuse("DependencyViolation", "The %s '%s' has dependencies and cannot be deleted.", noun, r.ID)
	}
}

func dependentObject(w *World, r *Resource) error {
	if w.user(r) == nil {
		return nil
	}
	return refuse("DependencyViolation", "resource %s has a dependent object", r.ID)
}

func addressInUse(w *World, r *Resource) error {
	if w.user(r) == nil {
		return nil
	}
	return refuse("InvalidIPAddress.InUse", "Address %s is in use.", r.State.Text("publicIp"))
}

// mappedAddresses refuses the end of a gateway that public addresses go
// through; routes to it don't hold it.
func mappedAddresses(w *World, r *Resource) error {
	for _, association := range w.of(awsAssociation) {
		if w.networkOf(association.Inputs.Text("instanceId")) == r.Inputs.Text("vpcId") {
			return refuse("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", r.Inputs.Text("vpcId"))
		}
	}
	return nil
}

// networkOf is the VPC that an instance or a subnet lies in; empty where there
// is no such.
func (w *World) networkOf(id string) string {
	r, ok := w.resources[id]
	if !ok {
		return ""
	}
	if subnet := r.Inputs.Text("subnetId"); subnet != "" {
		return w.networkOf(subnet)
	}
	return r.Inputs.Text("vpcId")
}

// endsWith tells whether AWS ends a resource together with another: what
// associates a machine with an address, or a subnet with routes.
func endsWith(id string, other *Resource) bool {
	switch other.Type {
	case awsAssociation:
		return other.Inputs.Text("instanceId") == id
	case awsRoute:
		return other.Inputs.Text("subnetId") == id
	}
	return false
}

// awsText is what names and descriptions of security groups are made of; see
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html.
var awsText = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)
