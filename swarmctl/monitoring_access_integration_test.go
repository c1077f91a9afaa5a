//go:build integration

package main

import (
	"strings"
	"testing"
	"time"
)

func (w *watched) testWeb(t *testing.T) {
	w = w.in(t)
	const command = "/nagios4/cgi-bin/cmd.cgi"
	for _, c := range []struct {
		user, path string
		want       int
	}{
		{"", "/", 401},
		{"", "/nagios4/", 401},
		{"", "/nagios4/cgi-bin/status.cgi", 401},
		{"", command, 401},
		{"", "/cgi-bin/nagios4/status.cgi", 401},
		{"stranger", "/", 401},
		{"guest", "/", 200},
		{"guest", "/nagios4/", 200},
		{"guest", "/nagios4/cgi-bin/status.cgi", 200},
		{"guest", command, 403},
		{"guest", "/cgi-bin/nagios4/cmd.cgi", 403},
		{"ana", command, 200},
	} {
		if got, _ := w.ask(c.user, c.path, nil); got != c.want {
			t.Errorf("%q at %s: %d, want %d", c.user, c.path, got, c.want)
		}
	}
	eventually(t, time.Minute, "told on the overview that all is fine, and who is told", func() bool {
		_, body := w.ask("guest", "/", nil)
		return strings.Contains(body, "checks are fine") && strings.Contains(body, "ana")
	})
	if _, body := w.ask("guest", "/?still", nil); strings.Contains(body, "refresh") {
		t.Error("the page that should stay still renews itself")
	}
}

func (w *watched) testNRPE(t *testing.T) {
	w = w.in(t)
	node := w.node(1)
	const dir = "/etc/swarmctl-monitoring/pki"
	// Another node's certificate, and one of an authority that nobody knows.
	stolen := w.mustOn(w.node(2), "cat "+dir+"/node.key "+dir+"/node.crt")
	w.mustOn(w.monitor(), "mkdir -p /root/c && cat >/root/c/stolen.pem <<'EOF'\n"+stolen+"EOF\n"+
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=rogue -days 1 -keyout /root/c/rogue.key -out /root/c/rogue.crt 2>/dev/null")
	call := "/usr/lib/nagios/plugins/check_nrpe -t 5 -H " + node.Address + " "
	ours := "-A " + dir + "/ca.crt -C " + dir + "/client.crt -K " + dir + "/client.key "
	for _, c := range []struct {
		name, args string
		in         bool
	}{
		{"the monitor's certificate", ours + "-S TLSv1.2+ -c memory", true},
		{"no certificate", "-c memory", false},
		{"a rogue's certificate", "-C /root/c/rogue.crt -K /root/c/rogue.key -c memory", false},
		{"another node's certificate", "-C /root/c/stolen.pem -K /root/c/stolen.pem -c memory", false},
		{"plaintext", "-n -c memory", false},
		{"TLS 1.1", ours + "-S TLSv1.1 -L ALL:@SECLEVEL=0 -c memory", false},
		{"arguments", ours + "-c memory -a x", false},
		{"a command that isn't there", ours + "-c shell", false},
	} {
		out, err := w.on(w.monitor(), call+c.args)
		if in := err == nil && strings.HasPrefix(out, "OK - memory"); in != c.in {
			t.Errorf("%s: let in %v, want %v: %s", c.name, in, c.in, out)
		}
	}
}
