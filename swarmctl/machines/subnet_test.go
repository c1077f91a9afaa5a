package machines

import (
	"net/netip"
	"testing"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestTheFirstFreeSubnetIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		used []netip.Prefix
		want string
	}{
		"nothing in use":           {nil, "10.213.0.0/24"},
		"default route":            {prefixes("0.0.0.0/0"), "10.213.0.0/24"},
		"another cluster":          {prefixes("10.213.0.0/24"), "10.213.1.0/24"},
		"one address in it":        {prefixes("10.213.0.77/32"), "10.213.1.0/24"},
		"a hole":                   {prefixes("10.213.0.0/24", "10.213.2.0/24"), "10.213.1.0/24"},
		"a company that uses 10/8": {prefixes("10.0.0.0/8"), "198.18.0.0/24"},
	} {
		if got := FreeSubnets(c.used)[0].String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestNoSubnetIsLeftWhenAllAreInUse(t *testing.T) {
	if free := FreeSubnets(prefixes("10.0.0.0/8", "198.18.0.0/15")); len(free) != 0 {
		t.Errorf("%d subnets are free, want none", len(free))
	}
}

func TestTheMachinesOwnPoolMeetsNoClusterNetwork(t *testing.T) {
	for _, subnet := range FreeSubnets(nil) {
		if innerPool.Overlaps(subnet) {
			t.Errorf("%s overlaps %s", innerPool, subnet)
		}
	}
}
