package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Namespace is the project's name, which Pulumi puts before each of our keys.
const Namespace = "yces"

// LocationKey is the one key of another namespace that is read.
const LocationKey = "azure-native:location"

// Values is a stack's configuration: full keys, as "yces:managers", to their
// text. Lists and mappings are JSON, as Pulumi hands them to a program.
type Values map[string]string

// reader takes values out by key and collects what is wrong with them.
type reader struct {
	values Values
	known  map[string]bool
	faults faults
}

// Load reads and validates the configuration of one stack. The error lists
// every fault, one line each, by its key.
func Load(stack string, values Values) (Settings, error) {
	r := &reader{values: values, known: map[string]bool{}}
	s := Settings{
		Name:             r.text("name", Namespace+"-"+stack),
		Location:         values[LocationKey],
		Managers:         r.number("managers", 1),
		Workers:          r.number("workers", 1),
		Size:             r.text("size", "Standard_B2s"),
		Zones:            r.list("zones"),
		Rebuild:          r.list("rebuild"),
		EncryptionAtHost: r.flag("encryptionAtHost", true),
		AdminUser:        r.text("adminUser", "azureuser"),
		SSHKeys:          r.list("sshKeys"),
		Tags:             r.mapping("tags"),
		Network: Network{
			Space:   r.prefix("networkCidr", "10.20.0.0/16"),
			Swarm:   r.prefix("swarmCidr", "10.20.1.0/24"),
			Jenkins: r.prefix("jenkinsCidr", "10.20.2.0/24"),
			Bastion: r.prefix("bastionCidr", "10.20.3.0/27"),
		},
	}
	r.parts(&s)
	r.deploySecrets()
	openToWorld := r.flag("adminOpenToWorld", false)
	r.unknown()
	s.check(&r.faults, openToWorld)
	return s, r.faults.join()
}

func (r *reader) parts(s *Settings) {
	s.Access = Access{
		Bastion:     r.flag("bastion", false),
		BastionSize: r.text("bastionSize", "Standard_B1s"),
		AdminCIDRs:  r.prefixes("adminCidrs"),
	}
	s.Balance = Balance{
		ClientCIDRs: r.prefixes("clientCidrs"),
		HTTPS:       r.flag("https", false),
		DNSLabel:    r.text("dnsLabel", ""),
		DNSZone:     r.text("dnsZone", ""),
		DNSRecord:   r.text("dnsRecord", "@"),
	}
	s.Jenkins = r.jenkins(s)
	s.Monitor = Monitor{
		Enabled: r.flag("monitor", false),
		Region:  r.text("monitorRegion", "eu-central-1"),
		Type:    r.text("monitorType", "t3.small"),
		CIDR:    r.prefix("monitorCidr", "10.30.0.0/24"),
		CIDRs:   r.prefixes("monitorClientCidrs"),
	}
	s.Guard = Guard{
		Protect:      r.flag("protect", false),
		Budget:       r.number("budget", 0),
		BudgetStart:  r.text("budgetStart", ""),
		BudgetEmails: r.list("budgetEmails"),
	}
}

func (r *reader) text(key, fallback string) string {
	r.known[Namespace+":"+key] = true
	if v, ok := r.values[Namespace+":"+key]; ok {
		return v
	}
	return fallback
}

func (r *reader) number(key string, fallback int) int {
	text := r.text(key, strconv.Itoa(fallback))
	n, err := strconv.Atoi(text)
	if err != nil {
		r.faults.add(key, "must be a whole number, got %q", text)
		return fallback
	}
	return n
}

func (r *reader) flag(key string, fallback bool) bool {
	switch text := r.text(key, strconv.FormatBool(fallback)); text {
	case "true":
		return true
	case "false":
		return false
	default:
		r.faults.add(key, "must be true or false, got %q", text)
		return fallback
	}
}

func (r *reader) list(key string) []string {
	text := r.text(key, "[]")
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		r.faults.add(key, "must be a list of strings, got %q", text)
	}
	return list
}

func (r *reader) mapping(key string) map[string]string {
	text := r.text(key, "{}")
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		r.faults.add(key, "must be a mapping of strings, got %q", text)
	}
	return m
}

var secretName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// deploySecrets accepts what `swarmctl deploy` reads from the same configuration
// and no machine needs: the values are dropped here, and shown nowhere.
func (r *reader) deploySecrets() {
	const key = "deploySecrets"
	var secrets map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.text(key, "{}")), &secrets); err != nil {
		r.faults.add(key, "must be a mapping; `pulumi config set --secret --path '%s:%s.NAME'` sets one", Namespace, key)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if !secretName.MatchString(name) {
			r.faults.add(key, "%q can't be the name of a variable", name)
		}
	}
}

func (r *reader) prefix(key, fallback string) netip.Prefix {
	return r.parsePrefix(key, r.text(key, fallback))
}

// prefixes keeps the place of a faulty one: a list of those is not an empty list.
// One that is there twice is refused here, and not by EC2 halfway through.
func (r *reader) prefixes(key string) []netip.Prefix {
	var list []netip.Prefix
	for i, text := range r.list(key) {
		field := fmt.Sprintf("%s[%d]", key, i)
		p := r.parsePrefix(field, text)
		if p.IsValid() && slices.Contains(list, p) {
			r.faults.add(field, "%s is there twice", p)
		}
		list = append(list, p)
	}
	return list
}

// parsePrefix refuses host bits: Azure does, and they are mostly a slip.
func (r *reader) parsePrefix(field, text string) netip.Prefix {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		r.faults.add(field, "must be an IPv4 range as 10.0.0.0/24, got %q", text)
		return netip.Prefix{}
	}
	if p != p.Masked() {
		r.faults.add(field, "has bits set beyond /%d; meant is perhaps %s or %s/32, got %q", p.Bits(), p.Masked(), p.Addr(), text)
		return netip.Prefix{}
	}
	return p
}

// unknown refuses keys that nothing read: a misspelt one would go unnoticed.
func (r *reader) unknown() {
	var keys []string
	for key := range r.values {
		if strings.HasPrefix(key, Namespace+":") && !r.known[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		r.faults.add(strings.TrimPrefix(key, Namespace+":"), "there is no such setting")
	}
}
