package stack

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/aws"
	"github.com/ycesproject/yces/provision/internal/azure"
	"github.com/ycesproject/yces/provision/internal/settings"
	"github.com/ycesproject/yces/provision/inventory"
)

// outputs are what `pulumi stack output` shows. `inventory` is the document
// that swarmctl and the monitoring read.
func outputs(s settings.Settings, cluster *azure.Cluster, m *monitoring, inventory pulumi.Output) pulumi.Map {
	all := pulumi.Map{"endpoint": cluster.Endpoint, "inventory": inventory}
	if cluster.Jenkins != nil {
		all["jenkinsUrl"] = cluster.Jenkins.Address.ApplyT(s.JenkinsURL)
	}
	if m != nil {
		all["monitorUrl"] = pulumi.Sprintf("https://%s/", m.address.IP)
	}
	if s.Balance.DNSZone != "" {
		all["nameServers"] = cluster.NameServers
	}
	return all
}

// host is one machine on its way into the inventory.
type host struct {
	node inventory.Node
	// address is what SSH dials; privateAddress is empty where there is none.
	address, privateAddress, zone pulumi.StringOutput
	hostKeys                      pulumi.StringArrayOutput
}

func hosts(s settings.Settings, cluster *azure.Cluster, m *monitoring) []host {
	var list []host
	for i, machine := range cluster.Nodes {
		list = append(list, fromAzure(machine, cluster.Roles[i], s))
	}
	if cluster.Jenkins != nil {
		list = append(list, fromAzure(cluster.Jenkins, inventory.Jenkins, s))
	}
	if m != nil {
		none := pulumi.String("").ToStringOutput()
		list = append(list, host{
			node:    inventory.Node{Name: monitorName(s), Role: inventory.Monitor, User: aws.User},
			address: m.address.IP, privateAddress: none, zone: none, hostKeys: m.host.HostKeys,
		})
	}
	return list
}

// fromAzure is a machine of the cluster. From a bastion, public addresses are
// the wrong way round: rules let the bastion's subnet in.
func fromAzure(machine *azure.Machine, role inventory.Role, s settings.Settings) host {
	h := host{
		node:    inventory.Node{Name: machine.Name, Role: role, User: s.AdminUser},
		address: machine.Address, privateAddress: machine.PrivateAddress, zone: machine.Zone, hostKeys: machine.HostKeys,
	}
	if s.Access.Bastion {
		h.address = machine.PrivateAddress
	}
	return h
}

// hostOutputs is how many outputs each host has.
const hostOutputs = 4

// document writes the inventory once every address and key is known, and
// refuses one that its readers would refuse.
func document(s settings.Settings, cluster *azure.Cluster, m *monitoring) pulumi.Output {
	list := hosts(s, cluster, m)
	parts := []any{cluster.Endpoint}
	for _, h := range list {
		parts = append(parts, h.address, h.privateAddress, h.zone, h.hostKeys)
	}
	if cluster.Bastion != nil {
		parts = append(parts, cluster.Bastion.Address, cluster.Bastion.HostKeys)
	}
	return pulumi.All(parts...).ApplyT(func(known []any) (map[string]any, error) {
		inv := inventory.Inventory{Name: s.Name, Endpoint: known[0].(string)}
		known = known[1:]
		for _, h := range list {
			inv.Nodes = append(inv.Nodes, h.known(known[:hostOutputs]))
			known = known[hostOutputs:]
		}
		if cluster.Bastion != nil {
			inv.Bastion = &inventory.Bastion{Address: known[0].(string), User: s.AdminUser, HostKeys: known[1].([]string)}
		}
		return asMap(inv)
	})
}

// known completes a node.
func (h host) known(outputs []any) inventory.Node {
	n := h.node
	n.Address, n.PrivateAddress, n.HostKeys = outputs[0].(string), outputs[1].(string), outputs[3].([]string)
	if zone := outputs[2].(string); zone != "" && n.Role.InSwarm() {
		n.Labels = map[string]string{"zone": zone}
	}
	return n
}

// asMap is the inventory as its readers get it, defaults and all.
func asMap(inv inventory.Inventory) (map[string]any, error) {
	text, err := json.Marshal(inv)
	if err != nil {
		return nil, fmt.Errorf("write inventory: %w", err)
	}
	full, err := inventory.Parse(text)
	if err != nil {
		return nil, err
	}
	if text, err = json.Marshal(full); err != nil {
		return nil, fmt.Errorf("write inventory: %w", err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("write inventory: %w", err)
	}
	return m, nil
}
