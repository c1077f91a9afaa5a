package cloudmodel

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// idle machines do nothing and print a key.
type idle struct{}

func (idle) Start(Machine) error                { return nil }
func (idle) Stop(string) error                  { return nil }
func (idle) Run(string, string) (string, error) { return "ssh-ed25519 AAAA", nil }

func parsed(t *testing.T, text string) Object {
	t.Helper()
	var o Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

const (
	place   = `"resourceGroupName": "g", "location": "westeurope"`
	network = subscription + "/resourceGroups/g/providers/Microsoft.Network"
	keyText = `"osProfile": {"computerName": "m", "adminUsername": "azureuser", "customData": "eA==", "linuxConfiguration": {"disablePasswordAuthentication": true, "ssh": {"publicKeys": [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}]}}}`
)

// small is a sound world: one machine behind a balancer, in the order of making.
var small = []declared{
	{resourceGroup, `{` + place + `}`},
	{"azure-native:network:NetworkSecurityGroup", `{` + place + `, "networkSecurityGroupName": "nsg", "securityRules": [
		{"name": "ssh", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefixes": ["192.0.2.0/24"], "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"}]}`},
	{"azure-native:network:VirtualNetwork", `{` + place + `, "virtualNetworkName": "net", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
		{"name": "swarm", "addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": "` + network + `/networkSecurityGroups/nsg"}}]}`},
	{publicAddress, `{` + place + `, "publicIpAddressName": "ip", "sku": {"name": "Standard"}, "publicIPAllocationMethod": "Static"}`},
	{loadBalancer, `{` + place + `, "loadBalancerName": "lb", "sku": {"name": "Standard"},
		"frontendIPConfigurations": [{"name": "f", "publicIPAddress": {"id": "` + network + `/publicIPAddresses/ip"}}],
		"backendAddressPools": [{"name": "p"}], "probes": [{"name": "r", "protocol": "Http", "requestPath": "/", "port": 80, "intervalInSeconds": 5, "probeThreshold": 2}],
		"loadBalancingRules": [{"name": "h", "protocol": "Tcp", "frontendPort": 80, "backendPort": 80, "disableOutboundSnat": true,
			"frontendIPConfiguration": {"id": "` + network + `/loadBalancers/lb/frontendIPConfigurations/f"}, "backendAddressPool": {"id": "` + network + `/loadBalancers/lb/backendAddressPools/p"}, "probe": {"id": "` + network + `/loadBalancers/lb/probes/r"}}],
		"outboundRules": [{"name": "o", "allocatedOutboundPorts": 1024, "frontendIPConfigurations": [{"id": "` + network + `/loadBalancers/lb/frontendIPConfigurations/f"}], "backendAddressPool": {"id": "` + network + `/loadBalancers/lb/backendAddressPools/p"}}]}`},
	{networkInterface, `{` + place + `, "networkInterfaceName": "nic", "ipConfigurations": [{"name": "a", "privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.1.4",
		"subnet": {"id": "` + network + `/virtualNetworks/net/subnets/swarm"}, "loadBalancerBackendAddressPools": [{"id": "` + network + `/loadBalancers/lb/backendAddressPools/p"}]}]}`},
	{virtualMachine, `{` + place + `, "vmName": "m", "hardwareProfile": {"vmSize": "Standard_B2s"}, ` + keyText + `,
		"storageProfile": {"imageReference": {"offer": "ubuntu-24_04-lts", "sku": "server"}, "osDisk": {"name": "m-os", "deleteOption": "Delete"}},
		"networkProfile": {"networkInterfaces": [{"id": "` + network + `/networkInterfaces/nic"}]}}`},
	{runCommand, `{` + place + `, "vmName": "m", "runCommandName": "keys", "source": {"script": "true"}}`},
}

// declared is a resource as a program declares it.
type declared struct{ kind, inputs string }

// begin makes the small world with one text of its inputs replaced, and
// returns the first refusal.
func begin(t *testing.T, old, replacement string) (*World, error) {
	t.Helper()
	return world(t, small, old, replacement)
}

func world(t *testing.T, resources []declared, old, replacement string) (*World, error) {
	t.Helper()
	w, replaced := New(idle{}), false
	for _, r := range resources {
		text := strings.Replace(r.inputs, old, replacement, 1)
		replaced = replaced || text != r.inputs
		if _, err := w.create(r.kind, parsed(t, text)); err != nil {
			return w, err
		}
	}
	if !replaced && old != "" {
		t.Fatalf("%s is nowhere", old)
	}
	return w, nil
}

func TestWhatTheCloudRefusesTheModelRefuses(t *testing.T) {
	for _, c := range []struct{ old, replacement, want string }{
		{`"networkSecurityGroupName": "nsg"`, `"networkSecurityGroupName": "n s g"`, "InvalidResourceName"},
		{`"resourceGroupName": "g", "location": "westeurope", "virtualNetworkName"`, `"resourceGroupName": "other", "location": "westeurope", "virtualNetworkName"`, "ResourceGroupNotFound"},
		{`"location": "westeurope", "publicIpAddressName"`, `"location": "mars", "publicIpAddressName"`, "LocationNotAvailable"},
		{`"priority": 100`, `"priority": 99`, "SecurityRuleInvalidPriority"},
		{`["192.0.2.0/24"]`, `["Internet"]`, "SecurityRuleInvalidAddressPrefix"},
		{`["192.0.2.0/24"]`, `["192.0.2.1/24"]`, "SecurityRuleInvalidAddressPrefix"},
		{`"protocol": "Tcp", "sourceAddressPrefixes"`, `"protocol": "Esp", "sourceAddressPrefixes"`, "SecurityRuleInvalidPortRange"},
		{`"destinationPortRange": "22"`, `"destinationPortRange": "70000"`, "SecurityRuleInvalidPortRange"},
		{`"securityRules": [`, `"securityRules": [{"name": "x", "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"},`, "SecurityRuleConflict"},
		{`"10.0.1.0/24"`, `"10.1.1.0/24"`, "NetcfgInvalidSubnet"},
		{`networkSecurityGroups/nsg"`, `networkSecurityGroups/gone"`, "InvalidResourceReference"},
		{`"publicIPAllocationMethod": "Static"`, `"publicIPAllocationMethod": "Dynamic"`, "MustBeStatic"},
		{`"loadBalancerName": "lb", "sku": {"name": "Standard"}`, `"loadBalancerName": "lb", "sku": {"name": "Basic"}`, "SkuMismatch"},
		{`"intervalInSeconds": 5`, `"intervalInSeconds": 4`, "InvalidProbe"},
		{`"disableOutboundSnat": true`, `"disableOutboundSnat": false`, "MustDisableSNAT"},
		{`loadBalancers/lb/probes/r"`, `loadBalancers/lb/probes/gone"`, "InvalidResourceReference"},
		{`"allocatedOutboundPorts": 1024`, `"allocatedOutboundPorts": 1001`, "AllocatedOutboundPortsInvalid"},
		{`"10.0.1.4"`, `"10.0.1.3"`, "PrivateIPAddressNotInSubnet"},
		{`"10.0.1.4"`, `"10.0.1.255"`, "PrivateIPAddressNotInSubnet"},
		{`subnets/swarm"`, `subnets/gone"`, "InvalidResourceReference"},
		{`"Standard_B2s"`, `"Standard_B3s"`, "VM size"},
		{`"azureuser"`, `"admin"`, "Admin Username"},
		{`/home/azureuser/.ssh`, `/root/.ssh`, "default value"},
		{`"ssh-ed25519 AAAA"`, `"ecdsa-sha2-nistp256 AAAA"`, "keyData is invalid"},
		{`"eA=="`, `"x"`, "Base64"},
		{`"vmSize": "Standard_B2s"}`, `"vmSize": "Standard_B2s"}, "zones": ["1"], "availabilitySet": {"id": "x"}`, "mutually exclusive"},
		{`"vmName": "m", "runCommandName"`, `"vmName": "gone", "runCommandName"`, "ParentResourceNotFound"},
	} {
		if _, err := begin(t, c.old, c.replacement); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.replacement, err, c.want)
		}
	}
	if _, err := begin(t, "", ""); err != nil {
		t.Errorf("the sound world: %v", err)
	}
}

func TestWhatIsInUseStays(t *testing.T) {
	w, err := begin(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"/resourceGroups/g", "/networkSecurityGroups/nsg", "/virtualNetworks/net", "/publicIPAddresses/ip", "/loadBalancers/lb", "/networkInterfaces/nic"} {
		var refusal Refusal
		if err := w.remove(full(t, w, suffix)); !errors.As(err, &refusal) || refusal.Code != "InUse" {
			t.Errorf("%s: got %v", suffix, err)
		}
	}
	for _, suffix := range []string{"/virtualMachines/m", "/networkInterfaces/nic", "/loadBalancers/lb", "/publicIPAddresses/ip", "/virtualNetworks/net", "/networkSecurityGroups/nsg", "/resourceGroups/g"} {
		if err := w.remove(full(t, w, suffix)); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
	if ids := w.IDs(); len(ids) > 0 {
		t.Errorf("left behind: %q", ids)
	}
}

func full(t *testing.T, w *World, suffix string) string {
	t.Helper()
	for _, id := range w.IDs() {
		if strings.HasSuffix(id, suffix) {
			return id
		}
	}
	t.Fatalf("there is no %s", suffix)
	return ""
}

func TestADiskThatIsNotDeletedWithItsMachineIsLeftBehind(t *testing.T) {
	w, err := begin(t, `"deleteOption": "Delete"`, `"deleteOption": "Detach"`)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.remove(full(t, w, "/virtualMachines/m")); err != nil {
		t.Fatal(err)
	}
	full(t, w, "/disks/m-os")
}

func TestWhatAMachineStartsWithCanNotChange(t *testing.T) {
	w, err := begin(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	id := full(t, w, "/virtualMachines/m")
	for old, want := range map[string]string{`"eA=="`: "PropertyChangeNotAllowed", `"ubuntu-24_04-lts"`: "PropertyChangeNotAllowed", `"Standard_B2s"`: ""} {
		in := parsed(t, strings.Replace(small[6].inputs, old, map[string]string{`"eA=="`: `"eQ=="`, `"ubuntu-24_04-lts"`: `"other"`, `"Standard_B2s"`: `"Standard_B2ms"`}[old], 1))
		if _, err := w.update(id, in); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", old, err, want)
		}
	}
}

func TestACommandsAnswerIsShownToThoseWhoAskForIt(t *testing.T) {
	w, err := begin(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	args := parsed(t, `{"resourceGroupName": "g", "vmName": "m", "runCommandName": "keys"}`)
	for expand, want := range map[string]string{"": "", "instanceView": "ssh-ed25519 AAAA"} {
		args["expand"] = expand
		result, err := w.invoke("azure-native:compute:getVirtualMachineRunCommandByVirtualMachine", args)
		if err != nil || result.Text("instanceView.output") != want {
			t.Errorf("expand %q: got %v, %v", expand, result, err)
		}
	}
}
