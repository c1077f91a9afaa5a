//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inStack is the same machines as a Pulumi stack: its output is their
// inventory. The pulumi command is the real one, with a backend of its own.
func (m *machines) inStack() *machines {
	m.t.Helper()
	dir := m.t.TempDir()
	pulumi, err := exec.LookPath(firstSet(os.Getenv("PULUMI"), "pulumi"))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(pulumi, filepath.Join(dir, "pulumi")); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "backend"), 0o700); err != nil {
		m.t.Fatal(err)
	}
	s := m.with(
		"PATH="+dir+":"+os.Getenv("PATH"), "PULUMI_HOME="+filepath.Join(dir, "home"), "PULUMI_BACKEND_URL=file://"+filepath.Join(dir, "backend"),
		"PULUMI_CONFIG_PASSPHRASE=tests", "PULUMI_SKIP_UPDATE_CHECK=true",
		"SWARMCTL_TARGET=pulumi:dev", "SWARMCTL_IDENTITY="+m.target().Identities[0],
	)
	s.write("Pulumi.yaml", "name: yces\nruntime: go\n")
	s.pulumi("", "stack", "init", "dev")
	s.pulumi(s.deployment(), "stack", "import", "--stack", "dev")
	return s
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// deployment is a state of nothing but the stack and its output.
func (m *machines) deployment() string {
	m.t.Helper()
	inv, err := json.Marshal(m.target().Inventory)
	if err != nil {
		m.t.Fatal(err)
	}
	return fmt.Sprintf(`{"version": 3, "deployment": {"manifest": {"time": "2026-01-02T03:04:05Z", "magic": "", "version": ""}, "resources": [
		{"urn": "urn:pulumi:dev::yces::pulumi:pulumi:Stack::yces-dev", "custom": false, "type": "pulumi:pulumi:Stack", "outputs": {"inventory": %s}}]}}`, inv)
}

// pulumi runs the real command; what is secret comes on its standard input.
func (m *machines) pulumi(stdin string, args ...string) {
	m.t.Helper()
	command := exec.Command(filepath.Join(strings.Split(m.getenv("PATH"), ":")[0], "pulumi"), append(args, "--non-interactive")...)
	command.Dir, command.Env, command.Stdin = m.dir, m.env, strings.NewReader(stdin)
	if out, err := command.CombinedOutput(); err != nil {
		m.t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func stackSecret(t *testing.T, m *machines) {
	const secret = "-----BEGIN KEY-----\nhunter2 \"of\" $the 'database'\n-----END KEY-----"
	compose := m.read("compose.yaml")
	defer m.write("compose.yaml", compose)
	m.write("compose.yaml", strings.NewReplacer("secrets: [key]", "secrets: [key, db]", "secrets: {key:", "secrets: {db: {environment: DB_PASSWORD}, key:").Replace(compose))
	s := m.inStack()

	s.expect(2, s.run("deploy"), "secrets.db.environment: DB_PASSWORD is not set", "pulumi config set --secret --path 'yces:deploySecrets.DB_PASSWORD' --stack dev")
	s.pulumi(secret, "config", "set", "--path", "yces:deploySecrets.DB_PASSWORD", "--plaintext", "--stack", "dev")
	s.expect(2, s.run("deploy"), `read yces:deploySecrets.DB_PASSWORD of stack "dev": it is not encrypted`)
	s.pulumi(secret, "config", "set", "--path", "yces:deploySecrets.DB_PASSWORD", "--secret", "--stack", "dev")

	plan := s.run("plan", "--detailed-exitcode")
	s.expect(7, plan, "create secret shop_db-")
	deploy := s.must("deploy")
	eventually(t, 20*time.Second, "both replicas have the secret", func() bool {
		for range 6 {
			if text, err := s.get("/secret"); err != nil || text != secret {
				return false
			}
		}
		return true
	})
	again := s.run("plan", "--detailed-exitcode")
	s.expect(0, again, "no change")
	mine := s.with("DB_PASSWORD=mine").run("plan", "--detailed-exitcode")
	s.expect(7, mine, "create secret shop_db-")
	for _, r := range []result{plan, deploy, again, mine} {
		if strings.Contains(r.stdout+r.stderr, "hunter2") {
			t.Errorf("the secret is shown:\n%s%s", r.stdout, r.stderr)
		}
	}
	if text := s.read("Pulumi.dev.yaml"); strings.Contains(text, "hunter2") {
		t.Errorf("the stack's file holds the secret:\n%s", text)
	}
}
