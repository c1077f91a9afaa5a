// Package example has the inventories and the settings that the tests of the
// renderers share.
package example

import (
	_ "embed" // the settings
	"fmt"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/provision/inventory"
)

// Settings is a settings file with everything in it.
//
//go:embed settings.yaml
var Settings []byte

// Inventory has so many nodes: up to three, or seven from fifty on, of them
// managers; a Jenkins host and the monitor beside them.
func Inventory(nodes int) inventory.Inventory {
	inv := inventory.Inventory{Name: "shop", Endpoint: "https://qr.example.org"}
	managers := min(nodes, 3)
	if nodes >= 50 {
		managers = 7
	}
	for i := range nodes {
		role := inventory.Worker
		if i < managers {
			role = inventory.Manager
		}
		inv.Nodes = append(inv.Nodes, node(fmt.Sprintf("shop-%d", i+1), role, 11+i))
	}
	inv.Nodes = append(inv.Nodes, node("ci", inventory.Jenkins, 4), node("watch", inventory.Monitor, 3))
	return inv
}

func node(name string, role inventory.Role, host int) inventory.Node {
	address := fmt.Sprintf("10.7.0.%d", host)
	return inventory.Node{
		Name: name, Role: role, Address: address, PrivateAddress: address, Port: 22, User: "root",
		HostKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"},
	}
}

// Model is the model of so many nodes; it panics where it is invalid.
func Model(nodes int) monitoring.Model { return model(nodes, "") }

// SSH is the model where the monitor asks by SSH.
func SSH(nodes int) monitoring.Model { return model(nodes, "transport: ssh\n") }

func model(nodes int, more string) monitoring.Model {
	s, err := monitoring.ParseSettings(append([]byte(more), Settings...))
	if err != nil {
		panic(err)
	}
	m, err := monitoring.Build(Inventory(nodes), s, []string{"yces_qr"})
	if err != nil {
		panic(err)
	}
	return m
}
