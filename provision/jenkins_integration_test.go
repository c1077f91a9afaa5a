//go:build integration

package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
	"github.com/ycesproject/yces/provision/inventory"
)

// giveSecret configures a secret as an operator does, on standard input.
func (s *pulumiStack) giveSecret(name, value string) {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), cli(), "config", "set", "--secret", "--path", "yces:jenkinsSecrets."+name, "--non-interactive")
	command.Dir, command.Env, command.Stdin = s.project, s.env, strings.NewReader(value)
	if out, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("pulumi config set: %v\n%s", err, out)
	}
}

// newBuilding is a development stack whose Jenkins has a site.
func newBuilding(t *testing.T) (s *pulumiStack, secrets map[string]string) {
	t.Helper()
	s = newDev(t,
		"jenkinsSite.admin", "ann", "jenkinsSite.users[0]", "bob", "jenkinsSite.owner", "ycesproject", "jenkinsSite.repository", "yces",
		"jenkinsSite.gitHubUser", "yces-bot", "jenkinsSite.agentUser", "agent", "jenkinsSite.notifyMail", "ops@example.org",
		"jenkinsSite.smtpHost", "smtp.example", "jenkinsSite.smtpPort", "587",
		"jenkinsSite.agents[0].name", "agent-1", "jenkinsSite.agents[0].host", "192.0.2.9", "jenkinsSite.agents[0].port", "22", "jenkinsSite.agents[0].hostKey", login,
		"jenkinsSite.agents[0].folder", "/var/lib/agent", "jenkinsSite.agents[0].executors", "2",
		"jenkinsPluginManagerSha256", strings.Repeat("ab", 32),
	)
	key, _ := cloudmodel.NewKey()
	secrets = map[string]string{
		"JENKINS_ADMIN_PASSWORD": "plain-1", "JENKINS_PASSWORD_BOB": "plain-2", "GITHUB_WEBHOOK_SECRET": "plain-3", "GITHUB_TOKEN": "plain-4",
		"AGENT_SSH_KEY": key, "SWARM_SSH_KEY": key,
	}
	for name, value := range secrets {
		s.giveSecret(name, value)
	}
	return s, secrets
}

// inVault is what the model's vault holds under a name.
func (s *pulumiStack) inVault(name string) string {
	s.t.Helper()
	var value string
	if err := s.world.Edit("/secrets/"+name, func(r *cloudmodel.Resource) { value = r.Inputs.Text("properties.value") }); err != nil {
		s.t.Error(err)
	}
	return value
}

// secrets are those of Jenkins's that the vault holds.
func (s *pulumiStack) secrets() map[string]string {
	s.t.Helper()
	var secrets map[string]string
	if err := json.Unmarshal([]byte(s.inVault("JENKINS-SECRETS")), &secrets); err != nil {
		s.t.Fatal(err)
	}
	return secrets
}

// vault is the identifier of the model's one vault.
func (s *pulumiStack) vault() string {
	s.t.Helper()
	for _, id := range s.world.IDs() {
		if parent, _, found := strings.Cut(id, "/secrets/"); found {
			return parent
		}
	}
	s.t.Fatal("there is no vault with a secret")
	return ""
}

// reader is who the model lets read the vault.
func (s *pulumiStack) reader() string {
	s.t.Helper()
	var principal string
	for _, id := range s.world.IDs() {
		if strings.Contains(id, "/roleAssignments/") {
			_ = s.world.Edit(id, func(r *cloudmodel.Resource) { principal = r.Inputs.Text("principalId") }) // it is there
		}
	}
	return principal
}

func TestJenkinssSecretsLiveInAVaultThatItsMachineReads(t *testing.T) {
	t.Parallel()
	s, secrets := newBuilding(t)
	shown := s.must("preview", "--diff")
	shown += s.up("--diff")
	if got := s.secrets(); !maps.Equal(got, secrets) {
		t.Errorf("the vault has %q, want %q", got, secrets)
	}
	if inv, err := inventory.Parse([]byte(s.inVault("SWARM-INVENTORY"))); err != nil || len(inv.Swarm()) != 2 {
		t.Errorf("Jenkins knows the machines %+v, %v", inv, err)
	}
	s.unchanged()
	s.hides(secrets, shown+s.must("stack", "export")+s.must("stack", "output", "--json"))
	s.letsTheNewMachineIn()
	s.losesAUserAndTakesHimBack()
	s.losesJenkinsAndTakesItBack()
	s.destroyed()
}

// hides wants no secret in a text, nor in any file of the backend and project.
func (s *pulumiStack) hides(secrets map[string]string, shown string) {
	s.t.Helper()
	looked := 0
	err := filepath.WalkDir(filepath.Dir(s.project), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		looked++
		shown += string(text)
		return err
	})
	if err != nil || looked < 3 {
		s.t.Fatalf("looked at %d files: %v", looked, err)
	}
	if !strings.Contains(shown, "JENKINS-SECRETS") {
		s.t.Error("the secrets' name is nowhere: this looks in the wrong place")
	}
	for name, value := range secrets {
		if line := strings.Split(value, "\n")[min(1, strings.Count(value, "\n"))]; strings.Contains(shown, line) {
			s.t.Errorf("%s is readable in the state, the configuration or what pulumi printed", name)
		}
	}
}

// letsTheNewMachineIn: a rebuilt machine is somebody else to Azure.
func (s *pulumiStack) letsTheNewMachineIn() {
	s.t.Helper()
	before, vault := s.reader(), s.vault()
	s.set("rebuild[0]", "yces-dev-jenkins")
	s.set("jenkinsSite.owner", "somebody")
	s.up()
	if after := s.reader(); after == before || after == "" || s.vault() != vault {
		s.t.Errorf("after the rebuild %q reads %s; before it was %q with %s", after, s.vault(), before, vault)
	}
	s.unchanged()
}

// losesAUserAndTakesHimBack: nothing can be taken out of the vault, and nothing
// be made there that it has.
func (s *pulumiStack) losesAUserAndTakesHimBack() {
	s.t.Helper()
	const password = "JENKINS_PASSWORD_BOB"
	s.must("config", "rm", "--path", "yces:jenkinsSite.users[0]")
	s.must("config", "rm", "--path", "yces:jenkinsSecrets."+password)
	s.up()
	if _, there := s.secrets()[password]; there {
		s.t.Error("the vault still shows the user's password")
	}
	s.set("jenkinsSite.users[0]", "bob")
	s.giveSecret(password, "plain-5")
	s.up()
	if got := s.secrets()[password]; got != "plain-5" {
		s.t.Errorf("the user who is back has the password %q", got)
	}
}

// losesJenkinsAndTakesItBack: its machine and its vault go, while a bastion comes,
// and the other way round. The first vault can still be brought back, so its name
// is taken.
func (s *pulumiStack) losesJenkinsAndTakesItBack() {
	s.t.Helper()
	first := s.vault()
	s.set("jenkins", "false")
	s.set("bastion", "true")
	s.up()
	if inv := s.inventory(); inv.Bastion == nil || len(inv.Nodes) != 2 || s.reader() != "" {
		s.t.Errorf("without Jenkins and with a bastion: %+v; %q reads a vault", inv, s.reader())
	}
	s.set("jenkins", "true")
	s.set("bastion", "false")
	s.up()
	if inv := s.inventory(); inv.Bastion != nil || len(inv.Nodes) != 3 || s.reader() == "" || s.vault() == first {
		s.t.Errorf("with Jenkins again: %+v; %q reads %s, and %s was before", inv, s.reader(), s.vault(), first)
	}
}

func TestAMissingSecretIsNamedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	s, _ := newBuilding(t)
	s.must("config", "rm", "--path", "yces:jenkinsSecrets.GITHUB_TOKEN")
	s.fails("yces:jenkinsSecrets.GITHUB_TOKEN: is missing", "preview")
	if ids := s.world.IDs(); !slices.Equal(ids, nil) {
		t.Errorf("made %q", ids)
	}
}
