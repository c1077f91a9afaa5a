package cloudmodel

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const rsaKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCzDeBxXIL6DD6h5VAcdy1gma3C1gTNNadO0VbtSfG7cpk93U01ukDaKMnPWMEUaLpr1a9Ps67JUmCbPVOsDZ2Yl7UCXY6Ns2fsiw0LiGjtfaVnvm6EB8MvwKsid/AgxOSiZ/fY0v4ZoMx/SUhC8guK+RXKxIN/muGMLAjsSmxzHEtxMLqxhXq+Ipj2acqZna1mc9plAianJV1GIUPMhtzfG2yLTCvacvcETfTDDQQ66XloaOiaardvJn0CbfVMzjPNl4eF7oaQNE5ZDIpsViq1GVgurQ1MCmHsG/jY5gdLtI9C2wa+0+HFLbpnaSHjE17CAgtkx+L7zobOD0xg9UJH"

// monitored is a sound world: a machine with a public address, as the stack
// makes it, in the order of making. The numbers count up.
var monitored = []declared{
	{awsVpc, `{"cidrBlock": "10.30.0.0/24"}`},
	{awsSubnet, `{"vpcId": "vpc-00000001", "cidrBlock": "10.30.0.0/25", "mapPublicIpOnLaunch": false}`},
	{awsGateway, `{"vpcId": "vpc-00000001"}`},
	{awsTable, `{"vpcId": "vpc-00000001", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-00000003"}]}`},
	{awsRoute, `{"subnetId": "subnet-00000002", "routeTableId": "rtb-00000004"}`},
	{awsGroup, `{"name": "monitor", "description": "the monitoring host", "vpcId": "vpc-00000001",
		"ingress": [{"description": "SSH from administrators", "protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["192.0.2.0/24", "198.51.100.7/32"]}],
		"egress": [{"description": "everything", "protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]}`},
	{awsKeyPair, `{"keyName": "ops", "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h ops"}`},
	{awsEip, `{"domain": "vpc"}`},
	{awsInstance, `{"ami": "` + modelImage + `", "instanceType": "t3.small", "keyName": "ops", "subnetId": "subnet-00000002", "vpcSecurityGroupIds": ["sg-00000006"], "userData": "#cloud-config",
		"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
		"rootBlockDevice": {"encrypted": true, "volumeType": "gp3", "volumeSize": 20, "deleteOnTermination": true}, "tags": {"Name": "ops"}}`},
	{awsAssociation, `{"allocationId": "eipalloc-00000007", "instanceId": "i-00000009"}`},
}

// watch makes the monitored world with one text of its inputs replaced, and
// returns the first refusal.
func watch(t *testing.T, old, replacement string) (*World, error) {
	t.Helper()
	return world(t, monitored, old, replacement)
}

func watched(t *testing.T) *World {
	t.Helper()
	w, err := watch(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// refusedAs tells whether an error holds a refusal with a code and a text.
func refusedAs(err error, code, text string) bool {
	return err != nil && strings.Contains(err.Error(), `Code="`+code+`"`) && strings.Contains(err.Error(), text)
}

func TestWhatEC2RefusesTheModelRefuses(t *testing.T) {
	watched(t)
	for _, c := range []struct{ old, replacement, code, text string }{
		{`"cidrBlock": "10.30.0.0/24"`, `"cidrBlock": "10.0.0.0/15"`, "InvalidVpc.Range", "10.0.0.0/15"},
		{`"cidrBlock": "10.30.0.0/24"`, `"cidrBlock": "10.30.0.0/29"`, "InvalidVpc.Range", ""},
		{`"cidrBlock": "10.30.0.0/24"`, `"cidrBlock": "10.30.0.1/24"`, "InvalidVpc.Range", ""},
		{`"10.30.0.0/25"`, `"10.31.0.0/25"`, "InvalidSubnet.Range", "10.31.0.0/25"},
		{`"10.30.0.0/25"`, `"10.30.0.0/23"`, "InvalidSubnet.Range", ""},
		{`"10.30.0.0/25"`, `"10.30.0.0/29"`, "InvalidSubnet.Range", ""},
		{`{"vpcId": "vpc-00000001", "cidrBlock"`, `{"vpcId": "vpc-00000099", "cidrBlock"`, "InvalidVpcID.NotFound", "The vpc ID 'vpc-00000099' does not exist"},
		{`{"vpcId": "vpc-00000001", "cidrBlock"`, `{"cidrBlock"`, "MissingParameter", "vpcId"},
		{`{"vpcId": "vpc-00000001", "cidrBlock"`, `{"vpcId": "net-1", "cidrBlock"`, "InvalidVpcID.Malformed", `\"net-1\" (expecting \"vpc-...\")`},
		{`"igw-00000003"`, `"igw-00000099"`, "InvalidGatewayID.NotFound", ""},
		{`"igw-00000003"`, `"vpc-00000001"`, "InvalidGatewayID.Malformed", `\"vpc-00000001\" (expecting \"igw-...\")`},
		{`"0.0.0.0/0", "gatewayId"`, `"0.0.0.0", "gatewayId"`, "InvalidParameterValue", "not a valid CIDR block"},
		{`"routes": [`, `"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-00000003"}, `, "RouteAlreadyExists", ""},
		{`"rtb-00000004"`, `"rtb-00000099"`, "InvalidRouteTableID.NotFound", ""},
		{`{"subnetId": "subnet-00000002", "routeTableId"`, `{"subnetId": "rtb-00000004", "routeTableId"`, "InvalidSubnetID.Malformed", ""},
		{`"name": "monitor"`, `"name": ""`, "InvalidParameterValue", "exactly one of name and name_prefix"},
		{`"name": "monitor"`, `"name": "monitor", "namePrefix": "m-"`, "InvalidParameterValue", "exactly one of name and name_prefix"},
		{`"name": "monitor"`, `"namePrefix": "` + strings.Repeat("m", 101) + `"`, "InvalidParameterValue", "100 letters"},
		{`"name": "monitor"`, `"namePrefix": "sg-"`, "InvalidParameterValue", "GroupName"},
		{`"name": "monitor"`, `"name": "sg-monitor"`, "InvalidParameterValue", "GroupName"},
		{`"name": "monitor"`, `"name": "` + strings.Repeat("m", 256) + `"`, "InvalidParameterValue", "GroupName"},
		{`"the monitoring host"`, `"the host's"`, "InvalidParameterValue", "GroupDescription"},
		{`"SSH from administrators"`, `"SSH → us"`, "InvalidParameterValue", "Invalid rule description"},
		{`"SSH from administrators"`, `"` + strings.Repeat("s", 256) + `"`, "InvalidParameterValue", "Invalid rule description"},
		{`"fromPort": 22`, `"fromPort": 23`, "InvalidParameterValue", "Invalid TCP port range"},
		{`"toPort": 22`, `"toPort": 65536`, "InvalidParameterValue", "Invalid TCP port range"},
		{`"fromPort": 22`, `"fromPort": -1`, "InvalidParameterValue", "Invalid TCP port range"},
		{`"fromPort": 0, "toPort": 0`, `"fromPort": 0, "toPort": 65535`, "InvalidParameterValue", "must both be 0"},
		{`"protocol": "tcp"`, `"protocol": "ssh"`, "InvalidParameterValue", "IP protocol"},
		{`"192.0.2.0/24"`, `"192.0.2.1/24"`, "InvalidParameterValue", "CIDR block 192.0.2.1/24 is malformed"},
		{`"192.0.2.0/24"`, `"everybody"`, "InvalidParameterValue", "CIDR block everybody is malformed"},
		{`"192.0.2.0/24"`, `"198.51.100.7/32"`, "InvalidParameterValue", "The same permission must not appear multiple times"},
		{`["192.0.2.0/24", "198.51.100.7/32"]`, `[]`, "MissingParameter", "no source"},
		{`["192.0.2.0/24", `, `[` + manyRanges() + `, `, "RulesPerSecurityGroupLimitExceeded", ""},
		{`"keyName": "ops", "publicKey"`, `"keyName": "", "publicKey"`, "InvalidParameterValue", "keyName"},
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87*", "InvalidKey.Format", "OpenSSH"},
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h", ecdsaKey, "InvalidKey.Format", ""},
		{`{"domain": "vpc"}`, `{"domain": "standard"}`, "InvalidParameterValue", "domain"},
		{modelImage, "ami-00000000000000000", "InvalidAMIID.NotFound", "[ami-00000000000000000]"},
		{modelImage, "ubuntu-24.04", "InvalidAMIID.Malformed", ""},
		{`"t3.small"`, `"t3.smal"`, "InvalidParameterValue", "Invalid value 't3.smal' for InstanceType"},
		{`"t3.small"`, `"Standard_B2s"`, "InvalidParameterValue", "for InstanceType"},
		{`"t3.small"`, `"t4g.small"`, "InvalidParameterValue", "The architecture 'arm64'"},
		{`"keyName": "ops", "subnetId"`, `"keyName": "gone", "subnetId"`, "InvalidKeyPair.NotFound", "'gone'"},
		{`"keyName": "ops", "subnetId"`, `"keyName": "sg-00000006", "subnetId"`, "InvalidKeyPair.NotFound", ""},
		{`"subnetId": "subnet-00000002", "vpcSecurityGroupIds"`, `"subnetId": "subnet-00000099", "vpcSecurityGroupIds"`, "InvalidSubnetID.NotFound", "subnet-00000099"},
		{`"subnetId": "subnet-00000002", "vpcSecurityGroupIds"`, `"vpcSecurityGroupIds"`, "MissingParameter", "subnetId"},
		{`["sg-00000006"]`, `["sg-00000099"]`, "InvalidGroup.NotFound", "The security group 'sg-00000099' does not exist"},
		{`["sg-00000006"]`, `["monitor"]`, "InvalidGroup.Malformed", ""},
		{`"#cloud-config"`, `"` + strings.Repeat("x", 16385) + `"`, "InvalidParameterValue", "User data is limited to 16384 bytes"},
		{`"required"`, `"always"`, "InvalidParameterValue", "httpTokens"},
		{`"enabled"`, `"on"`, "InvalidParameterValue", "httpEndpoint"},
		{`"httpPutResponseHopLimit": 1`, `"httpPutResponseHopLimit": 0`, "InvalidParameterValue", "between 1 and 64"},
		{`"httpPutResponseHopLimit": 1`, `"httpPutResponseHopLimit": 65`, "InvalidParameterValue", "between 1 and 64"},
		{`"gp3"`, `"st1"`, "InvalidParameterValue", "root volume"},
		{`"volumeSize": 20`, `"volumeSize": 4`, "InvalidBlockDeviceMapping", "expect size >= 8GB"},
		{`"eipalloc-00000007"`, `"eipalloc-00000099"`, "InvalidAllocationID.NotFound", ""},
		{`"i-00000009"`, `"i-00000099"`, "InvalidInstanceID.NotFound", ""},
		{`"i-00000009"`, `"eipalloc-00000007"`, "InvalidInstanceID.Malformed", ""},
	} {
		if _, err := watch(t, c.old, c.replacement); !refusedAs(err, c.code, c.text) {
			t.Errorf("%.80s: got %v, want %s %s", c.replacement, err, c.code, c.text)
		}
	}
}

const ecdsaKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBN+xjflD/p250ZNALlkAEz2BSfi67oEgrDAai41JHv78D8vutbWyDjPPXa3yNmMiay0m4dGDRB+z+KqRqpdTcJI="

// manyRanges are more than a security group takes.
func manyRanges() string {
	var list []string
	for i := range rulesPerGroup {
		list = append(list, number(`"203.0.113.%d/32"`, i))
	}
	return strings.Join(list, ", ")
}

// What the stack may ask for and the table above must not make impossible.
func TestWhatEC2TakesTheModelTakes(t *testing.T) {
	for _, c := range [][2]string{
		{`"192.0.2.0/24"`, `"0.0.0.0/0"`}, // EC2 lets anybody open anything
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h", rsaKey},
		{`"t3.small"`, `"m6i.2xlarge"`},
		{`"#cloud-config"`, `"` + strings.Repeat("x", 16384) + `"`},
		{`"keyName": "ops", "subnetId"`, `"subnetId"`},
		{`"10.30.0.0/25"`, `"10.30.0.0/24"`},
		{`"httpPutResponseHopLimit": 1`, `"httpPutResponseHopLimit": 64`},
	} {
		if _, err := watch(t, c[0], c[1]); err != nil {
			t.Errorf("%.80s: %v", c[1], err)
		}
	}
}

// What only a second resource shows.
func TestWhatIsThereOnceIsRefusedTwice(t *testing.T) {
	for _, c := range []struct{ kind, inputs, code, text string }{
		{awsSubnet, `{"vpcId": "vpc-00000001", "cidrBlock": "10.30.0.64/26"}`, "InvalidSubnet.Conflict", "conflicts with another subnet"},
		{awsGateway, monitored[2].inputs, "InvalidParameterValue", "already has an internet gateway attached"},
		{awsRoute, monitored[4].inputs, "Resource.AlreadyAssociated", ""},
		{awsGroup, monitored[5].inputs, "InvalidGroup.Duplicate", "'monitor' already exists for VPC 'vpc-00000001'"},
		{awsKeyPair, monitored[6].inputs, "InvalidKeyPair.Duplicate", "ops"},
	} {
		if _, err := watched(t).create(c.kind, parsed(t, c.inputs)); !refusedAs(err, c.code, c.text) {
			t.Errorf("%s: got %v, want %s %s", c.kind, err, c.code, c.text)
		}
	}
}

func TestNetworksDoNotMix(t *testing.T) {
	w := watched(t)
	make1 := func(kind, inputs string) *Resource {
		t.Helper()
		r, err := w.create(kind, parsed(t, inputs))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	vpc := make1(awsVpc, `{"cidrBlock": "10.31.0.0/24"}`).ID
	subnet := make1(awsSubnet, `{"vpcId": "`+vpc+`", "cidrBlock": "10.31.0.0/24"}`).ID
	instance := strings.Replace(monitored[8].inputs, "subnet-00000002", subnet, 1)
	for _, c := range []struct{ kind, inputs, code, text string }{
		{awsTable, `{"vpcId": "` + vpc + `", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-00000003"}]}`, "InvalidParameterValue", "network gateway igw-00000003 belong to different networks"},
		{awsRoute, `{"subnetId": "` + subnet + `", "routeTableId": "rtb-00000004"}`, "InvalidParameterValue", "belong to different networks"},
		{awsInstance, instance, "InvalidParameter", "Security group sg-00000006 and subnet " + subnet + " belong to different networks"},
	} {
		if _, err := w.create(c.kind, parsed(t, c.inputs)); !refusedAs(err, c.code, c.text) {
			t.Errorf("%s: got %v, want %s %s", c.kind, err, c.code, c.text)
		}
	}
	lonely := make1(awsInstance, strings.Replace(instance, `["sg-00000006"]`, `[]`, 1)).ID
	if _, err := w.create(awsAssociation, parsed(t, `{"allocationId": "eipalloc-00000007", "instanceId": "`+lonely+`"}`)); !refusedAs(err, "Gateway.NotAttached", vpc) {
		t.Errorf("an address without a gateway: got %v", err)
	}
}

func TestWhatEC2StillNeedsStays(t *testing.T) {
	w := watched(t)
	for _, c := range []struct{ id, code, text string }{
		{"vpc-00000001", "DependencyViolation", "The vpc 'vpc-00000001' has dependencies and cannot be deleted."},
		{"subnet-00000002", "DependencyViolation", "The subnet 'subnet-00000002' has dependencies"},
		{"igw-00000003", "DependencyViolation", "Network vpc-00000001 has some mapped public address(es)."},
		{"rtb-00000004", "DependencyViolation", "The routeTable 'rtb-00000004' has dependencies"},
		{"sg-00000006", "DependencyViolation", "resource sg-00000006 has a dependent object"},
		{"eipalloc-00000007", "InvalidIPAddress.InUse", "Address 127.2.0.9 is in use."},
	} {
		if err := w.remove(c.id); !refusedAs(err, c.code, c.text) {
			t.Errorf("%s: got %v, want %s %s", c.id, err, c.code, c.text)
		}
	}
	for _, id := range []string{"ops", "eipassoc-00000010", "igw-00000003", "i-00000009", "sg-00000006", "rtbassoc-00000005", "rtb-00000004", "subnet-00000002", "eipalloc-00000007", "vpc-00000001"} {
		if err := w.remove(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if left := w.IDs(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAnInstanceTakesItsAssociationAlong(t *testing.T) {
	w := watched(t)
	if err := errors.Join(w.remove("i-00000009"), w.remove("eipalloc-00000007")); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(w.IDs(), "eipassoc-00000010") {
		t.Error("an association without a machine was left behind")
	}
}

func TestWhatEC2CanNotChangeTakesAnotherResource(t *testing.T) {
	for _, c := range []struct {
		at                         int
		property, old, replacement string
	}{
		{0, "cidrBlock", "10.30.0.0/24", "10.30.0.0/23"},
		{1, "cidrBlock", "10.30.0.0/25", "10.30.0.0/26"},
		{5, "name", `"monitor"`, `"other"`},
		{5, "description", "the monitoring host", "another"},
		{6, "publicKey", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h", rsaKey},
		{8, "ami", modelImage, "ami-0123456789abcdef1"},
		{8, "keyName", `"keyName": "ops"`, `"keyName": "new"`},
		{8, "subnetId", `"subnet-00000002"`, `"subnet-00000003"`},
		{9, "instanceId", `"i-00000009"`, `"i-00000011"`},
	} {
		w, r := watched(t), monitored[c.at]
		_, err := w.update(idOf(t, w, r.kind), parsed(t, strings.Replace(r.inputs, c.old, c.replacement, 1)))
		if !refusedAs(err, "PropertyChangeNotAllowed", c.property) {
			t.Errorf("%s of %s: got %v", c.property, r.kind, err)
		}
		if !slices.Contains(kinds[r.kind].replaces, c.property) {
			t.Errorf("a change of %s does not replace a %s", c.property, r.kind)
		}
	}
	for _, c := range []struct {
		at               int
		old, replacement string
	}{
		{5, "192.0.2.0/24", "192.0.2.0/25"},
		{8, "t3.small", "t3.medium"},
		{8, "#cloud-config", "#cloud-config\\n"}, // after a stop, and read by nobody
		{8, `"Name": "ops"`, `"Name": "monitor"`},
	} {
		w, r := watched(t), monitored[c.at]
		if _, err := w.update(idOf(t, w, r.kind), parsed(t, strings.Replace(r.inputs, c.old, c.replacement, 1))); err != nil {
			t.Errorf("%s: %v", c.replacement, err)
		}
	}
}

func TestGroupsOfOnePrefixHaveNamesOfTheirOwn(t *testing.T) {
	w := watched(t)
	text := strings.Replace(monitored[5].inputs, `"name": "monitor"`, `"namePrefix": "monitor-"`, 1)
	var names []string
	for range 2 {
		r, err := w.create(awsGroup, parsed(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if r, err = w.update(r.ID, parsed(t, strings.Replace(text, "192.0.2.0/24", "192.0.2.0/25", 1))); err != nil {
			t.Fatal(err)
		}
		names = append(names, r.State.Text("name"))
	}
	if names[0] == names[1] || !strings.HasPrefix(names[0], "monitor-0") {
		t.Errorf("got the names %q", names)
	}
}

func TestAnAddressStaysTheSameWhenItsTagsChange(t *testing.T) {
	w := watched(t)
	r, err := w.update("eipalloc-00000007", parsed(t, `{"domain": "vpc", "tags": {"a": "b"}}`))
	if err != nil || r.State.Text("publicIp") != "127.2.0.9" || r.State.Text("allocationId") != "eipalloc-00000007" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// idOf is the only resource of a kind.
func idOf(t *testing.T, w *World, kind string) string {
	t.Helper()
	list := w.of(kind)
	if len(list) != 1 {
		t.Fatalf("%d of %s", len(list), kind)
	}
	return list[0].ID
}
