//go:build integration

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// asNagios is ssh as the monitor's checks run it, without the connection that
// they share.
const asNagios = "cd / && runuser -u nagios -- timeout 15 %s -F /etc/swarmctl-monitoring/current/ssh_config -o ControlPath=none -o LogLevel=ERROR "

func (a *asked) testMatrix(t *testing.T) {
	a = a.in(t)
	node := a.node().Address
	ssh, sftp, scp := fmt.Sprintf(asNagios, "ssh"), fmt.Sprintf(asNagios, "sftp"), fmt.Sprintf(asNagios, "scp")
	a.mustOn(a.monitor(), "ssh-keygen -q -t ed25519 -N '' -f /tmp/rogue && chown nagios /tmp/rogue")
	// ssh takes every key that it is told of: the rogue's must be the only one.
	a.mustOn(a.monitor(), "grep -v -e IdentityFile -e LogLevel -e Control /etc/swarmctl-monitoring/current/ssh_config >/tmp/rogue_config")
	rogue := "cd / && runuser -u nagios -- timeout 15 ssh -F /tmp/rogue_config -i /tmp/rogue "
	for _, c := range []struct {
		name, line string
		in         bool
		says       string
	}{
		{"the monitor's key", ssh + node + " memory", true, "OK - memory"},
		{"a check that root makes", ssh + node + " engine", true, "OK - "},
		{"another key", rogue + node + " memory", false, "Permission denied"},
		{"another machine's host key", ssh + "-o HostKeyAlias=" + a.monitor().Name + " " + node + " memory", false, "Host key verification failed"},
		{"a command that isn't there", ssh + node + " shell", false, "there is no such command"},
		{"arguments", ssh + node + " memory -w 1", false, "there is no such command"},
		{"two commands", ssh + node + " 'memory; id'", false, "there is no such command"},
		{"a shell", ssh + node + " </dev/null", false, "there is no shell here"},
		{"a terminal", ssh + "-tt " + node + " memory </dev/null", false, "PTY allocation request failed"},
		{"sftp", "echo put | " + strings.Replace(sftp, "cd / && ", "", 1) + node, false, ""},
		{"scp", scp + node + ":/etc/passwd /tmp/taken", false, ""},
		{"scp in its older form", strings.Replace(scp, " scp ", " scp -O ", 1) + node + ":/etc/passwd /tmp/taken", false, ""},
		// The way through is refused, so the banner of the other end never comes.
		{"a way through", ssh + "-o ClearAllForwardings=no -W 127.0.0.1:22 " + node + " </dev/null", false, "stdio forwarding failed"},
		{"the agent's socket", ssh + "-A " + node + " sh -c 'ls $SSH_AUTH_SOCK'", false, "there is no such command"},
	} {
		out, err := a.on(a.monitor(), c.line+" 2>&1")
		if in := err == nil; in != c.in || !strings.Contains(out, c.says) || !c.in && strings.Contains(out, "root:") {
			t.Errorf("%s: let in %v, want %v: %s", c.name, in, c.in, out)
		}
	}
	// From elsewhere the monitor's own key opens nothing: this machine is not the monitor.
	key := a.mustOn(a.monitor(), "cat /etc/swarmctl-monitoring/ssh/id_ed25519")
	out, err := a.on(a.node(), "install -m 600 /dev/null /root/taken && cat >/root/taken <<'EOF'\n"+key+"EOF\n"+
		"ssh -o BatchMode=yes -o StrictHostKeyChecking=no -i /root/taken swarmctl-checks@"+a.node().Address+" memory 2>&1; code=$?; rm /root/taken; exit $code")
	if err == nil || !strings.Contains(out, "Permission denied") {
		t.Errorf("the monitor's key from another machine: %v\n%s", err, out)
	}
	if out := a.mustOn(a.monitor(), "stat -c '%a %U' /etc/swarmctl-monitoring/ssh/id_ed25519; ls /tmp/taken 2>&1 || true"); !strings.HasPrefix(out, "400 nagios\n") || !strings.Contains(out, "No such file") {
		t.Errorf("the key, and what was taken: %s", out)
	}
}

func (a *asked) testRotation(t *testing.T) {
	a = a.in(t)
	const file = "/etc/swarmctl-monitoring/ssh/id_ed25519"
	a.mustOn(a.monitor(), "install -m 400 -o nagios "+file+" /tmp/former && grep -v -e IdentityFile -e LogLevel -e Control /etc/swarmctl-monitoring/current/ssh_config >/tmp/rogue_config")
	before := a.mustOn(a.monitor(), "cat "+file+".pub")
	r := a.mustApply("--rotate", "--wait", "0")
	if after := a.mustOn(a.monitor(), "cat "+file+".pub"); after == before {
		t.Errorf("the key is the same\n%s", r.stderr)
	}
	if out, err := a.on(a.monitor(), "cd / && runuser -u nagios -- ssh -F /tmp/rogue_config -i /tmp/former "+a.node().Address+" memory 2>&1"); err == nil || !strings.Contains(out, "Permission denied") {
		t.Errorf("the former key: %v\n%s", err, out)
	}
	if out := a.mustOn(a.monitor(), fmt.Sprintf(asNagios, "ssh")+a.node().Address+" memory"); !strings.HasPrefix(out, "OK - memory") {
		t.Errorf("the new key: %s", out)
	}
	// The connection that checks share came in with the former key.
	eventually(t, time.Minute, "asked with the new key", a.is(a.node().Name, "Checks by SSH", "OK"))
	if r := a.mustApply("--wait", "0"); !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
}

// leftovers are what a transport has on a machine, as far as it is there.
const leftovers = `getent passwd swarmctl-checks >/dev/null && echo account
ls -d /var/lib/swarmctl-checks /etc/swarmctl-monitoring/commands.json /etc/sudoers.d/swarmctl-* /etc/swarmctl-monitoring/nrpe.cfg \
	/etc/swarmctl-monitoring/ssh /var/lib/swarmctl-monitoring/ssh /etc/swarmctl-monitoring/pki/node.* 2>/dev/null
grep -qE ':1622 [0-9A-F]+:[0-9A-F]+ 0A' /proc/net/tcp && echo 'port 5666'
true`

func (a *asked) testToNRPE(t *testing.T) {
	a = a.in(t)
	a.set("transport: ssh", "transport: nrpe")
	if r := a.apply("--dry-run"); !strings.Contains(r.stdout, "  remove the account swarmctl-checks (the transport is nrpe)\n") {
		t.Errorf("the plan:\n%s", r.stdout)
	}
	a.mustApply("--wait", "0")
	eventually(t, time.Minute, "asked by NRPE", a.is(a.node().Name, "NRPE", "OK"))
	for name, out := range a.everywhere(leftovers) {
		want := "/etc/sudoers.d/swarmctl-monitoring\n/etc/swarmctl-monitoring/nrpe.cfg\n/etc/swarmctl-monitoring/pki/node.crt\n/etc/swarmctl-monitoring/pki/node.key\nport 5666\n"
		if sorted(out) != want {
			t.Errorf("%s has:\n%s", name, out)
		}
	}
	if r := a.mustApply("--wait", "0"); !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
}

// sorted sorts lines.
func sorted(text string) string {
	lines := slices.Sorted(strings.Lines(text))
	return strings.Join(lines, "")
}

func (a *asked) testToSSH(t *testing.T) {
	a = a.in(t)
	a.set()
	if r := a.apply("--dry-run"); !strings.Contains(r.stdout, "  remove NRPE's configuration and certificates, and stop it (the transport is ssh)\n") {
		t.Errorf("the plan:\n%s", r.stdout)
	}
	a.mustApply("--wait", "0")
	eventually(t, time.Minute, "asked by SSH", a.is(a.node().Name, "Checks by SSH", "OK"))
	for name, out := range a.everywhere(leftovers) {
		if strings.Contains(out, "nrpe") || strings.Contains(out, "pki") || strings.Contains(out, "swarmctl-monitoring\n") || strings.Contains(out, "port") {
			t.Errorf("%s has:\n%s", name, out)
		}
	}
	if r := a.mustApply("--wait", "0"); !strings.HasPrefix(r.stdout, "no change\n") {
		t.Errorf("it changed something:\n%s%s", r.stdout, r.stderr)
	}
}

func (a *asked) testRemoved(t *testing.T) {
	a = a.in(t)
	a.account.Written()
	a.expect(1, a.with("DD_APP_KEY=wrong-key").run("monitoring", "destroy", "--yes"), "the keys are refused by Datadog")
	if out := a.mustOn(a.monitor(), "systemctl is-active nagios4"); out != "active\n" {
		t.Errorf("with wrong keys the monitor's daemon is %s", out)
	}
	a.must("monitoring", "destroy", "--yes")
	if writes := a.account.Written(); len(writes) != 9 || slices.ContainsFunc(writes, func(w string) bool { return !strings.HasPrefix(w, "DELETE ") }) {
		t.Errorf("wrote %q, want 9 deletions", writes)
	}
	a.untouched(t)
	for name, out := range a.everywhere(leftovers + "\nls -d /etc/swarmctl-monitoring /usr/local/lib/swarmctl-monitoring 2>/dev/null; systemctl is-active nagios4 apache2 datadog-agent; true") {
		if strings.Contains(out, "swarmctl") || strings.Contains("\n"+out, "\nactive\n") || strings.Contains(out, "account") {
			t.Errorf("left on %s:\n%s", name, out)
		}
	}
}
