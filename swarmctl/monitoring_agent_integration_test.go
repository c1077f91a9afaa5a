//go:build integration

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// agentRepository stands in for apt.datadoghq.com: signed, with an agent of two
// versions that needs a key and a configuration that it understands.
type agentRepository struct{ url, fingerprint string }

const (
	agentUnit = `[Unit]
Description=stand-in for Datadog's agent
[Service]
User=dd-agent
EnvironmentFile=-/etc/datadog-agent/environment
RuntimeDirectory=datadog
ExecStart=/usr/bin/datadog-agent run
[Install]
WantedBy=multi-user.target
`
	// As Datadog's own: it gives all of the folder to its user, and starts by
	// itself where there is a configuration.
	agentPostinst = `#!/bin/sh
set -e
getent passwd dd-agent >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin dd-agent
chown -R dd-agent:dd-agent /etc/datadog-agent
systemctl daemon-reload
systemctl enable -q datadog-agent
[ ! -e /etc/datadog-agent/datadog.yaml ] || systemctl restart datadog-agent || true
`
	agentPostrm = `#!/bin/sh
set -e
[ "$1" != purge ] || { userdel dd-agent; rm -rf /etc/datadog-agent; }
`
)

func newAgentRepository(t *testing.T, address string) agentRepository {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	for path, text := range map[string]string{
		"lib/systemd/system/datadog-agent.service": agentUnit, "etc/datadog-agent/conf.d/README": "", "DEBIAN/postinst": agentPostinst, "DEBIAN/postrm": agentPostrm,
	} {
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(root, "usr/bin/datadog-agent"), "./testdata/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	tool(t, build)
	repository := []string{"-s", "stable", "-c", "7", filepath.Join(dir, "repository")}
	for _, version := range []string{"1:7.71.2-1", "1:7.72.0-1"} {
		deb := tool(t, exec.Command("../.ci/tiny-deb.sh", dir, "datadog-agent", version, root))
		repository = append(repository, strings.TrimSpace(deb))
	}
	said := tool(t, exec.Command("../.ci/apt-repository.sh", repository...))
	_, fingerprint, _ := strings.Cut(strings.TrimSpace(said), "fingerprint=")
	return agentRepository{serveFolder(t, filepath.Join(dir, "repository"), address), fingerprint}
}

func tool(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, errs.String())
	}
	return string(out)
}

// serveFolder serves a folder where the machines reach this one.
func serveFolder(t *testing.T, dir, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir))}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

// agent is what a machine says of its agent.
func (a *asked) agent(script string) map[string]string {
	a.t.Helper()
	return a.everywhere("{ " + script + "; } 2>&1")
}

func (a *asked) testAgent(t *testing.T) {
	a = a.in(t)
	for name, out := range a.agent("dpkg-query -W -f '${Version}\n' datadog-agent; apt-mark showhold; systemctl is-enabled datadog-agent; systemctl is-active datadog-agent; " +
		"stat -c '%a %U %G' /etc/datadog-agent/environment /etc/datadog-agent/datadog.yaml; cat /etc/apt/sources.list.d/swarmctl-datadog.list | tail -n 1") {
		want := "1:7.71.2-1\ndatadog-agent\nenabled\nactive\n600 root dd-agent\n640 root dd-agent\n" +
			"deb [signed-by=/usr/share/keyrings/swarmctl-datadog.gpg] " + a.agents.url + " stable 7\n"
		// The engine's packages are on hold too.
		if lines := strings.ReplaceAll(strings.ReplaceAll(out, "docker.io\n", ""), "docker-cli\n", ""); lines != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, out, want)
		}
	}
	if out := a.mustOn(a.node(), "id -nG dd-agent; cat /etc/datadog-agent/datadog.yaml; journalctl -u datadog-agent -o cat --no-pager"); !strings.Contains(out, "docker") ||
		!strings.Contains(out, "- cluster:"+a.name+"\n- role:manager\n") || !strings.Contains(out, "read /etc/datadog-agent/conf.d/docker.d/conf.yaml") {
		t.Errorf("a node's agent:\n%s", out)
	}
	if out := a.mustOn(a.monitor(), "journalctl -u datadog-agent -o cat --no-pager"); !strings.Contains(out, "read /etc/datadog-agent/conf.d/process.d/conf.yaml") || strings.Contains(out, "docker.d") {
		t.Errorf("the monitor's agent:\n%s", out)
	}
	// Nobody but root reads it, and nothing that is listed or logged has it. The
	// pattern is not what it finds, so that the search does not find itself.
	pattern := "'[" + testAPIKey[:1] + "]" + testAPIKey[1:] + "'"
	for name, out := range a.agent("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c " + pattern + "; grep -rls " + pattern + " /etc /var/log /run/log /tmp; " +
		"journalctl --no-pager | grep -c " + pattern + "; runuser -u nobody -- cat /etc/datadog-agent/environment; true") {
		if out != "0\n/etc/datadog-agent/environment\n0\ncat: /etc/datadog-agent/environment: Permission denied\n" {
			t.Errorf("%s: the key is in:\n%s", name, out)
		}
	}
	// An upgrade of everything leaves it as it is.
	if out := a.mustOn(a.node(), "apt-get -q -s dist-upgrade 2>&1"); strings.Contains(out, "Inst datadog-agent") {
		t.Errorf("an upgrade would take it along:\n%s", out)
	}
}

// foreignList is where Datadog's own installer has its repository.
const foreignList = "/etc/apt/sources.list.d/datadog.list"

// takeOver is the line of the settings that says so comes after this one.
const takeOver = "datadog:\n"

// testForeign has an agent on the node that is none of ours.
func (a *asked) testForeign(t *testing.T) {
	a = a.in(t)
	a.mustOn(a.node(), fmt.Sprintf(`/usr/lib/apt/apt-helper download-file %[1]s/key.asc /usr/share/keyrings/theirs.asc 2>&1
		echo 'deb [signed-by=/usr/share/keyrings/theirs.asc] %[1]s/ stable 7' >%[2]s
		apt-get -q update 2>&1 && apt-get -y -q install datadog-agent=1:7.72.0-1 2>&1 && echo 'api_key: theirs' >/etc/datadog-agent/datadog.yaml`, a.agents.url, foreignList))
	r := a.apply("--wait", "0")
	if r.code != 2 || !strings.Contains(r.stderr, "Datadog's agent was installed by somebody else on "+a.node().Name+"; nothing was changed") || !strings.Contains(r.stderr, "hint: datadog.takeOver: true replaces it") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	a.unchanged(t)
	a.set(takeOver, takeOver+"  takeOver: true\n")
	if r := a.apply("--dry-run"); r.code != 0 || !strings.Contains(r.stdout, "  install datadog-agent 1:7.71.2-1 from "+a.agents.url+" (not installed)") ||
		!strings.Contains(r.stdout, "(somebody else's 1:7.72.0-1 is taken over; a copy") ||
		!strings.Contains(r.stdout, "  make the account swarmctl-checks (there is none)") || !strings.Contains(r.stdout, "  create dashboard Swarm "+a.name+" (there is none)") {
		t.Errorf("dry run: exit code %d\n%s", r.code, r.stdout)
	}
	if writes := a.account.Written(); len(writes) > 0 {
		t.Errorf("a dry run wrote %q", writes)
	}
	a.unchanged(t)
}

// tookOver looks for what somebody else's agent left.
func (a *asked) tookOver(t *testing.T) {
	t.Helper()
	const archive = "/var/backups/swarmctl-datadog-agent.tar.gz"
	out := a.mustOn(a.node(), "stat -c '%a %U' "+archive+"; tar -xzOf "+archive+" etc/datadog-agent/datadog.yaml etc/apt/sources.list.d/datadog.list; ls "+foreignList+"*; apt-get -q update >/dev/null && echo updated")
	want := "600 root\napi_key: theirs\ndeb [signed-by=/usr/share/keyrings/theirs.asc] " + a.agents.url + "/ stable 7\n" + foreignList + ".disabled\nupdated\n"
	if out != want {
		t.Errorf("it left:\n%s\nwant:\n%s", out, want)
	}
}

func (a *asked) testIll(t *testing.T) {
	a = a.in(t)
	const pidFile = "/run/datadog/agent.pid"
	a.mustOn(a.monitor(), "rm "+pidFile)
	r := a.mustApply("--wait", "0")
	if !strings.Contains(r.stderr, "start Datadog's agent (it is not well)") || !strings.HasPrefix(r.stdout, "1 change made\n") {
		t.Errorf("it said:\n%s%s", r.stdout, r.stderr)
	}
	a.mustOn(a.monitor(), "datadog-agent health")
}

const agentPID = "systemctl show -p MainPID --value datadog-agent"

func (a *asked) testChange(t *testing.T) {
	a = a.in(t)
	before := a.agent(agentPID)
	a.set("memory: {warning: 90,", "memory: {warning: 91,")
	a.mustApply("--wait", "0")
	if writes := a.account.Written(); len(writes) != 1 || !strings.HasPrefix(writes[0], "PUT /api/v1/monitor/") {
		t.Errorf("a changed threshold wrote %q, want one monitor", writes)
	}
	for name, pid := range a.agent(agentPID) {
		if pid != before[name] {
			t.Errorf("%s: the agent was started anew for nothing", name)
		}
	}
	// Another version, and another site.
	a.set("memory: {warning: 90,", "memory: {warning: 91,", "datadog:\n", "datadog:\n  site: datadoghq.eu\n  agentVersion: 7.72.0\n")
	a.mustApply("--wait", "0")
	for name, out := range a.agent(agentPID + "; dpkg-query -W -f '${Version}\n' datadog-agent; grep site /etc/datadog-agent/datadog.yaml; apt-mark showhold | grep datadog") {
		pid, rest, _ := strings.Cut(out, "\n")
		if pid+"\n" == before[name] || rest != "1:7.72.0-1\nsite: datadoghq.eu\ndatadog-agent\n" {
			t.Errorf("%s: process %s, was %s\n%s", name, pid, before[name], rest)
		}
	}
	a.set()
	a.mustApply("--wait", "0")
	if r := a.mustApply("--wait", "0"); !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
}
