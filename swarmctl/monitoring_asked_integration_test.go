//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/ycesproject/yces/monitoring/datadog/datadogtest"
	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// The keys of the account; no log and no list of processes may have them.
const (
	testAPIKey = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	testAppKey = "f9e8d7c6b5a4938271605f4e3d2c1b0a9f8e7d6c"
)

// asked are two machines with a service, which are asked by SSH, a stand-in for a
// Datadog account, and one for the repository of its agent.
type asked struct {
	*watched
	account *datadogtest.Account
	agents  agentRepository
	// said is all that swarmctl printed.
	said *strings.Builder
}

func newAsked(t *testing.T) *asked {
	t.Helper()
	a := &asked{watched: &watched{machines: newMachines(t, "--managers", "1", "--monitor"), mails: &mailbox{}}, said: &strings.Builder{}}
	a.app("one")
	// One node, one replica: its port is the node's.
	a.write("compose.yaml", strings.Replace(readFile(t, filepath.Join(a.dir, "compose.yaml")), "replicas: 2", "replicas: 1", 1))
	a.must("deploy")
	a.pool = sshconn.NewPool(sshconn.Config{Identities: a.target().Identities})
	t.Cleanup(func() { _ = a.pool.Close() })
	hash, err := bcrypt.GenerateFromPassword([]byte(dashboardPass), 10)
	if err != nil {
		t.Fatal(err)
	}
	a.account = datadogtest.New(t, "127.0.0.1", testAPIKey, testAppKey)
	a.agents = newAgentRepository(t, a.part(1))
	a.machines = a.with("DD_API_KEY="+testAPIKey, "DD_APP_KEY="+testAppKey)
	a.settings = fmt.Sprintf(`transport: ssh
endpoint: http://%s:8080
schedule: {interval: %s, retry: 2s, attempts: 2, renotify: 15s}
thresholds:
  cpu: {warning: 101, critical: 102}
  memory: {warning: 90, critical: 95}
  load: {warning: 900, critical: 999}
  response: {warning: 4, critical: 6}
contacts: [{name: ana, email: ana@example.org, roles: [operations]}]
smtp: {host: %s, port: %d, from: monitor@example.org, tls: none}
web: {users: [{name: ana, role: operator, passwordHash: %q}]}
datadog:
  api: %s
  repository: %s stable 7
  keys: [%s/key.asc]
  keyFingerprints: [%s]
`, a.part(2), checkInterval, a.part(1), a.mails.listen(t, a.part(1)), hash, a.account.URL, a.agents.url, a.agents.url, a.agents.fingerprint)
	a.set()
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(a.dir, "checks"), "../monitoring/plugins")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	tool(t, build)
	return a
}

// set writes the settings, with these pairs of old and new text exchanged.
func (a *asked) set(pairs ...string) {
	a.t.Helper()
	a.write("monitoring.yaml", strings.NewReplacer(pairs...).Replace(a.settings))
}

func (a *asked) in(t *testing.T) *asked {
	other := *a
	other.watched = a.watched.in(t)
	return &other
}

// apply runs `monitoring apply` and keeps what it says.
func (a *asked) apply(flags ...string) result {
	a.t.Helper()
	r := a.run(apply(flags...)...)
	fmt.Fprint(a.said, r.stdout, r.stderr)
	return r
}

func (a *asked) mustApply(flags ...string) result {
	a.t.Helper()
	r := a.apply(flags...)
	if r.code != 0 {
		a.t.Fatalf("apply exited %d:\n%s%s", r.code, r.stdout, r.stderr)
	}
	return r
}

// everywhere runs a command on every machine and returns what each printed.
func (a *asked) everywhere(script string) map[string]string {
	a.t.Helper()
	said := map[string]string{}
	for _, node := range a.target().Nodes {
		said[node.Name] = a.mustOn(node, script)
	}
	return said
}

// TestMonitoringAskedBySSH has Nagios ask by SSH, and Datadog's agent on every machine.
func TestMonitoringAskedBySSH(t *testing.T) {
	t.Parallel()
	a := newAsked(t)
	t.Run("a wrong key of the account changes nothing", a.testWrongAccount)
	t.Run("somebody else's agent changes nothing", a.testForeign)
	t.Run("a repository that another key signed holds back the agents alone", a.testWrongSigner)
	if !t.Run("from there to checks that are OK, and agents that are well", a.testFirst) {
		return // all that follows needs it
	}
	t.Run("a second apply writes nothing", a.testSecond)
	t.Run("an agent that is not well is started anew", a.testIll)
	t.Run("the monitor's key opens its commands and nothing else", a.testMatrix)
	t.Run("the agent is pinned, configured and has the key to itself", a.testAgent)
	t.Run("a threshold is one object, and another tag restarts agents", a.testChange)
	t.Run("a rotation shuts the former key out", a.testRotation)
	t.Run("NRPE takes over and leaves nothing of SSH", a.testToNRPE)
	t.Run("and SSH from NRPE", a.testToSSH)
	t.Run("destroy removes the account and the agent", a.testRemoved)
	for _, key := range []string{testAPIKey, testAppKey, "wrong-key"} {
		if strings.Contains(a.said.String(), key) {
			t.Errorf("swarmctl printed the key %s", key)
		}
	}
}

// untouched tells of machines that have an agent of ours.
func (a *asked) untouched(t *testing.T) {
	t.Helper()
	for name, out := range a.everywhere("ls -d /etc/apt/sources.list.d/swarmctl-* /usr/share/keyrings/swarmctl-* 2>/dev/null; " +
		"[ -e " + foreignList + " ] || { ls -d /etc/datadog-agent 2>/dev/null; dpkg-query -W -f '${db:Status-Status}' datadog-agent 2>/dev/null; }; true") {
		if out != "" {
			t.Errorf("left on %s:\n%s", name, out)
		}
	}
}

// unchanged tells of machines that have anything of ours.
func (a *asked) unchanged(t *testing.T) {
	t.Helper()
	a.untouched(t)
	for name, out := range a.everywhere("ls -d /etc/swarmctl-monitoring 2>/dev/null; true") {
		if out != "" {
			t.Errorf("left on %s:\n%s", name, out)
		}
	}
}

func (a *asked) testWrongAccount(t *testing.T) {
	a = a.in(t)
	a.machines = a.with("DD_APP_KEY=wrong-key")
	r := a.apply("--wait", "0")
	if r.code != 1 || !strings.Contains(r.stderr, "the keys are refused by Datadog") || !strings.Contains(r.stderr, "hint: see that DD_API_KEY and DD_APP_KEY") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	a.unchanged(t)
}

func (a *asked) testWrongSigner(t *testing.T) {
	a = a.in(t)
	stranger := newAgentRepository(t, a.part(1))
	for name, c := range map[string]struct{ old, new, want string }{
		"a fingerprint of another key": {a.agents.fingerprint, stranger.fingerprint, "the key " + stranger.fingerprint + " is not there"},
		"another repository's index":   {a.agents.url + " stable", stranger.url + " stable", "not signed"},
	} {
		a.set(c.old, c.new, takeOver, takeOver+"  takeOver: true\n")
		r := a.apply("--wait", "0")
		if r.code != 1 || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: exit code %d\n%s", name, r.code, r.stderr)
		}
		a.untouched(t)
	}
	if out := a.mustOn(a.monitor(), "systemctl is-active nagios4 apache2"); out != "active\nactive\n" {
		t.Errorf("the monitor's daemons are\n%s", out)
	}
}

func (a *asked) testFirst(t *testing.T) {
	a = a.in(t)
	a.set(takeOver, takeOver+"  takeOver: true\n")
	r := a.mustApply("-o", "json")
	var report struct{ Services map[string]int }
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, n := range report.Services {
		all += n
	}
	if all < 25 || report.Services["OK"] != all {
		t.Errorf("services %v:\n%s", report.Services, a.mustOn(a.monitor(), "grep -E 'SERVICE ALERT' /var/log/nagios4/nagios.log | tail"))
	}
	writes := a.account.Written()
	boards := slices.DeleteFunc(slices.Clone(writes), func(w string) bool { return w != "POST /api/v1/dashboard" })
	if len(writes) != 9 || len(boards) != 1 {
		t.Errorf("wrote %q, want 8 monitors and a dashboard", writes)
	}
	t.Logf("from a machine without agents to %d checks by SSH that are OK in %s", all, r.took)
	a.set()
	a.tookOver(t)
}

func (a *asked) testSecond(t *testing.T) {
	a = a.in(t)
	r := a.mustApply("--wait", "0")
	if !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
	if writes := a.account.Written(); len(writes) > 0 {
		t.Errorf("wrote %q", writes)
	}
}

func (a *asked) node() inventory.Node { return a.target().ByRole(inventory.Manager)[0] }
