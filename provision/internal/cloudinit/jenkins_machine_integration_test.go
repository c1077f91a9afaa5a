//go:build integration

package cloudinit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	jenkinsImage = "yces-cloudinit-jenkins-tests"
	vaultHost    = "yces-dev-0123456789.vault.azure.net"
	packageHost  = "pkg.jenkins.io"
	pluginHost   = "plugins.example"
)

// outside is all that a build machine reaches: a network of its own with
// stand-ins for Jenkins's package repository, the vault and the metadata service.
type outside struct {
	t       *testing.T
	network string
	// folder is the stand-ins', on this machine; clouds their container.
	folder, clouds, address string
	// ca is the authority that machines trust.
	ca           []byte
	authority    *x509.Certificate
	authorityKey *ecdsa.PrivateKey
	// fingerprint is that of the repository's key, checksum the plug-in manager's.
	fingerprint, checksum string
}

// must runs a docker command and returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := docker(t, "", args...)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// later removes what a test made, when the test's own context has ended.
func later(t *testing.T, command ...string) {
	t.Helper()
	t.Cleanup(func() {
		if out, err := execute(command...); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	})
}

// buildJenkinsImage builds the machines' image, once for all tests.
var buildJenkinsImage = sync.OnceValue(func() error {
	out, err := execute("docker", "build", "-q", "-t", jenkinsImage, "testdata/jenkins")
	if err != nil {
		return fmt.Errorf("build the image: %w\n%s", err, out)
	}
	return nil
})

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{t: t, folder: t.TempDir(), network: fmt.Sprintf("yces-cloudinit-%d-%d", os.Getpid(), time.Now().UnixNano())}
	o.certificates()
	o.packages()
	for _, dir := range []string{"secrets", "www/" + pluginHost} {
		if err := os.MkdirAll(filepath.Join(o.folder, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	manager, err := os.ReadFile("testdata/jenkins/plugin-manager.sh")
	if err != nil {
		t.Fatal(err)
	}
	o.put("www/"+pluginHost+"/manager.jar", string(manager))
	sum := sha256.Sum256(manager)
	o.checksum = hex.EncodeToString(sum[:])
	if err := buildJenkinsImage(); err != nil {
		t.Fatal(err)
	}
	o.start()
	return o
}

// put writes one of the stand-ins' files.
func (o *outside) put(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.folder, name), []byte(text), 0o644); err != nil {
		o.t.Fatal(err)
	}
}

// change puts a file into the stand-ins' running container; an empty text takes it away.
func (o *outside) change(name, text string) {
	o.t.Helper()
	command := "cat >/clouds/" + name
	if text == "" {
		command = "rm -f /clouds/" + name
	}
	if out, err := docker(o.t, text, "exec", "-i", o.clouds, "sh", "-c", command); err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
}

func (o *outside) start() {
	o.t.Helper()
	self, err := os.Executable()
	if err != nil {
		o.t.Fatal(err)
	}
	must(o.t, "network", "create", o.network)
	later(o.t, "docker", "network", "rm", o.network)
	o.clouds = must(o.t, "create", "--network", o.network, "--cap-add", "NET_ADMIN", "-e", cloudsVariable+"=/clouds", "--entrypoint", "sh", jenkinsImage,
		"-c", "ip address add 169.254.169.254/32 dev eth0 && exec /clouds/self")
	later(o.t, "docker", "rm", "-f", o.clouds)
	must(o.t, "cp", o.folder+"/.", o.clouds+":/clouds")
	must(o.t, "cp", self, o.clouds+":/clouds/self")
	must(o.t, "start", o.clouds)
	o.address = must(o.t, "inspect", "-f", "{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}", o.clouds)
}

// certificates makes an authority that machines trust, and one for the stand-ins.
func (o *outside) certificates() {
	o.t.Helper()
	o.authority, o.authorityKey, o.ca, _ = issue(o.t, "tests", nil, nil)
	_, _, certPEM, keyPEM := issue(o.t, vaultHost, o.authority, o.authorityKey)
	o.put("cert.pem", string(certPEM))
	o.put("key.pem", string(keyPEM))
}

// issue makes a certificate for the stand-ins' hosts and a name; without a
// parent it is an authority.
func issue(t *testing.T, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (cert *x509.Certificate, key *ecdsa.PrivateKey, certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, vaultHost, packageHost, pluginHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true,
	}
	if parent == nil {
		template.IsCA, template.KeyUsage, template.DNSNames = true, x509.KeyUsageCertSign, nil
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

// packages makes the repository: Jenkins in three versions, of which the newest
// is not to be installed, and the Java that Debian lacks.
func (o *outside) packages() {
	o.t.Helper()
	debs := filepath.Join(o.t.TempDir(), "debs")
	var files []string
	for _, p := range [][3]string{
		{"jenkins", "2.568.3", "testdata/jenkins/jenkins"},
		{"jenkins", "2.580.2", "testdata/jenkins/jenkins"},
		{"jenkins", "2.999", "testdata/jenkins/jenkins"},
		{"openjdk-21-jre-headless", "21.0.13", "testdata/jenkins/java"},
	} {
		files = append(files, o.script("tiny-deb.sh", debs, p[0], p[1], p[2]))
	}
	repository := filepath.Join(o.folder, "www", packageHost, "debian-stable")
	out := o.script("apt-repository.sh", append([]string{"-f", "binary/", repository}, files...)...)
	_, o.fingerprint, _ = strings.Cut(out, "fingerprint=")
	if err := os.Rename(filepath.Join(repository, "key.asc"), filepath.Join(repository, "jenkins.io-2026.key")); err != nil {
		o.t.Fatal(err)
	}
}

func (o *outside) script(name string, args ...string) string {
	o.t.Helper()
	out, err := execute(append([]string{"../../../.ci/" + name}, args...)...)
	if err != nil {
		o.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(out)
}

// machine is a container that acts as the build machine.
type machine struct {
	t       *testing.T
	name    string
	address string
}

// newDisk makes an empty data disk that outlives machines.
func newDisk(t *testing.T) string {
	t.Helper()
	name := must(t, "volume", "create")
	later(t, "docker", "volume", "rm", "-f", name)
	enlarge(t, name, "256M")
	return name
}

// enlarge makes a disk larger; it has no user meanwhile.
func enlarge(t *testing.T, disk, size string) {
	t.Helper()
	must(t, "run", "--rm", "-v", disk+":/disk", "--entrypoint", "truncate", jenkinsImage, "-s", size, "/disk/home.img")
}

// rights are those of a machine. Where the engine lacks one itself, it refuses
// --privileged, and gives the others one by one.
func rights(t *testing.T) []string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "CapBnd:")
	set, err := strconv.ParseUint(strings.Fields(after)[0], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	const sysResource = 24
	if set&(1<<sysResource) != 0 {
		return []string{"--privileged"}
	}
	return []string{
		"--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--security-opt", "systempaths=unconfined", "--device-cgroup-rule", "a *:* rwm",
	}
}

// boot starts a machine with a document and a data disk.
func (o *outside) boot(document, disk string, environment ...string) *machine {
	o.t.Helper()
	args := append([]string{
		"create", "-t", "--network", o.network, "-v", disk + ":/disk", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec",
		"--add-host", vaultHost + ":" + o.address, "--add-host", packageHost + ":" + o.address, "--add-host", pluginHost + ":" + o.address,
	}, rights(o.t)...)
	for _, variable := range environment {
		args = append(args, "-e", variable)
	}
	m := &machine{t: o.t, name: must(o.t, append(args, jenkinsImage)...)}
	later(o.t, "docker", "rm", "-f", m.name)
	// Before systemd ends, so that nobody holds the disk and its loop device goes.
	later(o.t, "docker", "stop", "-t", "20", m.name)
	seed := o.t.TempDir()
	for name, text := range map[string]string{
		"var/lib/cloud/seed/nocloud/user-data":                            document,
		"var/lib/cloud/seed/nocloud/meta-data":                            "instance-id: i-" + m.name[:12] + "\nlocal-hostname: yces-dev-jenkins\n",
		"usr/local/share/ca-certificates/tests.crt":                       string(o.ca),
		"etc/systemd/system/yces-jenkins-secrets.service.d/10-tests.conf": "[Service]\nEnvironment=PAUSE=1 TRIES=3\n",
	} {
		path := filepath.Join(seed, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
	must(o.t, "cp", seed+"/.", m.name+":/")
	m.start()
	return m
}

func (m *machine) start() {
	m.t.Helper()
	must(m.t, "start", m.name)
	m.address = must(m.t, "inspect", "-f", "{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}", m.name)
}

// try runs a shell command on the machine.
func (m *machine) try(command string) (string, error) {
	m.t.Helper()
	out, err := docker(m.t, "", "exec", m.name, "sh", "-c", command)
	return strings.TrimSpace(out), err
}

func (m *machine) run(command string) string {
	m.t.Helper()
	out, err := m.try(command)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s\n%s", command, err, out, m.log())
	}
	return out
}

// log is what the machine says of itself where a test is about to fail.
func (m *machine) log() string {
	out, _ := m.try("tail -n 40 /var/log/cloud-init-output.log; journalctl --no-pager -n 60 -u jenkins -u yces-jenkins-secrets -u nginx")
	return out
}

// finish waits for cloud-init and returns how it ended.
func (m *machine) finish() string {
	m.t.Helper()
	var status string
	m.await("cloud-init's end", 10*time.Minute, func() bool {
		status, _ = m.try("cloud-init status")
		return strings.Contains(status, "done") || strings.Contains(status, "error")
	})
	return status
}

func (m *machine) await(what string, limit time.Duration, done func() bool) {
	m.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(300 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("%s does not come\n%s", what, m.log())
		}
	}
}
