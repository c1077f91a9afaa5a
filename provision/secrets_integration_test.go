//go:build integration

package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
)

// setSecret configures a deploy secret as an operator does: it is typed, and on
// no command line.
func (s *pulumiStack) setSecret(name, value string) {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), cli(), "config", "set", "--secret", "--path", "yces:deploySecrets."+name, "--non-interactive")
	command.Dir, command.Env, command.Stdin = s.project, s.env, strings.NewReader(value)
	if out, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("set secret: %v\n%s", err, out)
	}
}

// holds tells which files below a folder hold a text.
func holds(t *testing.T, dir, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDeploySecretsStayInTheConfiguration(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-database"
	s := newDev(t, "workers", "0", "jenkins", "false")
	s.setSecret("DB_PASSWORD", secret)
	shown := s.up()
	// What the engine knows, with everything that is encrypted in the open.
	if state := s.must("stack", "export", "--show-secrets"); strings.Contains(shown+state, secret) {
		t.Errorf("the stack's state or output holds the secret:\n%s%s", shown, state)
	}
	if found := holds(t, filepath.Dir(s.project), secret); len(found) > 0 {
		t.Errorf("these files hold the secret: %q", found)
	}
	for _, id := range s.world.IDs() {
		if err := s.world.Edit(id, func(r *cloudmodel.Resource) {
			if text, _ := json.Marshal(r); strings.Contains(string(text), secret) {
				t.Errorf("%s holds the secret", r.ID)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.setSecret("API_TOKEN", "another")
	s.unchanged() // no machine knows them
	s.destroyed()
}
