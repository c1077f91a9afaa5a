package local

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

// setting is what all machines of a cluster share.
type setting struct {
	cluster string
	network bridge
	image   string
	bare    bool
	// missing are the capabilities that the outer engine itself lacks.
	missing     []string
	cgroupV2    bool
	mtu         int
	nameservers []string
	login       keyPair
	// proxies are the user's proxy variables, NAME=value.
	proxies []string
}

// config is the machine's container: what never changes while it exists.
func (s setting) config(m machine, hostKey string) *container.Config {
	labels := clusterLabels(s.cluster)
	labels[labelNode] = m.Name
	labels[labelRole] = string(m.Role)
	labels[labelBare] = strconv.FormatBool(s.bare)
	labels[labelHostKey] = hostKey
	return &container.Config{
		Hostname: m.Name,
		Image:    s.image,
		Labels:   labels,
		// systemd writes its progress to a console, and ends without one.
		Tty: true,
	}
}

func (s setting) hostConfig(m machine) *container.HostConfig {
	h := &container.HostConfig{
		// A machine comes back after `reboot` inside it and after the host's own.
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyUnlessStopped},
		NetworkMode:   container.NetworkMode(s.network.ID),
		CgroupnsMode:  container.CgroupnsModeHost,
		UsernsMode:    "host",
		Tmpfs:         map[string]string{"/run": "mode=755", "/run/lock": "", "/tmp": "exec"},
		Mounts:        s.mounts(m),
		LogConfig:     container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "5m"}},
	}
	if s.cgroupV2 {
		// systemd must see its own cgroup as the root of the tree.
		h.CgroupnsMode = container.CgroupnsModePrivate
	}
	grant(h, s.missing)
	return h
}

// mounts: an overlay can't lie on the container's own overlay, so whatever
// keeps image layers gets a volume. Engines from version 29 keep them in
// containerd's folder.
func (s setting) mounts(m machine) []mount.Mount {
	var mounts []mount.Mount
	for _, volume := range []string{"docker", "containerd"} {
		mounts = append(mounts, mount.Mount{
			Type: mount.TypeVolume, Source: resourceName(s.cluster, m.Name+"."+volume), Target: "/var/lib/" + volume,
			VolumeOptions: &mount.VolumeOptions{Labels: clusterLabels(s.cluster)},
		})
	}
	// With them the machine's engine can load ip_vs, vxlan and the like.
	if _, err := os.Stat("/lib/modules"); err == nil {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: "/lib/modules", Target: "/lib/modules", ReadOnly: true})
	}
	return mounts
}

func (s setting) networking(m machine) *network.NetworkingConfig {
	return attach(s.network.ID, hostAddress(s.network.Subnet, m.host), m.Name)
}

// attach joins a network with a fixed address: it is still the machine's after
// a power loss.
func attach(id string, address netip.Addr, alias string) *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		id: {
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: address.String()},
			Aliases:    []string{alias},
		},
	}}
}

// files are what makes the machine this machine, put into it before its first
// start.
func (s setting) files(host keyPair) ([]file, error) {
	daemon, err := s.daemonConfig()
	if err != nil {
		return nil, err
	}
	files := append(s.loginFiles(),
		file{"etc/ssh/ssh_host_ed25519_key", 0o600, host.private},
		file{"etc/ssh/ssh_host_ed25519_key.pub", 0o644, []byte(host.public + "\n")},
		file{"etc/docker/", 0o755, nil},
		file{"etc/docker/daemon.json", 0o644, daemon},
	)
	if len(s.proxies) > 0 {
		// pam_env reads it for each login; it may hold a proxy's password.
		files = append(files, file{"etc/environment", 0o600, []byte(strings.Join(s.proxies, "\n") + "\n")})
	}
	return files, nil
}

func (s setting) loginFiles() []file {
	return []file{
		{"root/.ssh/", 0o700, nil},
		{"root/.ssh/authorized_keys", 0o600, []byte(s.login.public + "\n")},
	}
}

// daemonConfig is the daemon.json of the machine's engine. It is there before
// Docker is installed too: the package starts the engine at once, and with
// defaults it would take networks that collide with the outer ones, ask the
// outer engine's name server, which answers on the machine's loopback only, and
// send packets larger than the way out can carry.
func (s setting) daemonConfig() ([]byte, error) {
	type pool struct {
		Base string `json:"base"`
		Size int    `json:"size"`
	}
	doc, err := json.MarshalIndent(struct {
		Pools []pool   `json:"default-address-pools"`
		MTU   int      `json:"mtu"`
		DNS   []string `json:"dns,omitempty"`
	}{[]pool{{innerPool.String(), 24}}, s.mtu, s.nameservers}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode daemon.json: %w", err)
	}
	return append(doc, '\n'), nil
}
