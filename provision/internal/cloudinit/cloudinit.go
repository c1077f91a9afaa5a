// Package cloudinit writes the user-data that machines start with: what has to
// be true before swarmctl logs in, and no more. Docker and the swarm are
// swarmctl's. Documents are the same, byte for byte, for the same settings,
// because a changed document means a new machine.
package cloudinit

import (
	"embed"
	"fmt"

	"sigs.k8s.io/yaml"
)

//go:embed files
var files embed.FS

// header is what cloud-init recognizes a cloud-config by.
const header = "#cloud-config\n"

// config is the part of cloud-config that we write; see
// https://cloudinit.readthedocs.io/en/latest/reference/modules.html.
type config struct {
	DisableRoot    bool              `json:"disable_root"`
	SSHPasswords   bool              `json:"ssh_pwauth"`
	DeleteHostKeys bool              `json:"ssh_deletekeys"`
	HostKeyTypes   []string          `json:"ssh_genkeytypes,omitempty"`
	HostKeys       map[string]string `json:"ssh_keys,omitempty"`
	AuthorizedKeys []string          `json:"ssh_authorized_keys,omitempty"`
	Timezone       string            `json:"timezone"`
	PackageUpdate  bool              `json:"package_update"`
	Packages       []string          `json:"packages,omitempty"`
	WriteFiles     []file            `json:"write_files"`
	RunCmd         [][]string        `json:"runcmd"`
}

type file struct {
	Path        string `json:"path"`
	Content     string `json:"content"`
	Permissions string `json:"permissions"`
}

// Node is the document of a machine in the swarm.
func Node() (string, error) { return render(hardened("node")) }

// Bastion is the document of the machine that SSH goes through.
func Bastion() (string, error) {
	c := hardened("bastion")
	// Before the common file: sshd keeps the first value that it reads.
	c.add("/etc/ssh/sshd_config.d/05-bastion.conf", "bastion.conf", "0600")
	return render(c)
}

// Monitor is the document of the monitoring host. Its host key is made by the
// stack, because EC2 has no authenticated way to ask a machine for it.
// authorized are the keys that may log in.
func Monitor(hostKey, hostKeyPublic string, authorized []string) (string, error) {
	c := hardened("monitor")
	c.HostKeyTypes = nil
	c.HostKeys = map[string]string{"ed25519_private": hostKey, "ed25519_public": hostKeyPublic}
	c.AuthorizedKeys = authorized
	return render(c)
}

// hardened is what every machine has.
func hardened(role string) config {
	c := config{
		DisableRoot:    true,
		DeleteHostKeys: true,
		HostKeyTypes:   []string{"ed25519", "ecdsa"},
		Timezone:       "Etc/UTC",
		PackageUpdate:  true,
		Packages:       []string{"unattended-upgrades"},
		RunCmd:         [][]string{{"/usr/local/sbin/yces-first-boot", role}},
	}
	c.add("/etc/ssh/sshd_config.d/10-yces.conf", "sshd.conf", "0600")
	c.add("/etc/systemd/journald.conf.d/10-yces.conf", "journald.conf", "0644")
	c.add("/etc/apt/apt.conf.d/52-yces-upgrades", "upgrades.conf", "0644")
	c.add("/usr/local/sbin/yces-first-boot", "first-boot.sh", "0755")
	return c
}

// add writes an embedded file to a path of the machine.
func (c *config) add(path, name, permissions string) {
	text, err := files.ReadFile("files/" + name)
	if err != nil {
		panic(err) // embedded, so it is there
	}
	c.WriteFiles = append(c.WriteFiles, file{Path: path, Content: string(text), Permissions: permissions})
}

// limit is how many bytes of custom data Azure takes.
const limit = 65535

func render(c config) (string, error) {
	text, err := yaml.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write cloud-config: %w", err)
	}
	if size := len(header) + len(text); size > limit {
		return "", fmt.Errorf("write cloud-config: it has %d bytes, and Azure takes %d", size, limit)
	}
	return header + string(text), nil
}
