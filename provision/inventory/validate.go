package inventory

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// hostName is one DNS label after another, as RFC 1123 section 2.1 allows them.
var (
	label    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	userName = regexp.MustCompile(`^[a-z_][a-z0-9_.-]{0,31}$`)
	labelKey = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$`)
)

// fault is one thing that is wrong with a field.
type fault struct{ field, text string }

func (f fault) Error() string {
	if f.field == "" {
		return f.text
	}
	return f.field + ": " + f.text
}

// faults collects what is wrong.
type faults []fault

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, fault{field, fmt.Sprintf(format, args...)})
}

// merge adds the faults of fields that have none yet: a value of the wrong
// type would otherwise be called missing too.
func (f *faults) merge(more faults) {
	first := *f
	for _, one := range more {
		if !slices.ContainsFunc(first, one.follows) {
			*f = append(*f, one)
		}
	}
}

// follows tells whether the cause's field is the fault's or one around it.
func (f fault) follows(cause fault) bool {
	rest, inside := strings.CutPrefix(f.field, cause.field)
	return inside && (cause.field == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// join makes them one error, nil where there is none.
func (f faults) join() error {
	if len(f) == 0 {
		return nil
	}
	lines := make([]error, len(f))
	for i, one := range f {
		lines[i] = one
	}
	noun := "faults"
	if len(f) == 1 {
		noun = "fault"
	}
	return fmt.Errorf("inventory has %d %s:\n%w", len(f), noun, errors.Join(lines...))
}

// Validate reports every fault of the document at once, one line each and
// named by its field; nil when there is none.
func (inv Inventory) Validate() error { return inv.check().join() }

func (inv Inventory) check() faults {
	var f faults
	if !label.MatchString(inv.Name) {
		f.add("name", "must be 1 to 63 letters, digits and hyphens, got %q", inv.Name)
	}
	inv.validateEndpoint(&f)
	if inv.Bastion != nil {
		b := *inv.Bastion
		validateLogin(&f, "bastion", b.Address, b.Port, b.User, b.HostKeys)
	}
	if len(inv.ByRole(Manager)) == 0 {
		f.add("nodes", "at least one node must have the role %q", Manager)
	}
	for i, n := range inv.Nodes {
		n.validate(&f, fmt.Sprintf("nodes[%d]", i))
	}
	inv.validateUnique(&f)
	return f
}

func (inv Inventory) validateEndpoint(f *faults) {
	if inv.Endpoint == "" {
		return
	}
	u, err := url.Parse(inv.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		f.add("endpoint", "must be an http or https URL with a host, got %q", inv.Endpoint)
	}
}

func (inv Inventory) validateUnique(f *faults) {
	names, addresses := map[string]int{}, map[string]int{}
	for i, n := range inv.Nodes {
		if first, ok := names[n.Name]; ok && n.Name != "" {
			f.add(fmt.Sprintf("nodes[%d].name", i), "%q is the name of nodes[%d] too", n.Name, first)
		} else {
			names[n.Name] = i
		}
		login := fmt.Sprintf("%s:%d", n.Address, n.Port)
		if first, ok := addresses[login]; ok && n.Address != "" {
			f.add(fmt.Sprintf("nodes[%d].address", i), "%s is the address of nodes[%d] too", login, first)
		} else {
			addresses[login] = i
		}
	}
}

func (n Node) validate(f *faults, field string) {
	if !label.MatchString(n.Name) {
		f.add(field+".name", "must be 1 to 63 letters, digits and hyphens, got %q", n.Name)
	}
	switch n.Role {
	case Manager, Worker, Jenkins, Monitor:
	default:
		f.add(field+".role", "must be manager, worker, jenkins or monitor, got %q", n.Role)
	}
	validateLogin(f, field, n.Address, n.Port, n.User, n.HostKeys)
	n.validateSwarmAddress(f, field)
	for key := range n.Labels {
		if !labelKey.MatchString(key) {
			f.add(field+".labels", "key must be letters, digits, '.', '_', '/' and '-', got %q", key)
		}
	}
}

func (n Node) validateSwarmAddress(f *faults, field string) {
	if n.PrivateAddress != "" {
		if _, err := netip.ParseAddr(n.PrivateAddress); err != nil {
			f.add(field+".privateAddress", "must be an IP address, got %q", n.PrivateAddress)
		}
		return
	}
	if _, err := netip.ParseAddr(n.Address); err != nil && n.Role.InSwarm() && hostName.MatchString(n.Address) {
		f.add(field+".privateAddress", "is needed, because address %q is not an IP address", n.Address)
	}
}

func validateLogin(f *faults, field, address string, port int, user string, keys []string) {
	if _, err := netip.ParseAddr(address); err != nil && !hostName.MatchString(address) {
		f.add(field+".address", "must be an IP address or a host name, got %q", address)
	}
	if port < 1 || port > 65535 {
		f.add(field+".port", "must be between 1 and 65535, got %d", port)
	}
	if !userName.MatchString(user) {
		f.add(field+".user", "must be a Unix user name, got %q", user)
	}
	if len(keys) == 0 {
		f.add(field+".hostKeys", "is empty; add the output of `ssh-keyscan %s` once you have compared it with the machine's own /etc/ssh/ssh_host_*_key.pub", address)
	}
	for i, key := range keys {
		if !validHostKey(key) {
			f.add(fmt.Sprintf("%s.hostKeys[%d]", field, i), `must look like "ssh-ed25519 AAAA…", got %.40q`, key)
		}
	}
}

// validHostKey checks the shape of an authorized-key line: a type, then base64
// that starts with the same type (RFC 4253 section 6.6).
func validHostKey(line string) bool {
	parts := strings.Fields(line)
	if len(parts) < 2 {
		return false
	}
	blob, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil || len(blob) < 4+len(parts[0]) {
		return false
	}
	named := binary.BigEndian.Uint32(blob)
	return int64(named) == int64(len(parts[0])) && string(blob[4:4+len(parts[0])]) == parts[0]
}
