package machines

import (
	"errors"
	"net/netip"
)

// Where clusters get their /24 from: a corner of 10.0.0.0/8 that is seldom
// used, then the range for benchmarks of RFC 2544.
var subnetPools = []netip.Prefix{
	netip.MustParsePrefix("10.213.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/16"),
}

// innerPool is what the machines' own engines take bridge networks from. Each
// machine hides it behind its address, so all may use the same; Docker's default
// pools hold ranges that company networks use, and the cluster's own.
var innerPool = netip.MustParsePrefix("198.19.0.0/16")

// ErrNoSubnet says that FreeSubnets found none.
var ErrNoSubnet = errors.New("no free /24 in 10.213.0.0/16 or 198.18.0.0/16")

// FreeSubnets lists the /24 networks of the pools that overlap nothing in use.
func FreeSubnets(used []netip.Prefix) []netip.Prefix {
	var free []netip.Prefix
	for _, pool := range subnetPools {
		b := pool.Addr().As4()
		for third := range 256 {
			b[2] = byte(third)
			candidate := netip.PrefixFrom(netip.AddrFrom4(b), 24)
			if !overlapsAny(candidate, used) {
				free = append(free, candidate)
			}
		}
	}
	return free
}

func overlapsAny(p netip.Prefix, used []netip.Prefix) bool {
	for _, u := range used {
		// A default route covers everything and collides with nothing.
		if u.Bits() > 0 && p.Overlaps(u) {
			return true
		}
	}
	return false
}
