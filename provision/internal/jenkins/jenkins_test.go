package jenkins

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"sigs.k8s.io/yaml"
)

func site() Settings {
	return Settings{
		URL: "https://jenkins.example/", Admin: "ann", Users: []string{"bob", "eve-2"},
		Owner: "ycesproject", Repository: "yces", GitHubUser: "yces-bot", AgentUser: "agent", SwarmUser: "swarm",
		Agents: []Agent{{
			Name: "agent-1", Host: "10.0.1.4", Port: 22, Folder: "/var/lib/agent", Executors: 2,
			HostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
		}},
		Registry: "registry.example/yces", RegistryUser: "pusher",
		NotifyMail: "ops@example.org", NotifyWebhook: true, SMTPHost: "smtp.example", SMTPPort: 587,
	}
}

func configuration(t *testing.T, s Settings) string {
	t.Helper()
	rendered, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(rendered[ConfigurationFile])
}

// valid checks the configuration against the closed schema of testdata.
func valid(t *testing.T, configuration string) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "jcasc.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema openapi3.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.UnmarshalStrict([]byte(configuration), &value); err != nil {
		return err
	}
	return schema.VisitJSON(value)
}

func TestConfigurationFitsTheSchema(t *testing.T) {
	small := site()
	small.Users, small.Registry, small.RegistryUser, small.NotifyWebhook = nil, "", "", false
	for name, s := range map[string]Settings{"everything": site(), "the least": small} {
		if err := valid(t, configuration(t, s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatIsMisspeltOrInTheOpen(t *testing.T) {
	good := configuration(t, site())
	for name, change := range map[string][2]string{
		"misspelt key":          {"allowsSignup:", "allowSignup:"},
		"unknown credential":    {"usernamePassword:", "userPassword:"},
		"password in the open":  {`"${GITHUB_TOKEN}"`, `"hunter2"`},
		"key in the open":       {`"${SWARM_SSH_KEY}"`, `"-----BEGIN"`},
		"inventory in the open": {`"${readFileBase64:${SECRETS}/SWARM_INVENTORY}"`, `"e30="`},
		"builds on Jenkins":     {"numExecutors: 0", "numExecutors: 2"},
		"sign-up":               {"allowsSignup: false", "allowsSignup: true"},
		"twice":                 {"  mode: EXCLUSIVE\n", "  mode: EXCLUSIVE\n  mode: EXCLUSIVE\n"},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatalf("the configuration has no %q", change[0])
		}
		if err := valid(t, strings.Replace(good, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: is accepted", name)
		}
	}
}

func TestSecretsAreNamedAndNothingElseIsInterpolated(t *testing.T) {
	s := site()
	var read []string
	for _, m := range regexp.MustCompile(`\$\{([A-Z0-9_]+)\}(/[A-Z_]+)?`).FindAllStringSubmatch(configuration(t, s), -1) {
		if m[1] == "SECRETS" {
			m[1] = strings.TrimPrefix(m[2], "/")
		}
		if m[1] != "NAME" { // in a comment
			read = append(read, m[1])
		}
	}
	want := s.Secrets()
	slices.Sort(read)
	slices.Sort(want)
	if !slices.Equal(slices.Compact(read), want) {
		t.Errorf("Jenkins reads\n%q\nand Secrets names\n%q", read, want)
	}
}

func TestJenkinsfileAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "Jenkinsfile"))
	if err != nil {
		t.Fatal(err)
	}
	s := site()
	for _, m := range regexp.MustCompile(`credentialsId: '([^']*)'`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(s.Credentials(), m[1]) {
			t.Errorf("the Jenkinsfile asks for the credential %q, which there is not", m[1])
		}
		if !strings.Contains(configuration(t, s), "scope: GLOBAL\n              id: \""+m[1]+"\"") {
			t.Errorf("no pipeline may read the credential %q", m[1])
		}
	}
	for _, v := range s.Environment() {
		if !strings.Contains(string(text), "env."+v.Key) {
			t.Errorf("the Jenkinsfile does not read %s", v.Key)
		}
	}
}

func TestPluginsArePinned(t *testing.T) {
	rendered, err := Render(site())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(rendered[PluginsFile])) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !regexp.MustCompile(`^[a-z0-9-]+:[0-9][0-9A-Za-z._-]*$`).MatchString(line) {
			t.Errorf("%q is not NAME:VERSION", line)
		}
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	if len(names) == 0 || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the plug-ins are not in order, each once: %q", names)
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	_, err := Render(Settings{
		URL: "http://jenkins.example", Admin: "ann", Users: []string{"x y", "ANN", "${PASSWORD}"}, Registry: "https://r", NotifyMail: "ops",
		Agents: []Agent{{Name: "a", Host: "h", Folder: "relative", HostKey: "ssh-ed25519 nonsense"}},
	})
	if err == nil {
		t.Fatal("is accepted")
	}
	for _, field := range []string{
		"url:", "users[0]:", "users[1]:", "users[2]:", "owner:", "repository:", "gitHubUser:", "agentUser:", "swarmUser:", "smtpHost:", "smtpPort:",
		"registry:", "registryUser:", "notifyMail:", "agents[0].port:", "agents[0].executors:", "agents[0].folder:", "agents[0].hostKey:",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("nothing is said of %s\n%v", field, err)
		}
	}
}
