// Package inventory is the contract between what creates machines and what
// uses them: provision writes it as a stack output, `swarmctl local` writes it
// for machines as containers, people write it by hand, and swarmctl and
// monitoring read it.
//
// It imports the standard library only, so that sharing it costs nothing.
package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Role says what a node is for.
type Role string

// The roles a node can have. Managers and workers form the swarm; the Jenkins
// and monitor hosts stay outside it.
const (
	Manager Role = "manager"
	Worker  Role = "worker"
	Jenkins Role = "jenkins"
	Monitor Role = "monitor"
)

// InSwarm tells whether nodes of this role are members of the swarm.
func (r Role) InSwarm() bool { return r == Manager || r == Worker }

// DefaultPort and DefaultUser are what a node has where the document is silent.
const (
	DefaultPort = 22
	DefaultUser = "root"
)

// Inventory names the machines of one cluster and the URL that users open.
type Inventory struct {
	// Name is the cluster's name: letters, digits and hyphens, 63 at the most.
	Name string `json:"name"`
	// Endpoint is the URL that users open, balancer included: http://host[:port].
	Endpoint string `json:"endpoint,omitempty"`
	// Bastion, where set, is the host that every SSH connection goes through.
	Bastion *Bastion `json:"bastion,omitempty"`
	Nodes   []Node   `json:"nodes"`
}

// Node is one machine.
type Node struct {
	// Name is the host's name and the swarm node's name.
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Address is the host name or IP address that SSH dials.
	Address string `json:"address"`
	// PrivateAddress is the IP address that the swarm's own traffic uses.
	// Where empty, Address is used, which must then be an IP address.
	PrivateAddress string `json:"privateAddress,omitempty"`
	// Port is the SSH port.
	Port int `json:"port,omitempty"`
	// User is who SSH logs in as: root, or a user who may use sudo without a password.
	User string `json:"user,omitempty"`
	// HostKeys are the machine's public keys in authorized-key format
	// ("ssh-ed25519 AAAA…"); a machine that shows another key is refused.
	HostKeys []string `json:"hostKeys"`
	// Labels become the swarm node's labels.
	Labels map[string]string `json:"labels,omitempty"`
}

// Bastion is the host that SSH connections to the nodes go through.
type Bastion struct {
	Address  string   `json:"address"`
	Port     int      `json:"port,omitempty"`
	User     string   `json:"user,omitempty"`
	HostKeys []string `json:"hostKeys"`
}

// SwarmAddress is the IP address that the node advertises to the swarm.
func (n Node) SwarmAddress() string {
	if n.PrivateAddress != "" {
		return n.PrivateAddress
	}
	return n.Address
}

// ByRole returns the nodes with one of the roles, in the document's order.
func (inv Inventory) ByRole(roles ...Role) []Node {
	var nodes []Node
	for _, n := range inv.Nodes {
		for _, r := range roles {
			if n.Role == r {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

// Swarm returns the nodes that are members of the swarm, in the document's order.
func (inv Inventory) Swarm() []Node { return inv.ByRole(Manager, Worker) }

// Parse reads one JSON document, fills in the defaults and validates it.
// Unknown keys are refused. The error lists every fault (see Validate).
func Parse(doc []byte) (Inventory, error) {
	var tree any
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return Inventory{}, fmt.Errorf("read inventory: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Inventory{}, errors.New("read inventory: more text after the document")
	}
	var f faults
	fitting, err := json.Marshal(shape(&f, "", tree, reflect.TypeFor[Inventory]()))
	if err != nil {
		return Inventory{}, fmt.Errorf("read inventory: %w", err)
	}
	var inv Inventory
	if err := json.Unmarshal(fitting, &inv); err != nil {
		return Inventory{}, fmt.Errorf("read inventory: %w", err)
	}
	inv.applyDefaults()
	f.merge(inv.check())
	if err := f.join(); err != nil {
		return Inventory{}, err
	}
	return inv, nil
}

func (inv *Inventory) applyDefaults() {
	for i := range inv.Nodes {
		fill(&inv.Nodes[i].Port, DefaultPort)
		fill(&inv.Nodes[i].User, DefaultUser)
	}
	if inv.Bastion != nil {
		fill(&inv.Bastion.Port, DefaultPort)
		fill(&inv.Bastion.User, DefaultUser)
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
