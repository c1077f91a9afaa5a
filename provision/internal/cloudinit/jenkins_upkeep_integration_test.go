//go:build integration

package cloudinit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ycesproject/yces/provision/internal/jenkins"
)

func sum(text string) string {
	all := sha256.Sum256([]byte(text))
	return hex.EncodeToString(all[:])
}

// takesNewSecrets while Jenkins goes on, and starts without the vault too.
func (m *machine) takesNewSecrets(o *outside, secrets map[string]string) {
	m.t.Helper()
	before := m.awaitJenkins()
	secrets["SWARM_INVENTORY"], secrets["GITHUB_TOKEN"] = "another", "another"
	o.keep(secrets)
	m.run("systemctl start yces-jenkins-secrets")
	after := m.awaitJenkins()
	if after.Secrets["SWARM_INVENTORY"] != sum("another") || after.Secrets["GITHUB_TOKEN"] != sum("another") || after.Process != before.Process {
		m.t.Errorf("process %d goes on as %d, with the secrets %v", before.Process, after.Process, after.Secrets)
	}
	if out, _ := m.try("curl -sk -o /dev/null -w '%{http_code}' --data-binary @/run/yces-jenkins-reload.env https://127.0.0.1/reload-configuration-as-code/; stat -c ' %U %a' /run/yces-jenkins-reload.env"); out != "404 root 600" {
		m.t.Errorf("who may make Jenkins read its configuration: %s", out)
	}
	o.change("away", "yes")
	m.run("systemctl restart jenkins")
	if got := m.awaitJenkins(); got.Secrets["GITHUB_TOKEN"] != sum("another") || got.Process == before.Process {
		m.t.Errorf("without the vault Jenkins has lost its token: %+v", got)
	}
	if out := m.run("journalctl --no-pager -u yces-jenkins-secrets"); !strings.Contains(out, "those of an earlier fetch") {
		m.t.Errorf("nobody is told that the vault was away:\n%s", out)
	}
	o.change("away", "")
}

// takesACertificate that the vault did not have when the machine was made, and
// none that nginx can't use.
func (m *machine) takesACertificate(o *outside, secrets map[string]string) {
	m.t.Helper()
	_, _, cert, key := issue(m.t, "jenkins.example", o.authority, o.authorityKey)
	secrets[jenkins.Certificate], secrets[jenkins.CertificateKey] = string(cert), string(key)
	o.keep(secrets)
	m.run("systemctl start yces-jenkins-secrets")
	m.await("the certificate", time.Minute, func() bool { // nginx is told, and takes a moment
		_, name := m.ask(nil)
		return name == "jenkins.example"
	})
	secrets[jenkins.Certificate] = "nonsense"
	o.keep(secrets)
	m.run("systemctl start yces-jenkins-secrets && nginx -t -q")
	if _, name := m.ask(nil); name != "jenkins.example" {
		m.t.Errorf("a certificate that is none took the place of %s", name)
	}
}

// isMended, while somebody else holds apt's locks: what is sound stays as it is,
// and another list of plug-ins reaches Jenkins by a new start.
func (m *machine) isMended() {
	m.t.Helper()
	const state = "stat -c '%n %i' /var/lib/jenkins/plugins /var/lib/jenkins/plugins/git.jpi; systemctl show -P MainPID jenkins nginx"
	before := m.run(state)
	m.run(`python3 -c 'import fcntl, time
locks = [open(name, "w") for name in ("/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock")]
[fcntl.lockf(lock, fcntl.LOCK_EX) for lock in locks]
print(flush=True)
time.sleep(4)' >/run/locked &
until [ -s /run/locked ]; do sleep 0.1; done
yces-jenkins`)
	if after := m.run(state); after != before {
		m.t.Errorf("a sound machine was\n%s\nand is\n%s", before, after)
	}
	m.run("echo extra:1.0 >>/etc/jenkins/plugins.txt && yces-jenkins")
	if plugins := m.awaitJenkins().Plugins; !slices.Contains(plugins, "extra.jpi") {
		m.t.Errorf("Jenkins runs with %q", plugins)
	}
}

// leavesRoomOnItsDisk: a backup that does not fit is not begun, and one that
// turns out not to fit leaves nothing behind.
func (m *machine) leavesRoomOnItsDisk() {
	m.t.Helper()
	m.run("mkdir -p /var/backups/jenkins && mount -t tmpfs -o size=2m tmpfs /var/backups/jenkins && head -c 4M /dev/urandom >/var/lib/jenkins/jobs/noise")
	if out, err := m.try("jenkins-backup"); err == nil || !strings.Contains(out, "kB free, and a backup needs 4") {
		m.t.Errorf("a backup that does not fit: %v\n%s", err, out)
	}
	m.run("echo small >/var/backups/jenkins/1.tar.gz")
	if out, err := m.try("jenkins-backup"); err == nil || !strings.Contains(out, "No space left") {
		m.t.Errorf("a backup on a full disk: %v\n%s", err, out)
	}
	if left := m.run("ls /var/backups/jenkins"); left != "1.tar.gz" {
		m.t.Errorf("after a full disk there are\n%s", left)
	}
	m.run("umount /var/backups/jenkins && rm /var/lib/jenkins/jobs/noise")
}

func (m *machine) backsUpAndRestores() {
	m.t.Helper()
	const build = "/var/lib/jenkins/jobs/a/branches/b/builds/1"
	m.run("runuser -u jenkins -- touch /var/lib/jenkins/jobs/kept && mkdir -p " + build + "/archive && touch " + build + "/log && systemctl start jenkins-backup")
	backup := m.run("ls /var/backups/jenkins/*.tar.gz && stat -c %a /var/backups/jenkins/*.tar.gz /var/backups/jenkins | tr '\\n' ' '")
	path, modes, _ := strings.Cut(backup, "\n")
	if strings.TrimSpace(modes) != "600 700" {
		m.t.Errorf("others read the backup: %s", modes)
	}
	m.run("rm /var/lib/jenkins/jobs/kept && touch /var/lib/jenkins/jobs/newer && jenkins-restore " + path)
	m.awaitJenkins()
	m.run("cd /var/lib/jenkins && test -e jobs/kept && ! test -e jobs/newer && test -e home.before-restore/jobs/newer && test -e plugins/git.jpi")
	m.run("cd " + build + " && test -e log && ! test -e archive")
	if out, err := m.try("jenkins-restore " + path); err == nil || !strings.Contains(out, "home.before-restore holds the home") {
		m.t.Errorf("a second restore: %v\n%s", err, out)
	}
	m.run("test -e /var/lib/jenkins/home.before-restore/jobs/newer && systemctl is-active jenkins")
	if active := m.run("systemctl is-enabled jenkins-backup.timer yces-jenkins-secrets.timer jenkins.timer | sort -u"); active != "enabled" {
		m.t.Errorf("backups, secrets or Jenkins do not start by themselves: %s", active)
	}
}

// comesBackBeforeTheVault: the machine is up after a restart, and Jenkins when
// there are secrets again.
func (m *machine) comesBackBeforeTheVault(o *outside) {
	m.t.Helper()
	o.change("away", "yes")
	must(m.t, "stop", "-t", "20", m.name)
	m.start()
	m.await("the boot's end", 2*time.Minute, func() bool {
		out, _ := m.try("systemctl is-active multi-user.target && cloud-init status --wait")
		return strings.Contains(out, "status: done")
	})
	m.await("a try of Jenkins's", time.Minute, func() bool {
		out, _ := m.try("systemctl show -P ActiveState yces-jenkins-secrets")
		return out == "activating"
	})
	if status, _ := m.ask(nil); status != http.StatusServiceUnavailable {
		m.t.Errorf("a Jenkins without secrets answers %d", status)
	}
	o.change("away", "")
	m.awaitJenkins()
	m.run("mountpoint -q /var/lib/jenkins && test -e /var/lib/jenkins/jobs/kept")
}
