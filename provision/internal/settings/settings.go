// Package settings turns a stack's Pulumi configuration into typed values and
// reports everything that is wrong with it at once, before any cloud is asked.
// It knows nothing of Pulumi.
package settings

import (
	"net/netip"
	"strconv"
)

// Settings is all that a stack's configuration can say. Cloud-specific names
// are Azure's unless the field says otherwise.
type Settings struct {
	// Name is the cluster's name and the prefix of every resource's.
	Name     string
	Location string

	Managers, Workers int
	// Size is the VM size of the swarm's nodes.
	Size string
	// Zones are the availability zones that nodes are spread over, in turn;
	// empty means an availability set.
	Zones []string
	// Rebuild names nodes that take a changed cloud-init by being replaced.
	// Every other node keeps the document that it was made with.
	Rebuild []string
	// EncryptionAtHost encrypts temporary disks and caches too; the
	// subscription needs the feature of that name.
	EncryptionAtHost bool

	AdminUser string
	SSHKeys   []string

	Network Network
	Access  Access
	Balance Balance
	Jenkins Jenkins
	Monitor Monitor
	Guard   Guard
	Tags    map[string]string
}

// Network is how addresses are divided.
type Network struct {
	Space, Swarm, Jenkins, Bastion netip.Prefix
}

// Access says who may log in, and how.
type Access struct {
	// Bastion takes the nodes' public addresses away; SSH goes through one
	// small machine.
	Bastion     bool
	BastionSize string
	// AdminCIDRs may open SSH connections.
	AdminCIDRs []netip.Prefix
}

// Balance is the load balancer and the names that lead to it.
type Balance struct {
	// ClientCIDRs may open the service; empty means everybody.
	ClientCIDRs []netip.Prefix
	// HTTPS passes port 443 through to the nodes.
	HTTPS bool
	// DNSLabel makes LABEL.LOCATION.cloudapp.azure.com.
	DNSLabel string
	// DNSZone, where set, is a zone to make, with a record Record in it.
	DNSZone, DNSRecord string
}

// Monitor is the monitoring host, on AWS so that it outlives Azure.
type Monitor struct {
	Enabled      bool
	Region, Type string
	CIDR         netip.Prefix
	// CIDRs may open its page.
	CIDRs []netip.Prefix
}

// Guard is what keeps accidents and bills small.
type Guard struct {
	// Protect refuses to delete what holds data or a known address.
	Protect bool
	// Budget is a monthly amount in the subscription's currency; 0 is none.
	Budget int
	// BudgetStart is the first month of the budget, as 2026-01.
	BudgetStart  string
	BudgetEmails []string
}

// NodeName is the name of the n-th node of a role, counted from 1.
func (s Settings) NodeName(role string, n int) string {
	return s.Name + "-" + role + "-" + strconv.Itoa(n)
}
