package settings

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What names may look like. The cluster's is short, because Azure counts the
// longest name that is made of it, a host's, to 64.
var (
	clusterName  = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
	location     = regexp.MustCompile(`^[a-z]+[a-z0-9]*$`)
	vmSize       = regexp.MustCompile(`^Standard_[A-Z]{1,3}[0-9]{1,3}(-[0-9]{1,3})?[a-z]*(_[A-Za-z0-9]+)*$`)
	armSize      = regexp.MustCompile(`^Standard_[A-Z]{1,3}[0-9-]+[a-z]*p[a-z]*(_|$)`)
	firstGenOnly = regexp.MustCompile(`^Standard_(A|D|DS|F|G|GS)[0-9]+$|^Standard_A`)
	userName     = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
	dnsLabel     = regexp.MustCompile(`^[a-z][a-z0-9-]{1,61}[a-z0-9]$`)
	dnsZone      = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)
	dnsRecord    = regexp.MustCompile(`^(@|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$`)
	region       = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	armInstance  = regexp.MustCompile(`^[a-z]+[0-9]+g[a-z]*\.`)
	tagName      = regexp.MustCompile(`^[^<>%&\\?/]{1,512}$`)
)

// reserved are user names that Azure refuses.
var reserved = []string{"root", "admin", "administrator", "guest", "test", "user", "sys", "support", "owner", "actuser", "backup", "console", "david", "john", "server", "sql", "video"}

// check adds what is wrong between and with the values.
func (s Settings) check(f *faults, openToWorld bool) {
	s.checkNames(f)
	s.checkNodes(f)
	s.checkLogin(f, openToWorld)
	s.checkNetwork(f)
	s.checkParts(f)
	s.checkGuard(f)
}

func (s Settings) checkNames(f *faults) {
	if !clusterName.MatchString(s.Name) {
		f.add("name", "must be 1 to 40 lower-case letters, digits and hyphens, beginning with a letter, got %q", s.Name)
	}
	if !location.MatchString(s.Location) {
		*f = append(*f, fault(LocationKey, "must be a region's short name as westeurope, got %q", s.Location))
	}
	for name := range s.Tags {
		if !tagName.MatchString(name) {
			f.add("tags", "%q can't be a tag's name", name)
		}
	}
}

func (s Settings) checkNodes(f *faults) {
	switch {
	case s.Managers < 1 || s.Managers > maxManagers:
		f.add("managers", "must be 1, 3, 5 or 7, got %d", s.Managers)
	case s.Managers%2 == 0:
		f.add("managers", "must be odd: %d survive the loss of no more than %d do, got %d", s.Managers, s.Managers-1, s.Managers)
	}
	if s.Workers < 0 || s.Workers > 50 {
		f.add("workers", "must be between 0 and 50, got %d", s.Workers)
	}
	checkSize(f, "size", s.Size)
	for i, zone := range s.Zones {
		if !slices.Contains([]string{"1", "2", "3"}, zone) {
			f.add("zones", "must be \"1\", \"2\" or \"3\", got %q", zone)
		}
		if slices.Contains(s.Zones[:i], zone) {
			f.add("zones", "%q is there twice", zone)
		}
	}
	s.checkRebuild(f)
}

// checkRebuild keeps the majority: a rebuilt manager is out of the swarm until
// `swarmctl up` has joined it again.
func (s Settings) checkRebuild(f *faults) {
	managers := 0
	for _, name := range s.Rebuild {
		switch {
		case s.isNode(name, "manager", s.Managers):
			managers++
		case name != s.Name+"-jenkins" && name != s.Name+"-monitor" && name != s.Name+"-bastion" && !s.isNode(name, "worker", s.Workers):
			f.add("rebuild", "there is no machine %q", name)
		}
	}
	if managers > 1 {
		f.add("rebuild", "names %d managers; one at a time, with `swarmctl up` after each", managers)
	}
}

func (s Settings) isNode(name, role string, count int) bool {
	for n := 1; n <= count; n++ {
		if s.NodeName(role, n) == name {
			return true
		}
	}
	return false
}

// checkSize refuses what the image can't start on: it is for x86-64 and boots
// by UEFI (generation 2), as trusted launch asks.
func checkSize(f *faults, key, size string) {
	switch {
	case !vmSize.MatchString(size):
		f.add(key, "must look like Standard_B2s, got %q", size)
	case armSize.MatchString(size):
		f.add(key, "is an Arm size, and the machines' image is for x86-64, got %q", size)
	case firstGenOnly.MatchString(size):
		f.add(key, "has no trusted launch (generation 2), got %q", size)
	}
}

func (s Settings) checkLogin(f *faults, openToWorld bool) {
	if !userName.MatchString(s.AdminUser) || slices.Contains(reserved, s.AdminUser) {
		f.add("adminUser", "must be a Unix user name that Azure allows, got %q", s.AdminUser)
	}
	if len(s.SSHKeys) == 0 {
		f.add("sshKeys", "is empty; `pulumi config set --path 'yces:sshKeys[0]' \"$(cat ~/.ssh/id_ed25519.pub)\"`")
	}
	for i, key := range s.SSHKeys {
		if !validKey(key) {
			f.add("sshKeys", "[%d] must be a public key of type ssh-ed25519 or ssh-rsa, got %.20q", i, key)
		}
	}
	if len(s.Access.AdminCIDRs) == 0 {
		f.add("adminCidrs", "names nobody who may log in; `pulumi config set --path 'yces:adminCidrs[0]' YOUR-ADDRESS/32`")
	}
	for _, p := range s.Access.AdminCIDRs {
		if wide(p) && !openToWorld {
			f.add("adminCidrs", "%s opens SSH to the world; if that is meant, set adminOpenToWorld to true too", p)
		}
	}
	if s.Access.Bastion {
		checkSize(f, "bastionSize", s.Access.BastionSize)
	}
}

// wide tells whether a range is so large that it is no address of somebody's.
func wide(p netip.Prefix) bool { return p.IsValid() && p.Bits() < 8 }

// validKey checks that the blob is of the type that stands before it. Azure
// takes these two types.
func validKey(key string) bool {
	fields := strings.Fields(key)
	if len(fields) < 2 || !slices.Contains([]string{"ssh-ed25519", "ssh-rsa"}, fields[0]) || strings.ContainsAny(key, "\n\r") {
		return false
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	return err == nil && len(blob) > 4+len(fields[0]) && string(blob[4:4+len(fields[0])]) == fields[0]
}

func (s Settings) checkParts(f *faults) {
	b := s.Balance
	if b.DNSLabel != "" && !dnsLabel.MatchString(b.DNSLabel) {
		f.add("dnsLabel", "must be 3 to 63 lower-case letters, digits and hyphens, got %q", b.DNSLabel)
	}
	if b.DNSZone != "" && !dnsZone.MatchString(b.DNSZone) {
		f.add("dnsZone", "must be a domain name, got %q", b.DNSZone)
	}
	if !dnsRecord.MatchString(b.DNSRecord) {
		f.add("dnsRecord", "must be @ or one label, got %q", b.DNSRecord)
	}
	if s.Jenkins.Enabled {
		s.checkJenkins(f)
	}
	if s.Monitor.Enabled {
		s.checkMonitor(f)
	}
}

func (s Settings) checkMonitor(f *faults) {
	m := s.Monitor
	if !region.MatchString(m.Region) {
		f.add("monitorRegion", "must be an AWS region as eu-central-1, got %q", m.Region)
	}
	if !instanceType.MatchString(m.Type) {
		f.add("monitorType", "must be an EC2 instance type as t3.small, got %q", m.Type)
	} else if armInstance.MatchString(m.Type) {
		f.add("monitorType", "is an Arm type, and the machine's image is for x86-64, got %q", m.Type)
	}
	for _, p := range m.CIDRs {
		if wide(p) {
			f.add("monitorClientCidrs", "%s opens the monitoring host to the world", p)
		}
	}
}

func (s Settings) checkGuard(f *faults) {
	g := s.Guard
	if g.Budget < 0 {
		f.add("budget", "must not be negative, got %d", g.Budget)
	}
	if g.Budget <= 0 {
		return
	}
	if _, err := time.Parse("2006-01", g.BudgetStart); err != nil {
		f.add("budgetStart", "must be the budget's first month as 2026-01, got %q", g.BudgetStart)
	}
	if len(g.BudgetEmails) == 0 {
		f.add("budgetEmails", "is empty: nobody would hear of the budget")
	}
	for _, address := range g.BudgetEmails {
		if !strings.Contains(strings.Trim(address, "@"), "@") {
			f.add("budgetEmails", "must be mail addresses, got %q", address)
		}
	}
}
