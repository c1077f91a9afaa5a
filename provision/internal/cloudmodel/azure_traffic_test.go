package cloudmodel

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// open is the small world with more rules in its security group, the machine at
// the public address too.
func open(t *testing.T, rules ...string) *World {
	t.Helper()
	w, err := begin(t, `"privateIPAddress": "10.0.1.4"`, `"privateIPAddress": "10.0.1.4", "publicIPAddress": {"id": "`+network+`/publicIPAddresses/ip"}`)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Edit("/networkSecurityGroups/nsg", func(r *Resource) {
		list, _ := r.Inputs["securityRules"].([]any)
		for _, text := range rules {
			list = append(list, map[string]any(parsed(t, `{"direction": "Inbound", "protocol": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", `+text+`}`)))
		}
		r.Inputs["securityRules"] = list
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const (
	denyAll    = `"name": "none", "priority": 4096, "access": "Deny", "sourceAddressPrefix": "*", "destinationPortRange": "*"`
	serve      = `"name": "serve", "priority": 200, "access": "Allow", "sourceAddressPrefix": "Internet", "destinationPortRanges": ["79-80", "443"]`
	allowProbe = `"name": "probe", "priority": 300, "access": "Allow", "sourceAddressPrefix": "AzureLoadBalancer", "destinationPortRange": "80"`
)

// carried is where a connection to a port of the public address may end.
func carried(w *World, from string, port uint16, healthy bool) string {
	var ends []string
	to := netip.AddrPortFrom(w.PublicAddresses()[0], port)
	for _, end := range w.Carry(netip.MustParseAddr(from), to, func(Probe) bool { return healthy }) {
		ends = append(ends, end.String())
	}
	return strings.Join(ends, " ")
}

func TestAConnectionReachesWhatTheSecurityGroupOpens(t *testing.T) {
	for name, c := range map[string]struct {
		rules []string
		from  string
		port  uint16
		want  string
	}{
		"a named source":            {nil, "192.0.2.9", 22, "10.0.1.4:22"},
		"another source":            {nil, "198.51.100.9", 22, ""},
		"another port":              {nil, "192.0.2.9", 23, ""},
		"a tag and a range":         {[]string{serve}, "198.51.100.9", 79, "10.0.1.4:79"},
		"a tag that means others":   {[]string{serve}, "10.0.1.5", 443, "10.0.1.4:443"}, // by Azure's own rule
		"nobody else":               {[]string{serve, denyAll}, "10.0.1.5", 443, ""},
		"a refusal with precedence": {[]string{strings.NewReplacer("4096", "150", `"*", "dest`, `"198.51.100.9", "dest`).Replace(denyAll), serve}, "198.51.100.9", 443, ""},
		"and its neighbour":         {[]string{strings.NewReplacer("4096", "150", `"*", "dest`, `"198.51.100.9", "dest`).Replace(denyAll), serve}, "198.51.100.8", 443, "10.0.1.4:443"},
	} {
		if got := carried(open(t, c.rules...), c.from, c.port, false); got != c.want {
			t.Errorf("%s: ends at %q, want %q", name, got, c.want)
		}
	}
}

func TestABalancerLeadsToHealthyMembersOnly(t *testing.T) {
	w := open(t, serve, allowProbe, denyAll)
	err := w.Edit("/networkInterfaces/nic", func(r *Resource) {
		ip, _ := r.State["ipConfigurations"].([]any)
		delete(ip[0].(map[string]any), "publicIPAddress")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		port    uint16
		healthy bool
		want    string
	}{{80, true, "10.0.1.4:80"}, {80, false, ""}, {443, true, ""}} {
		if got := carried(w, "198.51.100.9", c.port, c.healthy); got != c.want {
			t.Errorf("port %d, healthy %t: ends at %q, want %q", c.port, c.healthy, got, c.want)
		}
	}
}

func TestAProbeIsAskedWhereTheSecurityGroupLetsItIn(t *testing.T) {
	want := []Probe{{Target: netip.MustParseAddrPort("10.0.1.4:80"), Path: "/", Interval: 5 * time.Second, Threshold: 2}}
	for _, rules := range [][]string{nil, {allowProbe, denyAll}} { // by Azure's own rule, by ours
		if got := open(t, rules...).Probes(); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got := open(t, denyAll).Probes(); len(got) > 0 {
		t.Errorf("asked through a closed group: %+v", got)
	}
}

func TestPublicAddressesAreOfTheWorldsNetwork(t *testing.T) {
	w := New(idle{})
	w.In(netip.MustParsePrefix("127.99.3.0/24"), netip.MustParsePrefix("127.99.4.0/24"))
	for _, r := range small[:4] {
		if _, err := w.create(r.kind, parsed(t, r.inputs)); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.PublicAddresses(); len(got) != 1 || !strings.HasPrefix(got[0].String(), "127.99.3.") {
		t.Errorf("got %v", got)
	}
}
