package stack

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/internal/azure"
	"github.com/ycesproject/yces/provision/internal/settings"
	"github.com/ycesproject/yces/provision/inventory"
)

// stacks are the shapes that every rule below has to hold for.
func stacks(t *testing.T) map[string]settings.Values {
	return map[string]settings.Values{
		"dev":              dev(t),
		"prod":             prod(t),
		"public with AWS":  with(dev(t), "monitor", "true", "managers", "5", "workers", "3", "https", "true"),
		"zones, no others": with(dev(t), "zones", `["1","2"]`, "jenkins", "false", "workers", "0", "managers", "3"),
	}
}

func eachStack(t *testing.T, check func(*testing.T, *recorder, map[string]any)) {
	for name, values := range stacks(t) {
		t.Run(name, func(t *testing.T) {
			r, outputs := run(t, values)
			check(t, r, outputs)
		})
	}
}

// at follows keys and indices into a decoded document; nil where there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}

func list(v any) []any { l, _ := v.([]any); return l }

func TestEveryResourceIsAChildOfAComponent(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		for _, d := range r.list {
			top := strings.HasPrefix(d.token, "yces:") || strings.HasPrefix(d.token, "pulumi:providers:")
			if !top && !strings.Contains(d.parent, "::yces:") && !strings.Contains(d.parent, "$yces:") {
				t.Errorf("%s %s has the parent %q", d.token, d.name, d.parent)
			}
		}
	})
}

// compose is what the balancer has to agree with.
func compose(t *testing.T) (published int, drain time.Duration) {
	t.Helper()
	text, err := os.ReadFile("../../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for old, value := range map[string]string{"${QR_PORT:-80}": "80", "${APP_DRAIN:-15s}": "15s"} {
		if !strings.Contains(string(text), old) {
			t.Fatalf("compose.yaml lacks %s", old)
		}
		text = []byte(strings.ReplaceAll(string(text), old, value))
	}
	var file struct {
		Services map[string]struct {
			Environment map[string]string `json:"environment"`
			Ports       []struct {
				Published int `json:"published"`
			} `json:"ports"`
		} `json:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	drain, err = time.ParseDuration(file.Services["qr"].Environment["APP_DRAIN"])
	if err != nil {
		t.Fatal(err)
	}
	return file.Services["qr"].Ports[0].Published, drain
}

func TestTheProbeAgreesWithTheService(t *testing.T) {
	published, drain := compose(t)
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		balancer := r.of("azure-native:network:LoadBalancer")[0].inputs
		probe := at(balancer, "probes", 0)
		if at(probe, "requestPath") != "/readyz" || at(probe, "port") != float64(published) || at(probe, "protocol") != "Http" {
			t.Errorf("got %v, want /readyz on %d", probe, published)
		}
		notice := time.Duration(at(probe, "intervalInSeconds").(float64)*at(probe, "probeThreshold").(float64)) * time.Second
		if notice >= drain {
			t.Errorf("the balancer needs %s to notice, and the service drains for %s", notice, drain)
		}
		for _, rule := range list(at(balancer, "loadBalancingRules")) {
			if at(rule, "disableOutboundSnat") != true || at(rule, "protocol") != "Tcp" || at(rule, "frontendPort") != at(rule, "backendPort") {
				t.Errorf("rule %v", rule)
			}
		}
		if len(list(at(balancer, "outboundRules"))) != 1 {
			t.Error("nodes without addresses have no way out")
		}
	})
}

func TestTheBalancersPartsNameOneAnother(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		d := r.of("azure-native:network:LoadBalancer")[0]
		text, _ := json.Marshal(d.inputs["loadBalancingRules"])
		group := r.of("azure-native:resources:ResourceGroup")[0].name
		for _, part := range []string{"frontendIPConfigurations/public", "backendAddressPools/nodes", "probes/readyz"} {
			id := groupID + group + "/providers/Microsoft.Network/loadBalancers/" + d.name + "/" + part
			if !strings.Contains(string(text), `"`+id+`"`) {
				t.Errorf("no rule refers to %s", id)
			}
		}
	})
}

func TestEverySwarmNodeIsInThePoolAndNothingElseIs(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		for _, nic := range r.of("azure-native:network:NetworkInterface") {
			pools := len(list(at(nic.inputs, "ipConfigurations", 0, "loadBalancerBackendAddressPools")))
			node := strings.Contains(nic.name, "-manager-") || strings.Contains(nic.name, "-worker-")
			if (pools == 1) != node {
				t.Errorf("%s is in %d pools", nic.name, pools)
			}
		}
	})
}

func TestAddressesAreStandardAndStatic(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		for _, d := range r.of("azure-native:network:PublicIPAddress") {
			if at(d.inputs, "sku", "name") != "Standard" || d.inputs["publicIPAllocationMethod"] != "Static" {
				t.Errorf("%s: %v", d.name, d.inputs)
			}
		}
		if at(r.of("azure-native:network:LoadBalancer")[0].inputs, "sku", "name") != "Standard" {
			t.Error("the balancer's SKU differs from its address's")
		}
	})
}

func TestABastionTakesTheNodesAddressesAway(t *testing.T) {
	r, outputs := run(t, prod(t))
	for _, d := range r.of("azure-native:network:PublicIPAddress") {
		if strings.Contains(d.name, "-manager-") || strings.Contains(d.name, "-worker-") {
			t.Errorf("%s is public", d.name)
		}
	}
	inv := parse(t, outputs)
	if inv.Bastion == nil || !strings.HasPrefix(inv.Bastion.Address, "198.51.100.") {
		t.Fatalf("the inventory's bastion is %+v", inv.Bastion)
	}
	for _, n := range inv.Nodes {
		if n.Role != inventory.Monitor && n.Address != n.PrivateAddress {
			t.Errorf("%s is reached at %s", n.Name, n.Address)
		}
	}
}

func TestMachinesTakeKeysOnlyAndTrustTheirBoot(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		machines := r.of("azure-native:compute:VirtualMachine")
		if len(machines) == 0 {
			t.Fatal("there are no machines")
		}
		for _, vm := range machines {
			for want, path := range map[any][]any{
				"TrustedLaunch": {"securityProfile", "securityType"}, "SystemAssigned": {"identity", "type"},
				"Delete": {"storageProfile", "osDisk", "deleteOption"}, publicKey: {"osProfile", "linuxConfiguration", "ssh", "publicKeys", 0, "keyData"},
			} {
				got := at(vm.inputs, path...)
				if want == publicKey {
					got = strings.TrimSuffix(fmt.Sprint(got), " example")
				}
				if got != want {
					t.Errorf("%s: %v is %v, want %v", vm.name, path, got, want)
				}
			}
			for _, path := range [][]any{
				{"osProfile", "linuxConfiguration", "disablePasswordAuthentication"},
				{"securityProfile", "uefiSettings", "secureBootEnabled"},
				{"securityProfile", "uefiSettings", "vTpmEnabled"},
				{"securityProfile", "encryptionAtHost"},
				{"diagnosticsProfile", "bootDiagnostics", "enabled"},
			} {
				if at(vm.inputs, path...) != true {
					t.Errorf("%s: %v is not on", vm.name, path)
				}
			}
			if at(vm.inputs, "osProfile", "adminPassword") != nil {
				t.Errorf("%s has a password", vm.name)
			}
			doc, err := base64.StdEncoding.DecodeString(fmt.Sprint(at(vm.inputs, "osProfile", "customData")))
			if err != nil || !strings.HasPrefix(string(doc), "#cloud-config\n") {
				t.Errorf("%s: custom data is %.30q, %v", vm.name, doc, err)
			}
		}
	})
}

func TestMachinesSpreadOverZonesOrAnAvailabilitySet(t *testing.T) {
	zones := func(values settings.Values) (string, int) {
		r, _ := run(t, values)
		var seen []string
		for _, vm := range r.of("azure-native:compute:VirtualMachine") {
			if !strings.Contains(vm.name, "-manager-") && !strings.Contains(vm.name, "-worker-") {
				continue
			}
			if (vm.inputs["zones"] != nil) == (vm.inputs["availabilitySet"] != nil) {
				t.Errorf("%s has zones %v and availability set %v", vm.name, vm.inputs["zones"], vm.inputs["availabilitySet"])
			}
			seen = append(seen, vm.name[strings.Index(vm.name, "-manager-")+1:]+"="+fmt.Sprint(at(vm.inputs, "zones", 0)))
		}
		slices.Sort(seen)
		return strings.Join(seen, " "), len(r.of("azure-native:compute:AvailabilitySet"))
	}
	got, sets := zones(with(dev(t), "managers", "3", "workers", "0", "zones", `["1","2","3"]`))
	if got != "manager-1=1 manager-2=2 manager-3=3" || sets != 0 {
		t.Errorf("got %s and %d sets", got, sets)
	}
	if got, sets := zones(with(dev(t), "managers", "1", "workers", "0")); got != "manager-1=<nil>" || sets != 1 {
		t.Errorf("got %s and %d sets", got, sets)
	}
}

// untagged are types that Azure or AWS keep no tags for.
var untagged = []string{
	"azure-native:authorization:ManagementLockByScope", "azure-native:consumption:Budget", "azure-native:network:RecordSet",
	"aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/eipAssociation:EipAssociation", "tls:index/privateKey:PrivateKey",
}

func TestEverythingThatCanHaveTagsHasTheStacks(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		for _, d := range r.list {
			if strings.HasPrefix(d.token, "yces:") || strings.HasPrefix(d.token, "pulumi:") || slices.Contains(untagged, d.token) {
				continue
			}
			if at(d.inputs, "tags", "project") != "yces" || at(d.inputs, "tags", "environment") == nil {
				t.Errorf("%s %s has the tags %v", d.token, d.name, d.inputs["tags"])
			}
		}
	})
}

func parse(t *testing.T, outputs map[string]any) inventory.Inventory {
	t.Helper()
	text, err := json.Marshal(outputs["inventory"])
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return inv
}

func TestTheInventoryNamesEveryMachineWithItsKeys(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, outputs map[string]any) {
		inv := parse(t, outputs)
		machines := len(r.of("azure-native:compute:VirtualMachine")) + len(r.of("aws:ec2/instance:Instance"))
		if inv.Bastion != nil {
			machines--
		}
		if len(inv.Nodes) != machines || inv.Endpoint != outputs["endpoint"] {
			t.Errorf("%d nodes and endpoint %s; want %d and %s", len(inv.Nodes), inv.Endpoint, machines, outputs["endpoint"])
		}
		for _, n := range inv.Nodes {
			if !slices.Equal(n.HostKeys, []string{publicKey}) {
				t.Errorf("%s has the keys %q", n.Name, n.HostKeys)
			}
			if n.Role.InSwarm() && n.PrivateAddress == "" {
				t.Errorf("%s has no address for the swarm", n.Name)
			}
		}
	})
}

func TestAMachineThatTellsNoKeyStopsTheUpdate(t *testing.T) {
	r := &recorder{output: "bash: cloud-init: not found\n"}
	_, err := r.run(dev(t))
	if err == nil || !strings.Contains(err.Error(), "read host keys of yces-dev-") || !strings.Contains(err.Error(), "bash: cloud-init: not found") {
		t.Errorf("got %v", err)
	}
}

func TestTheEndpointIsTheBestNameThereIs(t *testing.T) {
	for want, pairs := range map[string][]string{
		"http://198.51.100.":                         nil,
		"http://shop.westeurope.cloudapp.azure.com":  {"dnsLabel", "shop"},
		"https://shop.westeurope.cloudapp.azure.com": {"dnsLabel", "shop", "https", "true"},
		"https://example.com":                        {"dnsLabel", "shop", "https", "true", "dnsZone", "example.com"},
		"http://qr.example.com":                      {"dnsZone", "example.com", "dnsRecord", "qr"},
	} {
		if _, outputs := run(t, with(dev(t), pairs...)); !strings.HasPrefix(fmt.Sprint(outputs["endpoint"]), want) {
			t.Errorf("%v: got %v, want %s", pairs, outputs["endpoint"], want)
		}
	}
}

func TestProtectionCoversManagersTheAddressAndJenkinssDisk(t *testing.T) {
	protected := func(values settings.Values) string {
		r, _ := run(t, values)
		var names []string
		for _, d := range r.list {
			if d.protect {
				names = append(names, strings.TrimPrefix(d.name, "yces-prod-"))
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for want, pairs := range map[string][]string{
		"address jenkins-home manager-1 manager-2 manager-3": nil,
		"address jenkins-home manager-1 manager-3":           {"rebuild", `["yces-prod-manager-2"]`},
		"": {"protect", "false"},
	} {
		if got := protected(with(prod(t), pairs...)); got != want {
			t.Errorf("%v: protected are %q, want %q", pairs, got, want)
		}
	}
}

func TestOnlyMachinesThatAreToBeRebuiltTakeANewCloudInit(t *testing.T) {
	r, _ := run(t, with(prod(t), "rebuild", `["yces-prod-worker-2"]`))
	for _, vm := range r.of("azure-native:compute:VirtualMachine") {
		if kept, rebuilt := slices.Contains(vm.ignored, "osProfile"), vm.name == "yces-prod-worker-2"; kept == rebuilt {
			t.Errorf("%s keeps its cloud-init: %t", vm.name, kept)
		}
	}
}

func TestTheProbesNumbersAreThoseThatTheDocumentsName(t *testing.T) {
	if azure.ProbeInterval*azure.ProbeThreshold != 10 {
		t.Errorf("the balancer notices after %d s; compose.yaml and docs/local.md say 10", azure.ProbeInterval*azure.ProbeThreshold)
	}
}

func TestPulumisConfigurationIsReadWhole(t *testing.T) {
	values, err := configuration(`{"yces:managers":"3","azure-native:location":"westeurope"}`)
	if err != nil || values["yces:managers"] != "3" || values[settings.LocationKey] != "westeurope" {
		t.Errorf("got %v, %v", values, err)
	}
	for document, want := range map[string]string{"": "run by `pulumi up`", "[": "read Pulumi's configuration"} {
		if _, err := configuration(document); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", document, err)
		}
	}
}
