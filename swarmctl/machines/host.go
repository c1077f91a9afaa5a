package machines

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// defaultMTU is Ethernet's.
const defaultMTU = 1500

// route is one line of /proc/net/route.
type route struct {
	device string
	dest   netip.Prefix
}

// parseRoutes reads /proc/net/route: addresses are hexadecimal in the host's
// byte order, which is little-endian wherever this is built.
func parseRoutes(text string) []route {
	var routes []route
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 8 || f[0] == "Iface" {
			continue
		}
		dest, ok1 := parseHexAddr(f[1])
		mask, ok2 := parseHexAddr(f[7])
		if !ok1 || !ok2 {
			continue
		}
		m := mask.As4()
		bits, _ := net.IPMask(m[:]).Size()
		routes = append(routes, route{device: f[0], dest: netip.PrefixFrom(dest, bits)})
	}
	return routes
}

func parseHexAddr(s string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 4 {
		return netip.Addr{}, false
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], binary.LittleEndian.Uint32(raw))
	return netip.AddrFrom4(b), true
}

// hostRoutes are the routes of this machine, and the networks of its
// interfaces, those that are down included.
func hostRoutes() ([]route, error) {
	text, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	routes := parseRoutes(string(text))
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // the interface went away meanwhile
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				routes = append(routes, route{device: i.Name, dest: p.Masked()})
			}
		}
	}
	return routes, nil
}

// defaultRouteMTU is the MTU of the way out: a bridge with a larger one loses
// the large packets wherever path MTU discovery does not work.
func defaultRouteMTU(routes []route) int {
	for _, r := range routes {
		if r.dest.Bits() != 0 {
			continue
		}
		if i, err := net.InterfaceByName(r.device); err == nil {
			return i.MTU
		}
	}
	return defaultMTU
}

// parseNameservers reads a resolv.conf. Loopback addresses are left out: inside
// a container they are the container itself.
func parseNameservers(text string) []string {
	var servers []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil && !a.IsLoopback() && a.Zone() == "" {
			servers = append(servers, a.String())
		}
	}
	return servers
}

// hostNameservers are the name servers that containers can ask. Behind
// systemd-resolved the real ones stand in its own file.
func hostNameservers() []string {
	for _, path := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if servers := parseNameservers(string(text)); len(servers) > 0 {
			return servers
		}
	}
	return nil
}

// hostCAs are the certificates that this machine's administrator added: behind
// a proxy that intercepts TLS nothing in the machines works without them.
func hostCAs() (map[string][]byte, error) {
	certs := map[string][]byte{}
	for _, pattern := range []string{"/usr/local/share/ca-certificates/*.crt", "/etc/pki/ca-trust/source/anchors/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("list certificates: %w", err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("read certificate: %w", err)
			}
			name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".crt"
			certs[name] = text
		}
	}
	return certs, nil
}
