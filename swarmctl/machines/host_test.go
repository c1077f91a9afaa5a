package machines

import (
	"net/netip"
	"slices"
	"testing"
)

const routeTable = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
bad	xyz	00000000	0001	0	0	0	00FFFFFF	0	0	0
`

func TestRoutesAreReadFromTheKernelsTable(t *testing.T) {
	want := []route{
		{"eth0", netip.MustParsePrefix("0.0.0.0/0")},
		{"docker0", netip.MustParsePrefix("172.17.0.0/16")},
		{"eth0", netip.MustParsePrefix("192.0.2.0/24")},
	}
	if got := parseRoutes(routeTable); !slices.Equal(got, want) {
		t.Errorf("routes = %v, want %v", got, want)
	}
}

func TestMTUIsEthernetsWithoutADefaultRoute(t *testing.T) {
	routes := []route{{"lo", netip.MustParsePrefix("10.0.0.0/8")}}
	if got := defaultRouteMTU(routes); got != defaultMTU {
		t.Errorf("MTU = %d, want %d", got, defaultMTU)
	}
}

func TestMTUIsThatOfTheDefaultRoute(t *testing.T) {
	// The loopback interface is on every machine, and its MTU is not Ethernet's.
	routes := []route{{"lo", netip.MustParsePrefix("0.0.0.0/0")}}
	if got := defaultRouteMTU(routes); got == defaultMTU {
		t.Errorf("MTU = %d, want that of lo", got)
	}
}

func TestNameserversOnLoopbackAreLeftOut(t *testing.T) {
	text := "# comment\nsearch example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver ::1\nnameserver 2001:db8::53\nnameserver fe80::1%eth0\nnameserver\n"
	want := []string{"192.0.2.53", "2001:db8::53"}
	if got := parseNameservers(text); !slices.Equal(got, want) {
		t.Errorf("servers = %v, want %v", got, want)
	}
}
