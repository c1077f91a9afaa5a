package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type rule struct {
	group, name, access, protocol, sources, ports string
	priority                                      float64
}

func securityRules(r *recorder) []rule {
	var rules []rule
	for _, group := range r.of("azure-native:network:NetworkSecurityGroup") {
		for _, one := range list(group.inputs["securityRules"]) {
			text := func(key, plural string) string {
				if s, ok := at(one, key).(string); ok {
					return s
				}
				return strings.Trim(fmt.Sprint(list(at(one, plural))), "[]")
			}
			rules = append(rules, rule{
				group: group.name, name: text("name", ""), access: text("access", ""), protocol: text("protocol", ""),
				sources: text("sourceAddressPrefix", "sourceAddressPrefixes"), ports: text("destinationPortRange", "destinationPortRanges"), priority: at(one, "priority").(float64),
			})
		}
	}
	return rules
}

func TestNothingButTheServiceIsOpenToTheWorld(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		rules := securityRules(r)
		if len(rules) == 0 {
			t.Fatal("there are no rules")
		}
		for _, rule := range rules {
			open := strings.Contains(rule.sources, "/0") || slices.Contains([]string{"*", "Internet"}, rule.sources)
			if open && rule.access == "Allow" && rule.name != "service-from-clients" {
				t.Errorf("%s: %s is open to %s on %s", rule.group, rule.name, rule.sources, rule.ports)
			}
		}
		for _, group := range r.of("aws:ec2/securityGroup:SecurityGroup") {
			for _, one := range list(group.inputs["ingress"]) {
				if strings.Contains(fmt.Sprint(at(one, "cidrBlocks")), "/0") {
					t.Errorf("%s is open to the world: %v", group.name, one)
				}
			}
		}
	})
}

func TestTheServiceRuleOpensItsPortsOnly(t *testing.T) {
	for https, want := range map[string]string{"false": "80", "true": "80 443"} {
		r, _ := run(t, with(dev(t), "https", https))
		for _, rule := range securityRules(r) {
			if rule.name == "service-from-clients" && (rule.ports != want || rule.sources != "Internet") {
				t.Errorf("https %s: %+v, want ports %s", https, rule, want)
			}
		}
	}
	r, _ := run(t, with(dev(t), "clientCidrs", `["192.0.2.0/24"]`))
	for _, rule := range securityRules(r) {
		if rule.name == "service-from-clients" && rule.sources != "192.0.2.0/24" {
			t.Errorf("got %+v", rule)
		}
	}
}

func TestSSHComesFromAdministratorsOrThroughTheBastion(t *testing.T) {
	for bastion, want := range map[string]string{"false": "203.0.113.17/32", "true": "10.20.3.0/27"} {
		r, _ := run(t, with(dev(t), "bastion", bastion))
		seen := 0
		for _, rule := range securityRules(r) {
			if rule.name != "ssh-from-admins" || strings.HasSuffix(rule.group, "bastion-nsg") {
				continue
			}
			seen++
			if rule.sources != want || rule.ports != "22" {
				t.Errorf("bastion %s: %+v, want from %s", bastion, rule, want)
			}
		}
		if seen != 2 {
			t.Errorf("bastion %s: %d groups let administrators in, want the nodes' and Jenkins's", bastion, seen)
		}
	}
}

func TestSwarmPortsAreOpenWithinTheSubnetOnly(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		want := map[string]string{"swarm-control-tcp": "Tcp 2377 7946", "swarm-gossip-and-overlay-udp": "Udp 4789 7946", "swarm-encrypted-overlay": "Esp *"}
		for _, rule := range securityRules(r) {
			if !strings.HasPrefix(rule.name, "swarm-") {
				continue
			}
			if rule.sources != "10.20.1.0/24" || rule.protocol+" "+rule.ports != want[rule.name] {
				t.Errorf("%+v", rule)
			}
			delete(want, rule.name)
		}
		if len(want) > 0 {
			t.Errorf("there is no rule for %v", want)
		}
	})
}

func TestPrioritiesAreUniqueAndTheLastRuleRefusesTheRest(t *testing.T) {
	eachStack(t, func(t *testing.T, r *recorder, _ map[string]any) {
		last := map[string]rule{}
		for _, rule := range securityRules(r) {
			if before, ok := last[rule.group]; ok && rule.priority <= before.priority {
				t.Errorf("%s: %s has priority %v after %v", rule.group, rule.name, rule.priority, before.priority)
			}
			last[rule.group] = rule
		}
		for group, rule := range last {
			if rule.access != "Deny" || rule.sources != "*" || rule.ports != "*" || rule.protocol != "*" || rule.priority != 4096 {
				t.Errorf("%s ends with %+v", group, rule)
			}
		}
	})
}
