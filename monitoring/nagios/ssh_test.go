package nagios

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h monitoring of shop"

func TestTheMonitorsKeyOpensOneProgramFromOneAddress(t *testing.T) {
	m := example.SSH(3)
	_, _, options, _, err := ssh.ParseAuthorizedKey([]byte(AuthorizedKeys(m, m.Machines()[0], publicKey)))
	want := []string{
		"restrict", `from="10.7.0.3"`,
		`command="/usr/local/lib/swarmctl-monitoring/checks remote --commands /etc/swarmctl-monitoring/commands.json"`,
	}
	if err != nil || !slices.Equal(options, want) {
		t.Errorf("options %q, %v; want %q", options, err, want)
	}
}

func TestEveryCommandThatIsAskedBySSHIsOnTheMachinesList(t *testing.T) {
	m := example.SSH(7)
	for _, h := range m.Machines() {
		var list map[string][]string
		if err := json.Unmarshal(AllowList(m, h), &list); err != nil {
			t.Fatal(err)
		}
		asked := []string{monitoring.AliveCommand, monitoring.TimeCommand}
		for _, c := range h.Checks {
			if c.Run.Remote {
				asked = append(asked, c.Run.ID)
			}
		}
		if h.Group == monitoring.Managers {
			asked = append(asked, "quorum", "service-yces_qr")
		}
		for _, id := range asked {
			if len(list[id]) == 0 {
				t.Errorf("%s does not know %q", h.Name, id)
			}
		}
		for id, words := range list {
			// What a shell would make of them does not matter, but sudo's rule must be the same words.
			if words[0] == "/usr/bin/sudo" && !strings.Contains(Sudoers(m, h), "swarmctl-checks ALL=(root) NOPASSWD: "+strings.Join(words[2:], " ")+"\n") {
				t.Errorf("%s: sudo does not know %q", h.Name, id)
			}
		}
	}
}

func TestTheMonitorsSSHTakesOneKeyAndThePinnedHostKeys(t *testing.T) {
	m := example.SSH(3)
	m.Machines()[1].Node.Port = 2222
	dir := t.TempDir()
	for _, f := range Render(m) {
		if f.Path == "ssh_config" || f.Path == "known_hosts" {
			write(t, filepath.Join(dir, f.Path), f.Data)
		}
	}
	// What OpenSSH itself makes of it.
	out, err := exec.Command("ssh", "-G", "-F", filepath.Join(dir, "ssh_config"), "10.7.0.12").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"user swarmctl-checks", "port 2222", "hostkeyalias shop-2", "batchmode yes", "stricthostkeychecking true", "identitiesonly yes",
		"identityfile /etc/swarmctl-monitoring/ssh/id_ed25519", "userknownhostsfile /etc/swarmctl-monitoring/current/known_hosts",
		"globalknownhostsfile /dev/null", "updatehostkeys false", "clearallforwardings yes", "controlmaster auto",
	} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	known, err := exec.Command("ssh-keygen", "-F", "shop-2", "-f", filepath.Join(dir, "known_hosts")).CombinedOutput()
	if err != nil || !strings.Contains(string(known), m.Machines()[1].Node.HostKeys[0]) {
		t.Errorf("%v\n%s", err, known)
	}
}

func TestWithSSHNoCommandKnowsNRPE(t *testing.T) {
	for _, f := range Render(example.SSH(3)) {
		if strings.Contains(string(f.Data), "nrpe") || strings.Contains(string(f.Data), "NRPE") {
			t.Errorf("%s names NRPE", f.Path)
		}
	}
}
