package local

import (
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/ycesproject/yces/swarmctl/machines"
)

// setting is what all machines of a cluster share.
type setting struct {
	cluster string
	network bridge
	image   string
	bare    bool
	host    machines.Host
	login   keyPair
}

// config is the machine's container: what never changes while it exists.
func (s setting) config(m machine, hostKey string) *container.Config {
	labels := clusterLabels(s.cluster)
	labels[labelNode] = m.Name
	labels[labelRole] = string(m.Role)
	labels[labelBare] = strconv.FormatBool(s.bare)
	labels[labelHostKey] = hostKey
	return machines.Config(m.Name, s.image, labels)
}

func (s setting) hostConfig(m machine) *container.HostConfig {
	h := s.host.HostConfig(s.network.ID, machines.Disks{Prefix: resourceName(s.cluster, m.Name), Labels: clusterLabels(s.cluster)})
	// A machine comes back after `reboot` inside it and after the host's own.
	h.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyUnlessStopped}
	return h
}

func (s setting) networking(m machine) *network.NetworkingConfig {
	return machines.Attach(s.network.ID, hostAddress(s.network.Subnet, m.host), m.Name)
}

// files are what makes the machine this machine, put into it before its first
// start.
func (s setting) files(host keyPair) ([]machines.File, error) {
	files, err := s.host.Files()
	if err != nil {
		return nil, err
	}
	files = append(files, s.loginFiles()...)
	return append(files,
		machines.File{Name: "etc/ssh/ssh_host_ed25519_key", Mode: 0o600, Data: host.private},
		machines.File{Name: "etc/ssh/ssh_host_ed25519_key.pub", Mode: 0o644, Data: []byte(host.public + "\n")},
	), nil
}

func (s setting) loginFiles() []machines.File {
	return []machines.File{
		{Name: "root/.ssh/", Mode: 0o700},
		{Name: "root/.ssh/authorized_keys", Mode: 0o600, Data: []byte(s.login.public + "\n")},
	}
}
