package inventory

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"

// document is a sound inventory, with one field replaced or added to its first node.
func document(change map[string]any) []byte {
	node := map[string]any{"name": "n1", "role": "manager", "address": "10.0.0.1", "hostKeys": []string{hostKey}}
	other := map[string]any{"name": "n2", "role": "manager", "address": "10.0.0.2", "hostKeys": []string{hostKey}}
	doc := map[string]any{"name": "shop", "nodes": []any{node, other}}
	for path, value := range change {
		to, key := doc, path
		if rest, ok := strings.CutPrefix(path, "nodes[0]."); ok {
			to, key = node, rest
		}
		to[key] = value
		if value == nil {
			delete(to, key)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return text
}

func TestEachFaultIsNamedByItsField(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct {
		field string
		value any
		want  string
	}{
		{"name", "", "must be 1 to 63"},
		{"name", long, "must be 1 to 63"},
		{"name", "-shop", "must be 1 to 63"},
		{"name", "shop_1", "must be 1 to 63"},
		{"name", 7, "must be a string, got 7"},
		{"nme", "x", "there is no such key; known: bastion, endpoint, name, nodes"},
		{"endpoint", "shop.example", "must be an http or https URL"},
		{"endpoint", "ftp://shop.example", "must be an http or https URL"},
		{"endpoint", "http://", "must be an http or https URL"},
		{"bastion", "10.0.0.9", "must be a mapping"},
		{"nodes", []any{}, `at least one node must have the role "manager"`},
		{"nodes", "n1", `must be a list, got "n1"`},
		{"nodes", []any{7}, "[0]: must be a mapping, got 7"},
		{"nodes[0].name", "a b", "must be 1 to 63"},
		{"nodes[0].name", nil, "must be 1 to 63"},
		{"nodes[0].role", "jenkin", `must be manager, worker, jenkins or monitor, got "jenkin"`},
		{"nodes[0].address", "", "must be an IP address or a host name"},
		{"nodes[0].address", "10.0.0.1:22", "must be an IP address or a host name"},
		{"nodes[0].privateAddress", "n1.example", "must be an IP address"},
		{"nodes[0].port", -1, "must be between 1 and 65535, got -1"},
		{"nodes[0].port", 65536, "must be between 1 and 65535, got 65536"},
		{"nodes[0].port", "22", `must be a whole number, got "22"`},
		{"nodes[0].port", 22.5, "must be a whole number, got 22.5"},
		{"nodes[0].user", "Root Of All", "must be a Unix user name"},
		{"nodes[0].user", "-oProxyCommand=x", "must be a Unix user name"},
		{"nodes[0].color", "red", "there is no such key"},
		{"nodes[0].hostKeys", nil, "is empty; add the output of `ssh-keyscan 10.0.0.1`"},
		{"nodes[0].hostKeys", hostKey, "must be a list"},
		{"nodes[0].hostKeys", []any{1}, "[0]: must be a string, got 1"},
		{"nodes[0].labels", map[string]any{"zone": 1}, ".zone: must be a string, got 1"},
		{"nodes[0].labels", map[string]any{"a zone": "x"}, `key must be letters, digits, '.', '_', '/' and '-', got "a zone"`},
		{"nodes[0].labels", []any{"zone"}, "must be a mapping"},
	} {
		_, err := Parse(document(map[string]any{c.field: c.value}))
		if err == nil || !strings.Contains(err.Error(), c.field) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %v: got %v, want it to say %q", c.field, c.value, err, c.want)
		}
		if c.field != "nodes" && err != nil && !strings.HasPrefix(err.Error(), "inventory has 1 fault:\n"+c.field) {
			t.Errorf("%s = %v: got other faults too: %v", c.field, c.value, err)
		}
	}
}

func TestAllFaultsShowAtOnce(t *testing.T) {
	_, err := Parse([]byte(`{"name": "a b", "nmae": "x", "bastion": {"address": "b", "port": 0.5, "hostKeys": []}, "nodes": [
		{"name": "n1", "role": "worker", "address": "10.0.0.1", "port": "22", "hostKeys": ["` + hostKey + `"]},
		{"name": "n1", "role": "boss", "address": "10.0.0.1", "hostKeys": ["x"]}]}`))
	want := `inventory has 10 faults:
bastion.port: must be a whole number, got 0.5
nmae: there is no such key; known: bastion, endpoint, name, nodes
nodes[0].port: must be a whole number, got "22"
name: must be 1 to 63 letters, digits and hyphens, got "a b"
bastion.hostKeys: is empty; add the output of ` + "`ssh-keyscan b`" + ` once you have compared it with the machine's own /etc/ssh/ssh_host_*_key.pub
nodes: at least one node must have the role "manager"
nodes[1].role: must be manager, worker, jenkins or monitor, got "boss"
nodes[1].hostKeys[0]: must look like "ssh-ed25519 AAAA…", got "x"
nodes[1].name: "n1" is the name of nodes[0] too
nodes[1].address: 10.0.0.1:22 is the address of nodes[0] too`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestASwarmNodeNeedsAnIPAddressForTheSwarm(t *testing.T) {
	_, err := Parse(document(map[string]any{"nodes[0].address": "n1.example"}))
	if err == nil || !strings.Contains(err.Error(), `nodes[0].privateAddress: is needed, because address "n1.example" is not an IP address`) {
		t.Errorf("got %v", err)
	}
	inv, err := Parse(document(map[string]any{"nodes[0].address": "n1.example", "nodes[0].privateAddress": "fd00::1"}))
	if err != nil || inv.Nodes[0].SwarmAddress() != "fd00::1" {
		t.Errorf("with a private address: %v", err)
	}
	for _, role := range []Role{Jenkins, Monitor} {
		n := Node{Name: "x", Role: role, Address: "x.example", Port: 22, User: "root", HostKeys: []string{hostKey}}
		manager := Node{Name: "m", Role: Manager, Address: "10.0.0.1", Port: 22, User: "root", HostKeys: []string{hostKey}}
		if err := (Inventory{Name: "shop", Nodes: []Node{manager, n}}).Validate(); err != nil {
			t.Errorf("a %s outside the swarm: %v", role, err)
		}
	}
}

func TestDefaultsFillOnlyWhatIsMissing(t *testing.T) {
	inv, err := Parse([]byte(`{"name": "shop", "bastion": {"address": "b.example", "hostKeys": ["` + hostKey + `"]}, "nodes": [
		{"name": "n1", "role": "manager", "address": "10.0.0.1", "hostKeys": ["` + hostKey + `"]},
		{"name": "n2", "role": "worker", "address": "10.0.0.1", "port": 2222, "user": "azureuser", "hostKeys": ["` + hostKey + `"], "labels": null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{inv.Bastion.Port, inv.Bastion.User, inv.Nodes[0].Port, inv.Nodes[0].User, inv.Nodes[1].Port, inv.Nodes[1].User, inv.Nodes[0].SwarmAddress()}
	if want := []any{22, "root", 22, "root", 2222, "azureuser", "10.0.0.1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOneDocumentAndNothingElseIsRead(t *testing.T) {
	for text, want := range map[string]string{
		string(document(nil)) + " more":               "more text after the document",
		string(document(nil)) + string(document(nil)): "more text after the document",
		`{"name": "shop"`:                             "read inventory: unexpected EOF",
		``:                                            "read inventory: EOF",
		`null`:                                        "inventory has 2 faults",
		`["shop"]`:                                    `inventory has 1 fault:` + "\n" + `must be a mapping, got ["shop"]`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", text, err, want)
		}
	}
	if _, err := Parse(append(document(nil), " \n\t"...)); err != nil {
		t.Errorf("white space at the end: %v", err)
	}
}

func TestHostKeysHaveTheShapeOfAnAuthorizedKey(t *testing.T) {
	blob := strings.TrimPrefix(hostKey, "ssh-ed25519 ")
	for key, want := range map[string]bool{
		hostKey:                   true,
		hostKey + " root@n1":      true,
		" ssh-ed25519  " + blob:   true,
		"":                        false,
		"ssh-ed25519":             false,
		blob:                      false,
		"ssh-rsa " + blob:         false, // says one type and holds another
		"ssh-ed2551 " + blob:      false,
		"10.0.0.1 " + hostKey:     false, // a line of ssh-keyscan, host and all
		"ssh-ed25519 AAAAC3Nz":    false, // cut off
		"ssh-ed25519 !!!!":        false,
		"ssh-ed25519 " + blob[4:]: false,
	} {
		if got := validHostKey(key); got != want {
			t.Errorf("%q: got %t", key, got)
		}
	}
}

func TestNodesAreFoundByRoleInTheDocumentsOrder(t *testing.T) {
	inv := Inventory{Nodes: []Node{{Name: "w", Role: Worker}, {Name: "ci", Role: Jenkins}, {Name: "m", Role: Manager}, {Name: "w2", Role: Worker}}}
	names := ""
	for _, n := range inv.Swarm() {
		names += n.Name + " "
	}
	if names != "w m w2 " {
		t.Errorf("the swarm is %q", names)
	}
}

// What Parse accepts is what Parse reads from what it wrote; nothing makes it panic.
func FuzzParse(f *testing.F) {
	f.Add(document(nil))
	f.Add(document(map[string]any{"endpoint": "http://x", "nodes[0].labels": map[string]string{"zone": "1"}}))
	f.Add([]byte(`{"nodes": [null, 7, {"port": 1e99, "hostKeys": [[]]}], "bastion": {}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		inv, err := Parse(doc)
		if err != nil {
			return
		}
		text, err := json.Marshal(inv)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if second, _ := json.Marshal(again); string(second) != string(text) {
			t.Errorf("%s became %s", text, second)
		}
	})
}
