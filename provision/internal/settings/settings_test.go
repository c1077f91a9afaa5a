package settings

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"

// sound is a configuration without faults, with some values replaced.
func sound(pairs ...string) Values {
	values := Values{
		LocationKey: "westeurope", "yces:sshKeys": `["` + key + `"]`, "yces:adminCidrs": `["203.0.113.17/32"]`,
	}
	for i := 0; i < len(pairs); i += 2 {
		values["yces:"+pairs[i]] = pairs[i+1]
	}
	return values
}

func TestEachFaultIsNamedByItsKey(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"managers", "2", "must be odd: 2 survive the loss of no more than 1 do"},
		{"managers", "0", "must be 1, 3, 5 or 7, got 0"},
		{"managers", "9", "must be 1, 3, 5 or 7, got 9"},
		{"managers", "three", `must be a whole number, got "three"`},
		{"workers", "-1", "between 0 and 50"},
		{"workers", "51", "between 0 and 50"},
		{"size", "B2s", "must look like Standard_B2s"},
		{"size", "Standard_D2ps_v5", "is an Arm size"},
		{"size", "Standard_B2pls_v2", "is an Arm size"},
		{"size", "Standard_A2_v2", "has no trusted launch"},
		{"size", "Standard_D2", "has no trusted launch"},
		{"zones", `["4"]`, `must be "1", "2" or "3", got "4"`},
		{"zones", `["1","1"]`, `"1" is there twice`},
		{"zones", "1", `must be a list of strings, got "1"`},
		{"rebuild", `["yces-dev-manager-2"]`, `there is no machine "yces-dev-manager-2"`},
		{"adminUser", "root", "that Azure allows"},
		{"adminUser", "A b", "that Azure allows"},
		{"sshKeys", "[]", "is empty; `pulumi config set"},
		{"sshKeys", `["ecdsa-sha2-nistp256 AAAA"]`, "of type ssh-ed25519 or ssh-rsa"},
		{"sshKeys", `["ssh-rsa ` + strings.Fields(key)[1] + `"]`, "of type ssh-ed25519 or ssh-rsa"},
		{"adminCidrs", "[]", "names nobody who may log in"},
		{"adminCidrs", `["0.0.0.0/0"]`, "opens SSH to the world"},
		{"adminCidrs", `["0.0.0.0/1","203.0.113.1/32"]`, "opens SSH to the world"},
		{"adminCidrs", `["203.0.113.17/24"]`, "adminCidrs[0]: has bits set beyond /24"},
		{"adminCidrs", `["203.0.113.300/32"]`, "adminCidrs[0]: must be an IPv4 range"},
		{"adminCidrs", `["203.0.113.17/32","192.0.2.0/24","203.0.113.17/32"]`, "adminCidrs[2]: 203.0.113.17/32 is there twice"},
		{"adminOpenToWorld", "yes", `must be true or false, got "yes"`},
		{"networkCidr", "0.0.0.0/0", "must be a private range"},
		{"swarmCidr", "10.21.1.0/24", "10.21.1.0/24 is not within networkCidr, 10.20.0.0/16"},
		{"swarmCidr", "10.20.2.0/25", "10.20.2.0/24 overlaps 10.20.2.0/25, which is swarmCidr"},
		{"swarmCidr", "10.20.1.0/28", "has room for 11 nodes; 5 workers"},
		{"jenkinsCidr", "10.20.2.0/30", "must be /29 or larger"},
		{"jenkinsSize", "small", "must look like"},
		{"jenkinsDiskGb", "8", "between 16 and 4095"},
		{"jenkinsCidrs", `["0.0.0.0/0"]`, "opens Jenkins to the world"},
		{"jenkinsKeyFingerprint", "5BA3 1D57", "must be 40 hexadecimal digits"},
		{"dnsLabel", "A", "must be 3 to 63"},
		{"dnsZone", "example", "must be a domain name"},
		{"dnsRecord", "a.b", "must be @ or one label"},
		{"name", "Yces", "must be 1 to 40"},
		{"budget", "-1", "must not be negative"},
		{"tags", `["a"]`, "must be a mapping of strings"},
		{"tags", `{"a/b":"c"}`, `"a/b" can't be a tag's name`},
		{"deploySecrets", "hunter2", "must be a mapping; `pulumi config set --secret --path 'yces:deploySecrets.NAME'`"},
		{"deploySecrets", `["hunter2"]`, "must be a mapping"},
		{"deploySecrets", `{"DB-PASSWORD":"hunter2"}`, `"DB-PASSWORD" can't be the name of a variable`},
		{"mangers", "3", "there is no such setting"},
	} {
		_, err := Load("dev", sound("workers", "5", c.key, c.value))
		if err == nil || !strings.Contains(err.Error(), "yces:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: got %v, want %q", c.key, c.value, err, c.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), "the stack's configuration has 1 fault:\n") {
			t.Errorf("%s = %s: got other faults too: %v", c.key, c.value, err)
		}
	}
}

// A value that is no mapping may be the secret itself.
func TestDeploySecretsAreAcceptedAndNeverShown(t *testing.T) {
	with, err := Load("dev", sound("deploySecrets", `{"DB_PASSWORD":"hunter2","_x1":"a\nb"}`))
	without, err2 := Load("dev", sound())
	if err != nil || err2 != nil || !reflect.DeepEqual(with, without) {
		t.Errorf("got %+v, %v, want the same as without: %+v, %v", with, err, without, err2)
	}
	for _, value := range []string{"hunter2", `["hunter2"]`, `"hunter2"`, `{"a-b":"hunter2"}`, `{"A":"hunter2"`} {
		if _, err := Load("dev", sound("deploySecrets", value)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", value, err)
		}
	}
}

func TestPartsThatAreOffAreNotChecked(t *testing.T) {
	off := sound("jenkins", "false", "jenkinsSize", "?", "bastionSize", "?", "monitorRegion", "?", "budgetStart", "?")
	if _, err := Load("dev", off); err != nil {
		t.Error(err)
	}
	on := maps.Clone(off)
	maps.Copy(on, Values{"yces:jenkins": "true", "yces:bastion": "true", "yces:monitor": "true", "yces:budget": "1", "yces:monitorType": "t4g.small", "yces:monitorClientCidrs": `["0.0.0.0/0"]`})
	_, err := Load("dev", on)
	want := `the stack's configuration has 7 faults:
yces:bastionSize: must look like Standard_B2s, got "?"
yces:jenkinsSize: must look like Standard_B2s, got "?"
yces:monitorRegion: must be an AWS region as eu-central-1, got "?"
yces:monitorType: is an Arm type, and the machine's image is for x86-64, got "t4g.small"
yces:monitorClientCidrs: 0.0.0.0/0 opens the monitoring host to the world
yces:budgetStart: must be the budget's first month as 2026-01, got "?"
yces:budgetEmails: is empty: nobody would hear of the budget`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// A subnet is there before the machine that a part is, and after it.
func TestEverySubnetIsCheckedWhetherItsPartIsOnOrOff(t *testing.T) {
	want := `the stack's configuration has 3 faults:
yces:jenkinsCidr: 10.20.1.0/24 overlaps 10.20.1.0/24, which is swarmCidr
yces:bastionCidr: 10.20.1.0/24 overlaps 10.20.1.0/24, which is swarmCidr
yces:bastionCidr: 10.20.1.0/24 overlaps 10.20.1.0/24, which is jenkinsCidr`
	for _, on := range []string{"true", "false"} {
		_, err := Load("dev", sound("jenkins", on, "bastion", on, "jenkinsCidr", "10.20.1.0/24", "bastionCidr", "10.20.1.0/24"))
		if err == nil || err.Error() != want {
			t.Errorf("on: %s, got:\n%v\nwant:\n%s", on, err, want)
		}
	}
}

func TestAnEmptyStackIsToldAllThatItLacks(t *testing.T) {
	_, err := Load("dev", nil)
	want := []string{"azure-native:location: must be a region's short name", "yces:sshKeys: is empty", "yces:adminCidrs: names nobody"}
	if err == nil || strings.Count(err.Error(), "\n") != len(want) {
		t.Fatalf("got %v", err)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q", part)
		}
	}
}

func TestSSHIsOpenToTheWorldWhereThatIsSaidTwice(t *testing.T) {
	s, err := Load("dev", sound("adminCidrs", `["0.0.0.0/0"]`, "adminOpenToWorld", "true"))
	if err != nil || s.Access.AdminCIDRs[0] != netip.MustParsePrefix("0.0.0.0/0") {
		t.Errorf("got %v, %v", s.Access.AdminCIDRs, err)
	}
}

func TestManagersAreRebuiltOneAtATime(t *testing.T) {
	three := []string{"managers", "3", "workers", "2", "rebuild"}
	for list, allowed := range map[string]bool{
		`["yces-dev-manager-2"]`: true,
		`["yces-dev-manager-3","yces-dev-worker-1","yces-dev-worker-2","yces-dev-jenkins"]`: true,
		`["yces-dev-manager-1","yces-dev-manager-2"]`:                                       false,
	} {
		_, err := Load("dev", sound(append(three, list)...))
		if (err == nil) != allowed {
			t.Errorf("%s: got %v", list, err)
		}
	}
}

func TestNodesKeepTheirAddressesHoweverManyThereAre(t *testing.T) {
	s, err := Load("dev", sound("managers", "7", "workers", "50"))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Network.ManagerAddress(1), s.Network.ManagerAddress(7), s.Network.WorkerAddress(1), s.Network.WorkerAddress(50))
	if want := "10.20.1.4 10.20.1.10 10.20.1.11 10.20.1.60"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSizesThatCanStartAreTaken(t *testing.T) {
	for _, size := range []string{"Standard_B2s", "Standard_B1ms", "Standard_D2as_v5", "Standard_D2s_v3", "Standard_E4-2s_v5", "Standard_B2ats_v2", "Standard_F2s_v2", "Standard_D4ads_v6"} {
		if _, err := Load("dev", sound("size", size)); err != nil {
			t.Errorf("%s: %v", size, err)
		}
	}
}
