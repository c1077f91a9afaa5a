package settings

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
)

const jenkinsSite = `{"admin": "ann", "users": ["bob"], "owner": "o", "repository": "r", "gitHubUser": "g", "agentUser": "a",
	"agents": [{"name": "a-1", "host": "192.0.2.9", "port": 22, "hostKey": "` + key + `", "folder": "/var/lib/agent", "executors": 2}],
	"notifyMail": "ops@example.org", "smtpHost": "smtp.example", "smtpPort": 587}`

// jenkinsSecrets are those of jenkinsSite, changed by pairs; an empty value
// takes one away.
func jenkinsSecrets(t *testing.T, pairs ...string) string {
	t.Helper()
	private, _ := cloudmodel.NewKey()
	secrets := map[string]string{
		"JENKINS_ADMIN_PASSWORD": "hunter1", "JENKINS_PASSWORD_BOB": "hunter2", "GITHUB_WEBHOOK_SECRET": "hunter3", "GITHUB_TOKEN": "hunter4",
		"AGENT_SSH_KEY": private, "SWARM_SSH_KEY": private,
	}
	for i := 0; i < len(pairs); i += 2 {
		secrets[pairs[i]] = pairs[i+1]
	}
	maps.DeleteFunc(secrets, func(_, value string) bool { return value == "" })
	text, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func withSite(t *testing.T, pairs ...string) Values {
	return sound(append([]string{"jenkinsSite", jenkinsSite, "jenkinsSecrets", jenkinsSecrets(t), "jenkinsPluginManagerSha256", strings.Repeat("ab", 32)}, pairs...)...)
}

func TestASiteIsRead(t *testing.T) {
	s, err := Load("dev", withSite(t))
	if err != nil {
		t.Fatal(err)
	}
	site := s.Jenkins.Site
	if site.Owner != "o" || site.SMTPPort != 587 || len(site.Agents) != 1 || site.Agents[0].Folder != "/var/lib/agent" {
		t.Errorf("got %+v", site)
	}
	if site.SwarmUser != "azureuser" {
		t.Errorf("the swarm's user is %q, not the machines'", site.SwarmUser)
	}
	if s.Jenkins.KeyFingerprint == "" || s.Jenkins.Version == "" {
		t.Errorf("nothing says what is installed: %+v", s.Jenkins)
	}
}

func TestEachFaultOfASiteIsNamedByItsKey(t *testing.T) {
	change := func(old, replacement string) string {
		if !strings.Contains(jenkinsSite, old) {
			t.Fatalf("the site has no %s", old)
		}
		return strings.Replace(jenkinsSite, old, replacement, 1)
	}
	for _, c := range []struct{ key, value, want string }{
		{"jenkinsSite", "yes", "yces:jenkinsSite: must be an object"},
		{"jenkinsSite", change(`587`, `"587"`), "yces:jenkinsSite: must be an object as docs/provision.md shows it: json: cannot unmarshal string into Go struct field Settings.smtpPort of type int"},
		{"jenkinsSite", change(`"owner"`, `"owmer": "x", "owner"`), "yces:jenkinsSite.owmer: there is no such setting"},
		{"jenkinsSite", change(`"executors"`, `"executers": 1, "executors"`), "yces:jenkinsSite.agents[0].executers: there is no such setting"},
		{"jenkinsSite", change(`"owner": "o", `, ""), "yces:jenkinsSite.owner: must consist of"},
		{"jenkinsSite", change(`"port": 22`, `"port": 0`), "yces:jenkinsSite.agents[0].port: must be 1 to 65535"},
		{"jenkinsSite", change(`{`, `{"url": "http://x/", `), "yces:jenkinsSite.url: must be https://HOST/"},
		{"jenkinsSite", change(`{`, `{"url": "https://x", `), "yces:jenkinsSite.url: must be https://HOST/"},
		{"jenkinsSite", change(`{`, `{"url": "https://x/jenkins/", `), "yces:jenkinsSite.url: must be https://HOST/, without a path"},
		{"jenkinsSite", change(`{`, `{"url": "https://x:8443/", `), "yces:jenkinsSite.url: must be https://HOST/"},
		{"jenkinsSite", change(`{`, `{"url": "https://x/?a", `), "yces:jenkinsSite.url: must be https://HOST/"},
		{"jenkinsSite", change(`{`, `{"url": "https://me@x/", `), "yces:jenkinsSite.url: must be https://HOST/"},
		{"jenkinsSecrets", "[]", "yces:jenkinsSecrets: must be a mapping of strings"},
		{"jenkinsSecrets", jenkinsSecrets(t, "GITHUB_TOKEN", ""), "yces:jenkinsSecrets.GITHUB_TOKEN: is missing"},
		{"jenkinsSecrets", jenkinsSecrets(t, "GITHUB_TOKEN", " \n"), "yces:jenkinsSecrets.GITHUB_TOKEN: is missing"},
		{"jenkinsSecrets", jenkinsSecrets(t, "GITHUB_TOKENS", "x"), "yces:jenkinsSecrets.GITHUB_TOKENS: is not a secret of these settings"},
		{"jenkinsSecrets", jenkinsSecrets(t, "SWARM_INVENTORY", "{}"), "yces:jenkinsSecrets.SWARM_INVENTORY: is not a secret of these settings"},
		{"jenkinsSecrets", jenkinsSecrets(t, "SWARM_SSH_KEY", "hunter5"), "yces:jenkinsSecrets.SWARM_SSH_KEY: must be a private SSH key"},
		{"jenkinsSecrets", jenkinsSecrets(t, "GITHUB_TOKEN", strings.Repeat("hunter6", 5000)), "yces:jenkinsSecrets.GITHUB_TOKEN: has 35000 bytes, with what lies beside it 35947, and a vault keeps 25600"},
		{"jenkinsSecrets", jenkinsSecrets(t, "GITHUB_TOKEN", strings.Repeat("hunter6", 2000), "JENKINS_ADMIN_PASSWORD", strings.Repeat("hunter1", 2001)), "yces:jenkinsSecrets.JENKINS_ADMIN_PASSWORD: has 14007 bytes, with what lies beside it 2"},
		{"jenkinsSecrets", jenkinsSecrets(t, "JENKINS_TLS_KEY", "hunter7"), "yces:jenkinsSecrets.JENKINS_TLS_CERTIFICATE: is missing"},
		{"jenkinsSecrets", jenkinsSecrets(t, "JENKINS_TLS_KEY", "hunter7", "JENKINS_TLS_CERTIFICATE", "hunter8"), "yces:jenkinsSecrets.JENKINS_TLS_CERTIFICATE: must be PEM"},
		{"jenkinsPluginManagerSha256", "", "yces:jenkinsPluginManagerSha256: must be the 64 hexadecimal digits"},
		{"jenkinsPluginManagerUrl", "https://x/$(id)", "yces:jenkinsPluginManagerUrl: must be https://HOST/PATH"},
		{"jenkinsVersion", "latest", "yces:jenkinsVersion: must be a version"},
		{"jenkinsDnsLabel", "-", "yces:jenkinsDnsLabel: must be 3 to 63"},
		{"jenkinsKeyFingerprint", "", "yces:jenkinsKeyFingerprint: must be 40"},
	} {
		_, err := Load("dev", withSite(t, c.key, c.value))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.key, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: a fault shows a secret: %v", c.key, err)
		}
		// What can not be read at all lacks everything.
		if faults := strings.Count(err.Error(), "\n"); faults != 1 && !strings.Contains(c.want, "must be a") {
			t.Errorf("%s: got other faults too: %v", c.key, err)
		}
	}
}

func TestASiteIsToldAllThatItLacks(t *testing.T) {
	_, err := Load("dev", sound("jenkinsSite", "{}"))
	for _, want := range []string{
		"jenkinsSite.admin", "jenkinsSite.owner", "jenkinsSite.agents", "jenkinsSite.notifyMail", "jenkinsSite.smtpPort", "jenkinsPluginManagerSha256",
		"jenkinsSecrets.JENKINS_ADMIN_PASSWORD", "jenkinsSecrets.AGENT_SSH_KEY", "jenkinsSecrets.GITHUB_WEBHOOK_SECRET", "jenkinsSecrets.GITHUB_TOKEN", "jenkinsSecrets.SWARM_SSH_KEY",
	} {
		if err == nil || !strings.Contains(err.Error(), "\nyces:"+want+": ") {
			t.Errorf("nothing is said of %s: %v", want, err)
		}
	}
}

func TestSecretsWithoutASiteAreAFault(t *testing.T) {
	_, err := Load("dev", sound("jenkinsSecrets", jenkinsSecrets(t)))
	if err == nil || !strings.Contains(err.Error(), "yces:jenkinsSecrets: is there without the jenkinsSite that it is for") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutJenkinsItsSiteIsNotChecked(t *testing.T) {
	if _, err := Load("dev", withSite(t, "jenkins", "false", "jenkinsSecrets", "{}")); err != nil {
		t.Error(err)
	}
}
