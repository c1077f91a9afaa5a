// Package machines says how a machine is made of a container: the image that it
// runs, the rights and mounts that systemd and an engine inside it need, and what
// the computer around it lends. It holds no client: whoever has one builds the
// image and makes the container.
package machines

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
)

// Host is what machines take from the computer that they run on.
type Host struct {
	// MissingCaps are the capabilities that its engine itself lacks; see
	// MissingCaps.
	MissingCaps []string
	CgroupV2    bool
	// MTU is that of the way out.
	MTU int
	// Nameservers are those that containers can ask.
	Nameservers []string
	// Proxies are the user's proxy variables, NAME=value.
	Proxies []string
	// Used are the networks that this computer is in, or knows the way to.
	Used []netip.Prefix
	// Certs are the certificates that its administrator added, by file name.
	Certs map[string][]byte
}

// ThisHost is the computer that this process runs on. What only its engine can
// tell, MissingCaps and CgroupV2, is left open.
func ThisHost(getenv func(string) string) (Host, error) {
	routes, err := hostRoutes()
	if err != nil {
		return Host{}, err
	}
	h := Host{MTU: defaultRouteMTU(routes), Nameservers: hostNameservers(), Proxies: Proxies(getenv)}
	for _, r := range routes {
		h.Used = append(h.Used, r.dest)
	}
	h.Certs, err = hostCAs()
	return h, err
}

var proxyVariables = []string{
	"http_proxy", "https_proxy", "no_proxy", "ftp_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY",
}

// Proxies are the user's proxy settings in the form of /etc/environment. As
// build arguments, every Dockerfile has them by itself, and they stay out of the
// image's history.
func Proxies(getenv func(string) string) []string {
	var list []string
	for _, key := range proxyVariables {
		if value := getenv(key); value != "" && !strings.ContainsAny(value, "\n\r") {
			list = append(list, key+"="+value)
		}
	}
	return list
}

// Config is the machine's container: what never changes while it exists.
func Config(name, image string, labels map[string]string) *container.Config {
	return &container.Config{
		Hostname: name,
		Image:    image,
		Labels:   labels,
		// systemd writes its progress to a console, and ends without one.
		Tty: true,
	}
}

// HostConfig is what the container of a machine may do, what it mounts, and the
// network that it is in.
func (h Host) HostConfig(net string, disks Disks) *container.HostConfig {
	c := &container.HostConfig{
		NetworkMode:  container.NetworkMode(net),
		CgroupnsMode: container.CgroupnsModeHost,
		UsernsMode:   "host",
		Tmpfs:        map[string]string{"/run": "mode=755", "/run/lock": "", "/tmp": "exec"},
		Mounts:       disks.mounts(),
		LogConfig:    container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "5m"}},
	}
	if h.CgroupV2 {
		// systemd must see its own cgroup as the root of the tree.
		c.CgroupnsMode = container.CgroupnsModePrivate
	}
	grant(c, h.MissingCaps)
	return c
}

// Disks are a machine's volumes.
type Disks struct {
	// Prefix begins their names; without one they have none, and go with the
	// container.
	Prefix string
	Labels map[string]string
}

// mounts: an overlay can't lie on the container's own overlay, so whatever
// keeps image layers gets a volume. Engines from version 29 keep them in
// containerd's folder.
func (d Disks) mounts() []mount.Mount {
	var mounts []mount.Mount
	for _, volume := range []string{"docker", "containerd"} {
		m := mount.Mount{Type: mount.TypeVolume, Target: "/var/lib/" + volume, VolumeOptions: &mount.VolumeOptions{Labels: d.Labels}}
		if d.Prefix != "" {
			m.Source = d.Prefix + "." + volume
		}
		mounts = append(mounts, m)
	}
	// With them the machine's engine can load ip_vs, vxlan and the like.
	if _, err := os.Stat("/lib/modules"); err == nil {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: "/lib/modules", Target: "/lib/modules", ReadOnly: true})
	}
	return mounts
}

// Network is a bridge for machines, whose first address is the way out.
func (h Host) Network(subnet netip.Prefix, labels map[string]string) network.CreateOptions {
	return network.CreateOptions{
		Driver:  "bridge",
		IPAM:    &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet.String(), Gateway: subnet.Masked().Addr().Next().String()}}},
		Options: map[string]string{"com.docker.network.driver.mtu": strconv.Itoa(h.MTU)},
		Labels:  labels,
	}
}

// Attach joins a network with a fixed address: it is still the machine's after
// a power loss.
func Attach(net string, address netip.Addr, alias string) *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		net: {
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: address.String()},
			Aliases:    []string{alias},
		},
	}}
}

// Files are what the machine needs to get along with the networks around it, put
// into it before its first start.
func (h Host) Files() ([]File, error) {
	daemon, err := h.daemonConfig()
	if err != nil {
		return nil, err
	}
	files := []File{{"etc/docker/", 0o755, nil}, {"etc/docker/daemon.json", 0o644, daemon}}
	if len(h.Proxies) > 0 {
		// pam_env reads it for each login; it may hold a proxy's password.
		files = append(files, File{"etc/environment", 0o600, []byte(strings.Join(h.Proxies, "\n") + "\n")})
	}
	return files, nil
}

// daemonConfig is the daemon.json of the machine's engine. It is there before
// Docker is installed too: the package starts the engine at once, and with
// defaults it would take networks that collide with the outer ones, ask the
// outer engine's name server, which answers on the machine's loopback only, and
// send packets larger than the way out can carry.
func (h Host) daemonConfig() ([]byte, error) {
	type pool struct {
		Base string `json:"base"`
		Size int    `json:"size"`
	}
	doc, err := json.MarshalIndent(struct {
		Pools []pool   `json:"default-address-pools"`
		MTU   int      `json:"mtu"`
		DNS   []string `json:"dns,omitempty"`
	}{[]pool{{innerPool.String(), 24}}, h.MTU, h.Nameservers}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode daemon.json: %w", err)
	}
	return append(doc, '\n'), nil
}
