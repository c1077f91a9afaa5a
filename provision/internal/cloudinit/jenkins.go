package cloudinit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Build is the machine that Jenkins runs on. None of it is a secret.
type Build struct {
	// KeyFingerprint is what the key of Jenkins's package repository must have.
	KeyFingerprint string
	// Version is that of Jenkins's package.
	Version string
	// PluginManagerURL and -SHA256 are those of the program that installs the plug-ins.
	PluginManagerURL, PluginManagerSHA256 string
	// Files are Jenkins as code, by name; without them it is installed and not started.
	Files map[string][]byte
	// Vault is the address of the key vault, https://NAME.vault.azure.net.
	Vault string
	// Secrets are the names of what Jenkins reads from there.
	Secrets []string
}

// Jenkins is the document of the build machine.
func Jenkins(b Build) (string, error) {
	c := hardened("jenkins")
	c.Packages = append(c.Packages, "curl", "gnupg", "openssl")
	c.add("/etc/systemd/system/jenkins.service.d/10-yces.conf", "jenkins.conf", "0644")
	c.add("/etc/systemd/system/jenkins.timer", "jenkins-start.timer", "0644")
	c.add("/etc/systemd/system/yces-jenkins-secrets.service", "jenkins-secrets.service", "0644")
	c.add("/etc/systemd/system/yces-jenkins-secrets.timer", "jenkins-secrets.timer", "0644")
	c.add("/etc/systemd/system/jenkins-backup.service", "jenkins-backup.service", "0644")
	c.add("/etc/systemd/system/jenkins-backup.timer", "jenkins-backup.timer", "0644")
	c.add("/etc/nginx/sites-available/jenkins", "jenkins-nginx.conf", "0644")
	c.add("/usr/local/sbin/jenkins-backup", "jenkins-backup.sh", "0755")
	c.add("/usr/local/sbin/jenkins-restore", "jenkins-restore.sh", "0755")
	c.add("/usr/local/sbin/yces-jenkins-secrets", "jenkins-secrets.sh", "0755")
	c.add("/usr/local/sbin/yces-jenkins", "jenkins.sh", "0755")
	c.write("/etc/jenkins/machine.conf", b.conf())
	if len(b.Files) > 0 {
		c.write("/etc/jenkins/secrets.list", strings.Join(b.Secrets, "\n")+"\n")
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		c.write("/etc/jenkins/"+name, string(b.Files[name]))
	}
	c.RunCmd = append(c.RunCmd, []string{"/usr/local/sbin/yces-jenkins"})
	return render(c)
}

// conf is what the scripts read. Settings have kept out what a shell would
// take for more than a word.
func (b Build) conf() string {
	return fmt.Sprintf("FINGERPRINT=%s\nVERSION=%s\nPLUGIN_MANAGER_URL=%s\nPLUGIN_MANAGER_SHA256=%s\nVAULT=%s\n",
		b.KeyFingerprint, b.Version, b.PluginManagerURL, b.PluginManagerSHA256, b.Vault)
}

// write writes a text of ours to a path of the machine.
func (c *config) write(path, text string) {
	c.WriteFiles = append(c.WriteFiles, file{Path: path, Content: text, Permissions: "0644"})
}
