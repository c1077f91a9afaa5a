package cloudinit

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/internal/jenkins"
)

func site() jenkins.Settings {
	return jenkins.Settings{
		URL: "https://jenkins.example/", Admin: "ann", Users: []string{"bob"},
		Owner: "ycesproject", Repository: "yces", GitHubUser: "yces-bot", AgentUser: "agent", SwarmUser: "azureuser",
		Agents:     []jenkins.Agent{{Name: "agent-1", Host: "10.20.2.9", Port: 22, Folder: "/var/lib/agent", Executors: 2, HostKey: publicKey}},
		NotifyMail: "ops@example.org", SMTPHost: "smtp.example", SMTPPort: 587,
	}
}

func build(t *testing.T) Build {
	t.Helper()
	files, err := jenkins.Render(site())
	if err != nil {
		t.Fatal(err)
	}
	return Build{
		KeyFingerprint: "5E386EADB55F01504CAE8BCF7198F4B714ABFC68", Version: "2.580.2",
		PluginManagerURL: "https://plugins.example/manager.jar", PluginManagerSHA256: strings.Repeat("0", 64),
		Files: files, Vault: "https://yces-dev-0123456789.vault.azure.net", Secrets: site().Secrets(),
	}
}

// written are the files of a document, by path.
func written(t *testing.T, doc string) map[string]string {
	t.Helper()
	var c config
	if err := yaml.UnmarshalStrict([]byte(doc), &c); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range c.WriteFiles {
		files[f.Path] = f.Content
	}
	return files
}

func TestJenkinsIsReachedThroughItsProxyOnly(t *testing.T) {
	files := written(t, documents(t)["jenkins"])
	if unit := files["/etc/systemd/system/jenkins.service.d/10-yces.conf"]; !strings.Contains(unit, "JENKINS_LISTEN_ADDRESS=127.0.0.1") {
		t.Errorf("Jenkins listens elsewhere too:\n%s", unit)
	}
	if proxy := files["/etc/nginx/sites-available/jenkins"]; strings.Count(proxy, "listen") != 1 || !strings.Contains(proxy, "listen 443 ssl") {
		t.Errorf("nginx listens elsewhere too:\n%s", proxy)
	}
}

func TestJenkinsGetsItsConfigurationAndTheNamesOfItsSecrets(t *testing.T) {
	files := written(t, documents(t)["jenkins"])
	b := build(t)
	for name, want := range b.Files {
		if files["/etc/jenkins/"+name] != string(want) {
			t.Errorf("%s is %q", name, files["/etc/jenkins/"+name])
		}
	}
	if got := strings.Fields(files["/etc/jenkins/secrets.list"]); !slices.Equal(got, b.Secrets) {
		t.Errorf("secrets.list names %q, want %q", got, b.Secrets)
	}
	for _, line := range []string{"FINGERPRINT=" + b.KeyFingerprint, "VERSION=2.580.2", "VAULT=" + b.Vault, "PLUGIN_MANAGER_URL=" + b.PluginManagerURL, "PLUGIN_MANAGER_SHA256=" + b.PluginManagerSHA256} {
		if !strings.Contains(files["/etc/jenkins/machine.conf"], line+"\n") {
			t.Errorf("machine.conf lacks %s:\n%s", line, files["/etc/jenkins/machine.conf"])
		}
	}
}

func TestWithoutASiteJenkinsIsNotToldToStart(t *testing.T) {
	files := written(t, documents(t)["jenkins without a site"])
	for _, path := range []string{"/etc/jenkins/jenkins.yaml", "/etc/jenkins/plugins.txt", "/etc/jenkins/secrets.list"} {
		if _, there := files[path]; there {
			t.Errorf("there is a %s", path)
		}
	}
}

func TestADocumentThatAzureWouldNotTakeIsRefused(t *testing.T) {
	b := build(t)
	b.Files["jenkins.yaml"] = []byte(strings.Repeat("x", limit))
	if _, err := Jenkins(b); err == nil || !strings.Contains(err.Error(), "Azure takes 65535") {
		t.Errorf("got %v", err)
	}
	if doc := documents(t)["jenkins"]; len(doc) > limit/2 {
		t.Errorf("the document has %d bytes: little is left for agents and users", len(doc))
	}
}
