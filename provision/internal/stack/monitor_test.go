package stack

import (
	"slices"
	"strings"
	"testing"
)

func TestWithoutAMonitorNothingOfAWSIsDeclared(t *testing.T) {
	r, outputs := run(t, dev(t))
	for _, d := range r.list {
		if strings.Contains(d.token, "aws") || strings.HasPrefix(d.token, "tls:") {
			t.Errorf("%s %s", d.token, d.name)
		}
	}
	if outputs["monitorUrl"] != nil {
		t.Errorf("monitorUrl is %v", outputs["monitorUrl"])
	}
	if r, outputs = run(t, with(dev(t), "monitor", "true")); outputs["monitorUrl"] != "https://192.0.2.7/" || len(r.of("aws:ec2/instance:Instance")) != 1 {
		t.Errorf("monitorUrl is %v", outputs["monitorUrl"])
	}
	for _, rule := range securityRules(r) {
		if rule.name == "nrpe-from-monitor" && (rule.sources != "192.0.2.7/32" || rule.ports != "5666") {
			t.Errorf("%+v", rule)
		}
	}
}

func TestTheMonitorsDiskIsEncryptedAndItsMetadataNeedsATokenAndNoHop(t *testing.T) {
	r, _ := run(t, prod(t))
	instance := r.of("aws:ec2/instance:Instance")[0].inputs
	if at(instance, "rootBlockDevice", "encrypted") != true || at(instance, "metadataOptions", "httpTokens") != "required" || at(instance, "metadataOptions", "httpPutResponseHopLimit") != 1.0 {
		t.Errorf("%v", instance)
	}
}

// EC2 refuses an address before there is a gateway, and to take a gateway away
// from under an address; neither names the other.
func TestTheMonitorsAddressWaitsForTheGateway(t *testing.T) {
	r, _ := run(t, prod(t))
	needs := r.of("aws:ec2/eipAssociation:EipAssociation")[0].needs
	if !slices.ContainsFunc(needs, func(urn string) bool { return strings.Contains(urn, "aws:ec2/internetGateway:InternetGateway::") }) {
		t.Errorf("it waits for %q only", needs)
	}
}
