package cloudmodel

import (
	"net/netip"
	"regexp"
	"slices"
)

const (
	awsVpc      = "aws:ec2/vpc:Vpc"
	awsSubnet   = "aws:ec2/subnet:Subnet"
	awsGateway  = "aws:ec2/internetGateway:InternetGateway"
	awsGroup    = "aws:ec2/securityGroup:SecurityGroup"
	awsKeyPair  = "aws:ec2/keyPair:KeyPair"
	awsInstance = "aws:ec2/instance:Instance"
	awsEip      = "aws:ec2/eip:Eip"
)

// numbered is a type that AWS numbers: vpc-00000001.
func numbered(prefix string, k kind) kind {
	k.id = func(w *World, _ Object) string { return number(prefix+"-%08d", w.fresh()) }
	return k
}

var awsKinds = map[string]kind{
	awsVpc:                          numbered("vpc", kind{check: checkVpc, replaces: []string{"cidrBlock"}}),
	awsSubnet:                       numbered("subnet", kind{check: checkAwsSubnet, replaces: []string{"cidrBlock", "vpcId"}}),
	awsGateway:                      numbered("igw", kind{check: checkGateway}),
	"aws:ec2/routeTable:RouteTable": numbered("rtb", kind{check: checkRoutes, replaces: []string{"vpcId"}}),
	"aws:ec2/routeTableAssociation:RouteTableAssociation": numbered("rtbassoc", kind{replaces: []string{"subnetId"}}),
	awsGroup: numbered("sg", kind{check: checkAwsGroup, replaces: []string{"name", "description", "vpcId"}}),
	awsKeyPair: {
		id: func(_ *World, in Object) string { return in.Text("keyName") },
		check: func(_ *World, r, _ *Resource) []error {
			if !regexp.MustCompile(`^ssh-(ed25519|rsa) `).MatchString(r.Inputs.Text("publicKey")) {
				return []error{refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format")}
			}
			return nil
		},
		replaces: []string{"keyName", "publicKey"},
	},
	awsEip: numbered("eipalloc", kind{adds: func(w *World, r, old *Resource) Object {
		if old != nil {
			return Object{"publicIp": old.State["publicIp"]}
		}
		return Object{"publicIp": number("127.2.0.%d", 1+w.fresh()%250), "allocationId": r.ID}
	}}),
	"aws:ec2/eipAssociation:EipAssociation": numbered("eipassoc", kind{
		check:    checkAssociation,
		replaces: []string{"allocationId", "instanceId"},
	}),
	awsInstance: numbered("i", kind{check: checkInstance, replaces: []string{"ami", "keyName", "subnetId", "userData"}, frozen: []string{"subnetId"}}),
}

func checkVpc(_ *World, r, _ *Resource) []error {
	p, err := netip.ParsePrefix(r.Inputs.Text("cidrBlock"))
	if err != nil || p != p.Masked() || p.Bits() < 16 || p.Bits() > 28 {
		return []error{refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", r.Inputs.Text("cidrBlock"))}
	}
	return nil
}

func checkAwsSubnet(w *World, r, _ *Resource) []error {
	vpc, ok := w.resources[r.Inputs.Text("vpcId")]
	if !ok {
		return nil // the reference has been refused
	}
	outer, _ := netip.ParsePrefix(vpc.Inputs.Text("cidrBlock"))
	p, err := netip.ParsePrefix(r.Inputs.Text("cidrBlock"))
	if err != nil || !outer.Contains(p.Addr()) || p.Bits() < outer.Bits() {
		return []error{refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", r.Inputs.Text("cidrBlock"))}
	}
	for _, other := range w.of(awsSubnet) {
		q, _ := netip.ParsePrefix(other.Inputs.Text("cidrBlock"))
		if other.ID != r.ID && other.Inputs.Text("vpcId") == vpc.ID && q.Overlaps(p) {
			return []error{refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", p)}
		}
	}
	return nil
}

func checkGateway(w *World, r, _ *Resource) []error {
	for _, other := range w.of(awsGateway) {
		if other.ID != r.ID && other.Inputs.Text("vpcId") == r.Inputs.Text("vpcId") {
			return []error{refuse("Resource.AlreadyAssociated", "%s has a gateway", r.Inputs.Text("vpcId"))}
		}
	}
	return nil
}

func checkRoutes(w *World, r, _ *Resource) []error {
	for _, route := range r.Inputs.Objects("routes") {
		gateway, ok := w.resources[route.Text("gatewayId")]
		if ok && gateway.Inputs.Text("vpcId") != r.Inputs.Text("vpcId") {
			return []error{refuse("InvalidParameterValue", "route table and gateway belong to different networks")}
		}
	}
	return nil
}

var description = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

func checkAwsGroup(w *World, r, _ *Resource) []error {
	var faults []error
	for _, rule := range append(r.Inputs.Objects("ingress"), r.Inputs.Objects("egress")...) {
		faults = append(faults, checkAwsRule(rule)...)
	}
	for _, other := range w.of(awsGroup) {
		if other.ID != r.ID && other.Inputs.Text("name") == r.Inputs.Text("name") && other.Inputs.Text("vpcId") == r.Inputs.Text("vpcId") {
			faults = append(faults, refuse("InvalidGroup.Duplicate", "The security group '%s' already exists", r.Inputs.Text("name")))
		}
	}
	return faults
}

func checkAwsRule(rule Object) []error {
	var faults []error
	if !description.MatchString(rule.Text("description")) {
		faults = append(faults, refuse("InvalidParameterValue", "Invalid rule description %q", rule.Text("description")))
	}
	if rule.Number("fromPort") > rule.Number("toPort") || rule.Number("toPort") > 65535 {
		faults = append(faults, refuse("InvalidParameterValue", "Invalid port range"))
	}
	if len(rule.Texts("cidrBlocks")) == 0 {
		faults = append(faults, refuse("MissingParameter", "a rule names no source"))
	}
	for _, text := range rule.Texts("cidrBlocks") {
		if p, err := netip.ParsePrefix(text); err != nil || p != p.Masked() {
			faults = append(faults, refuse("InvalidParameterValue", "CIDR block %s is malformed", text))
		}
	}
	return faults
}

func checkAssociation(w *World, r, _ *Resource) []error {
	instance, ok := w.resources[r.Inputs.Text("instanceId")]
	if !ok {
		return nil // the reference has been refused
	}
	subnet := w.resources[instance.Inputs.Text("subnetId")]
	for _, gateway := range w.of(awsGateway) {
		if subnet != nil && gateway.Inputs.Text("vpcId") == subnet.Inputs.Text("vpcId") {
			return nil
		}
	}
	return []error{refuse("Gateway.NotAttached", "the network of %s has no internet gateway", instance.ID)}
}

// userDataLimit is EC2's, in bytes before encoding.
const userDataLimit = 16384

func checkInstance(w *World, r, _ *Resource) []error {
	var faults []error
	if len(r.Inputs.Text("userData")) > userDataLimit {
		faults = append(faults, refuse("InvalidUserData.Malformed", "User data is limited to %d bytes", userDataLimit))
	}
	if _, ok := w.resources[r.Inputs.Text("keyName")]; !ok {
		faults = append(faults, refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", r.Inputs.Text("keyName")))
	}
	if r.Inputs.Text("ami") != modelImage {
		faults = append(faults, refuse("InvalidAMIID.NotFound", "The image id '%s' does not exist", r.Inputs.Text("ami")))
	}
	subnet := w.resources[r.Inputs.Text("subnetId")]
	for _, id := range r.Inputs.Texts("vpcSecurityGroupIds") {
		if group := w.resources[id]; group != nil && subnet != nil && group.Inputs.Text("vpcId") != subnet.Inputs.Text("vpcId") {
			faults = append(faults, refuse("InvalidGroup.NotFound", "%s belongs to another network", id))
		}
	}
	if !slices.Contains([]string{"t3.micro", "t3.small", "t3.medium"}, r.Inputs.Text("instanceType")) {
		faults = append(faults, refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", r.Inputs.Text("instanceType")))
	}
	return faults
}
