package local

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// The files that let plain ssh in: `ssh -F DIR/ssh_config local-1`.
const (
	SSHConfigFile  = "ssh_config"
	knownHostsFile = "known_hosts"
)

// writeState writes the inventory and what plain ssh needs.
func writeState(dir string, inv inventory.Inventory) error {
	doc, err := json.MarshalIndent(inv, "", "  ")
	if err != nil {
		return fmt.Errorf("encode inventory: %w", err)
	}
	if err := writeFile(filepath.Join(dir, knownHostsFile), []byte(knownHosts(inv))); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, SSHConfigFile), []byte(sshConfig(dir, inv))); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, target.InventoryFile), append(doc, '\n'))
}

func knownHosts(inv inventory.Inventory) string {
	var b strings.Builder
	for _, n := range inv.Nodes {
		for _, key := range n.HostKeys {
			fmt.Fprintf(&b, "%s %s\n", n.Address, key)
		}
	}
	return b.String()
}

func sshConfig(dir string, inv inventory.Inventory) string {
	var b strings.Builder
	for _, n := range inv.Nodes {
		fmt.Fprintf(&b, "Host %s\n  HostName %s\n  Port %d\n  User %s\n", n.Name, n.Address, n.Port, n.User)
	}
	fmt.Fprintf(&b, "Host *\n  IdentityFile %q\n  IdentitiesOnly yes\n  UserKnownHostsFile %q\n  StrictHostKeyChecking yes\n",
		filepath.Join(dir, target.IdentityFile), filepath.Join(dir, knownHostsFile))
	return b.String()
}

func compareAddresses(a, b string) int {
	x, _ := netip.ParseAddr(a)
	y, _ := netip.ParseAddr(b)
	return x.Compare(y)
}
