//go:build integration

package cloudinit

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/internal/jenkins"
)

// execute runs a command that outlives its test's context.
func execute(command ...string) (string, error) {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	return string(out), err
}

// buildOf is the build machine as these stand-ins have it.
func (o *outside) buildOf() Build {
	b := build(o.t)
	b.KeyFingerprint, b.PluginManagerSHA256, b.PluginManagerURL = o.fingerprint, o.checksum, "https://"+pluginHost+"/manager.jar"
	b.Vault = "https://" + vaultHost
	return b
}

func (o *outside) document(b Build) string {
	o.t.Helper()
	doc, err := Jenkins(b)
	if err != nil {
		o.t.Fatal(err)
	}
	return doc
}

// secrets are what lies in the vault at first, by Jenkins's names.
func (o *outside) secrets() map[string]string {
	o.t.Helper()
	secrets := map[string]string{}
	for i, name := range site().Secrets() {
		secrets[name] = fmt.Sprintf("hunter-%d of %s\nand a second line with \"quotes\" and $(id)\n", i, name)
	}
	o.keep(secrets)
	return secrets
}

// keep puts secrets into the vault as a stack does.
func (o *outside) keep(secrets map[string]string) {
	o.t.Helper()
	given := maps.Clone(secrets)
	delete(given, "SWARM_INVENTORY")
	for name, text := range jenkins.InVault(given) {
		o.change("secrets/"+name, text)
	}
	o.change("secrets/"+jenkins.VaultInventory, secrets["SWARM_INVENTORY"])
}

// told is what the stand-in for Jenkins tells.
type told struct {
	Environment   map[string]string `json:"environment"`
	Secrets       map[string]string `json:"secrets"`
	Plugins       []string          `json:"plugins"`
	Configuration string            `json:"configuration"`
	Forwarded     string            `json:"forwarded"`
	Process       int               `json:"process"`
}

// ask asks Jenkins through its proxy, as somebody outside does.
func (m *machine) ask(into any) (status int, certificate string) {
	m.t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + m.address + "/")
	if err != nil {
		return 0, ""
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	if into != nil && answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, into); err != nil {
			m.t.Fatalf("%v in %s", err, body)
		}
	}
	return answer.StatusCode, answer.TLS.PeerCertificates[0].Subject.CommonName
}

func (m *machine) awaitJenkins() told {
	m.t.Helper()
	var answer told
	m.await("Jenkins", 5*time.Minute, func() bool {
		status, _ := m.ask(&answer)
		return status == http.StatusOK
	})
	return answer
}

// spy looks at every command line of this machine, containers included, until
// its end, and says which texts were in one.
func spy(texts []string) (found func() []string) {
	var mu sync.Mutex
	seen := map[string]bool{}
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range lines {
				line, _ := os.ReadFile(path)
				for _, text := range texts {
					if bytes.Contains(line, []byte(text)) {
						mu.Lock()
						seen[text] = true
						mu.Unlock()
					}
				}
			}
		}
	})
	return func() []string {
		close(stop)
		group.Wait()
		return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !seen[text] })
	}
}

// The life of a build machine: from nothing, without a hand on it, to a rebuilt
// one with the same home.
func TestABuildMachineComesUpByItselfAndKeepsItsHome(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	secrets := o.secrets()
	const seen = "/usr/local/sbin/yces-jenkins-secrets"
	watched := []string{accessToken, seen}
	for _, name := range site().Secrets() {
		watched = append(watched, strings.SplitN(secrets[name], "\n", 2)[0])
	}
	onCommandLines := spy(watched)
	disk := newDisk(t)
	m := o.boot(o.document(o.buildOf()), disk)
	m.isReadyBeforeTheVaultLetsItIn()
	o.change("admitted", "yes")
	answer := m.awaitJenkins()
	if got := onCommandLines(); !slices.Equal(got, []string{seen}) {
		t.Errorf("command lines showed %q, want the script alone", got)
	}
	m.runsWhatItShould(answer, secrets)
	m.isClosed()
	m.keepsSecretsFromOthers(secrets)
	m.takesNewSecrets(o, secrets)
	m.takesACertificate(o, secrets)
	m.isMended()
	m.leavesRoomOnItsDisk()
	m.backsUpAndRestores()
	m.comesBackBeforeTheVault(o)
	must(t, "stop", "-t", "20", m.name)
	enlarge(t, disk, "512M")
	again := o.boot(o.document(o.buildOf()), disk, "OTHER_NUMBERS=yes")
	again.awaitJenkins()
	if owner := again.run("stat -c %U:%G /var/lib/jenkins /var/lib/jenkins/jobs/kept"); owner != "jenkins:jenkins\njenkins:jenkins" {
		t.Errorf("the home of the machine before is %s's", owner)
	}
	if room := again.run("df -m --output=size /var/lib/jenkins | tail -n 1"); len(room) != 3 || room < "400" {
		t.Errorf("of the larger disk %s MB are used", room)
	}
}

// isReadyBeforeTheVaultLetsItIn: the stack asks for host keys, which wait for
// cloud-init, before it gives the machine its role.
func (m *machine) isReadyBeforeTheVaultLetsItIn() {
	m.t.Helper()
	if status := m.finish(); !strings.Contains(status, "done") {
		m.t.Fatalf("%s\n%s", status, m.log())
	}
	out, err := docker(m.t, HostKeysScript(), "exec", "-i", m.name, "sh")
	if keys, _ := HostKeys(out); err != nil || len(keys) != 2 {
		m.t.Errorf("%v: %s", err, out)
	}
	m.await("the vault's refusal in the journal", 5*time.Minute, func() bool {
		out, _ := m.try("journalctl --no-pager -u yces-jenkins-secrets")
		return strings.Contains(out, "ForbiddenByRbac")
	})
	if status, _ := m.ask(nil); status != http.StatusServiceUnavailable {
		m.t.Errorf("a Jenkins without secrets answers %d", status)
	}
}

func (m *machine) runsWhatItShould(answer told, secrets map[string]string) {
	m.t.Helper()
	for key, want := range map[string]string{
		"JENKINS_HOME": "/var/lib/jenkins", "CASC_JENKINS_CONFIG": "/etc/jenkins/jenkins.yaml", "SECRETS": "/run/jenkins-secrets",
		"JENKINS_LISTEN_ADDRESS": "127.0.0.1", "JAVA_OPTS": "-Djava.awt.headless=true -Djenkins.install.runSetupWizard=false",
	} {
		if got := answer.Environment[key]; got != want {
			m.t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if answer.Configuration != string(build(m.t).Files[jenkins.ConfigurationFile]) || answer.Forwarded != "https" {
		m.t.Errorf("Jenkins is configured by\n%s", answer.Configuration)
	}
	want := map[string]string{}
	for _, name := range site().Secrets() {
		sum := sha256.Sum256([]byte(secrets[name]))
		want[name] = hex.EncodeToString(sum[:])
	}
	if fmt.Sprint(answer.Secrets) != fmt.Sprint(want) {
		m.t.Errorf("Jenkins reads\n%v, want\n%v", answer.Secrets, want)
	}
	if len(answer.Plugins) < 20 || !slices.Contains(answer.Plugins, "configuration-as-code.jpi") {
		m.t.Errorf("plug-ins are %q", answer.Plugins)
	}
	if got := m.run("dpkg-query -W -f '${Version} ${db:Status-Want}' jenkins; mountpoint -q /var/lib/jenkins && echo ' on its disk'"); got != "2.580.2 hold on its disk" {
		m.t.Errorf("Jenkins is %q", got)
	}
}

// isClosed: nginx with a modern TLS is all that answers, with a certificate of its own.
func (m *machine) isClosed() {
	m.t.Helper()
	for _, port := range []string{"8080", "80"} {
		if c, err := net.DialTimeout("tcp", m.address+":"+port, 5*time.Second); err == nil {
			_ = c.Close()
			m.t.Errorf("port %s is open", port)
		}
	}
	if _, name := m.ask(nil); name != "yces-dev-jenkins" {
		m.t.Errorf("the certificate is %s's", name)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", m.address+":443", &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if (err == nil) != want {
			m.t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

func (m *machine) keepsSecretsFromOthers(secrets map[string]string) {
	m.t.Helper()
	if got := m.run("stat -c '%U %a' /run/jenkins-secrets /run/jenkins-secrets/* | sort -u; stat -c %a /etc/jenkins/tls/key.pem; ls /run | grep -c yces-secrets || true"); got != "jenkins 400\njenkins 500\n600\n0" {
		m.t.Errorf("secrets are\n%s", got)
	}
	if out, err := m.try("runuser -u nobody -- cat /run/jenkins-secrets/GITHUB_TOKEN"); err == nil {
		m.t.Errorf("anybody reads secrets: %s", out)
	}
	for _, name := range site().Secrets() {
		value := strings.SplitN(secrets[name], "\n", 2)[0]
		out, _ := m.try("grep -rlF '" + value + "' /var/log /var/lib/cloud /etc /tmp /var/tmp; journalctl --no-pager | grep -F '" + value + "'")
		if out != "" {
			m.t.Errorf("%s lies in %s", name, out)
		}
	}
	if out, _ := m.try("grep -rlF '" + accessToken + "' /run /var/log /etc; journalctl --no-pager | grep -F '" + accessToken + "'"); out != "" {
		m.t.Errorf("the machine's token lies in %s", out)
	}
}

func TestAnotherKeyThanTheStacksIsRefused(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	b := o.buildOf()
	b.KeyFingerprint = "5E386EADB55F01504CAE8BCF7198F4B714ABFC68"
	m := o.boot(o.document(b), newDisk(t))
	if status := m.finish(); !strings.Contains(status, "error") {
		t.Errorf("cloud-init ended with %s", status)
	}
	if out := m.run("grep 'the repository.s key is' /var/log/cloud-init-output.log; ls /etc/apt/sources.list.d; dpkg -l | grep jenkins || true"); out != fmt.Sprintf("error: the repository's key is %s, not %s", o.fingerprint, b.KeyFingerprint) {
		t.Errorf("got\n%s", out)
	}
}

func TestAnotherPluginManagerThanTheStacksIsRefused(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	b := o.buildOf()
	b.PluginManagerSHA256 = strings.Repeat("0", 64)
	m := o.boot(o.document(b), newDisk(t))
	if status := m.finish(); !strings.Contains(status, "error") {
		t.Errorf("cloud-init ended with %s", status)
	}
	if out, _ := m.try("grep 'is not what its checksum says' /var/log/cloud-init-output.log; ls /usr/local/lib/jenkins-plugin-manager.jar; systemctl is-active jenkins"); !strings.Contains(out, "is not what") || !strings.HasSuffix(out, "inactive") || strings.Contains(out, "\n/usr/local/lib/jenkins-plugin-manager.jar\n") {
		t.Errorf("got\n%s", out)
	}
}

func TestWithoutASiteJenkinsIsInstalledAndDoesNotStart(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	m := o.boot(o.document(Build{KeyFingerprint: o.fingerprint, Version: "2.580.2"}), newDisk(t))
	if status := m.finish(); !strings.Contains(status, "done") {
		t.Fatalf("%s\n%s", status, m.log())
	}
	if status, _ := m.ask(nil); status != http.StatusServiceUnavailable {
		t.Errorf("the page answers %d", status)
	}
	if out, _ := m.try("dpkg-query -W -f '${Version}\n' jenkins; systemctl is-active jenkins; systemctl is-failed jenkins"); out != "2.580.2\ninactive\ninactive" {
		t.Errorf("Jenkins is %s", out)
	}
}
