//go:build integration

package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	nagios "github.com/ycesproject/yces/monitoring/status"
	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// The schedule of the tests: what takes minutes in production takes seconds.
const (
	checkInterval = 10 * time.Second
	dashboardPass = "correct horse battery"
)

// watched are machines with a service and a monitor, and the mails it sends.
type watched struct {
	*machines
	settings string
	mails    *mailbox
	ledger   *ledger
	front    *front
	pool     *sshconn.Pool
}

func (m *machines) monitor() inventory.Node { return m.target().ByRole(inventory.Monitor)[0] }

// part is an address of the cluster's network: 1 is this machine, 2 the balancer.
func (m *machines) part(last byte) string {
	b := netip.MustParseAddr(m.monitor().Address).As4()
	b[3] = last
	return netip.AddrFrom4(b).String()
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{machines: newMachines(t, "--monitor"), mails: &mailbox{}, ledger: &ledger{}}
	w.everywhere("one")
	w.must("deploy")
	w.pool = sshconn.NewPool(sshconn.Config{Identities: w.target().Identities})
	t.Cleanup(func() { _ = w.pool.Close() })
	w.front = newFront(t, w.part(1), w.part(2)+":8080")
	w.put(w.monitor(), "/etc/ssl/certs/front.pem", string(w.front.authority.Cert))
	w.ownFigures()
	hash, err := bcrypt.GenerateFromPassword([]byte(dashboardPass), 10)
	if err != nil {
		t.Fatal(err)
	}
	// The machines share one kernel, and its load. An interval is longer than a check
	// may take, as in production.
	w.settings = fmt.Sprintf(`
endpoint: https://%s
schedule: {interval: %s, retry: 8s, attempts: 2, renotify: 15s}
thresholds:
  cpu: {warning: 80, critical: 90}
  load: {warning: 900, critical: 999}
  response: {warning: 1, critical: 2}
contacts:
  - {name: ana, email: ana@example.org, roles: [operations]}
  - {name: ben, email: ben@example.org, roles: [application]}
  - {name: lead, email: lead@example.org, roles: [management]}
owners: {service: application, endpoint: application}
escalations: [{from: operations, to: management, after: 1}]
smtp: {host: %s, port: %d, from: monitor@example.org, tls: none}
runbook: https://example.org/runbook
web:
  users:
    - {name: ana, role: operator, passwordHash: %q}
    - {name: guest, role: viewer, passwordHash: %q}
`, w.front.address, checkInterval, w.part(1), w.mails.listen(t, w.part(1)), hash, hash)
	w.write("monitoring.yaml", w.settings)
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(w.dir, "checks"), "../monitoring/plugins")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the checks: %v\n%s", err, out)
	}
	return w
}

// everywhere writes a version of the service with a replica on each machine:
// one that is lost has no other place.
func (w *watched) everywhere(version string) {
	w.t.Helper()
	w.app(version)
	w.write("compose.yaml", strings.Replace(readFile(w.t, filepath.Join(w.dir, "compose.yaml")), "replicas: 2", "replicas: 3", 1))
}

// in is the same for a part of the test.
func (w *watched) in(t *testing.T) *watched {
	other := *w
	m := *w.machines
	m.t = t
	other.machines = &m
	return &other
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// node is a manager, counted from 1.
func (w *watched) node(number int) inventory.Node {
	return w.target().ByRole(inventory.Manager)[number-1]
}

// apply is the command line of `monitoring apply`, with checks that were built.
func apply(flags ...string) []string {
	return append([]string{"monitoring", "apply", "--checks", "checks"}, flags...)
}

// on runs a command as root on a machine and returns what it printed.
func (w *watched) on(node inventory.Node, script string) (string, error) {
	conn, err := w.pool.Conn(w.t.Context(), node)
	if err != nil {
		return "", err
	}
	res, err := conn.Run(w.t.Context(), sshconn.Command{Shell: script})
	return res.Stdout + res.Stderr, err
}

func (w *watched) mustOn(node inventory.Node, script string) string {
	w.t.Helper()
	out, err := w.on(node, script)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// put writes a file, in place of one that is there with its owner and mode.
func (w *watched) put(node inventory.Node, path, text string) {
	w.t.Helper()
	conn, err := w.pool.Conn(w.t.Context(), node)
	if err != nil {
		w.t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if _, err := conn.Run(w.t.Context(), sshconn.Command{Shell: "mkdir -p " + dir + " && cat >" + path, Stdin: strings.NewReader(text)}); err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
}

// ownFigures shows each machine its own use of processor and memory.
func (w *watched) ownFigures() {
	w.t.Helper()
	const unit = "[Service]\nExecStart=/bin/sh /usr/local/sbin/own-figures\n[Install]\nWantedBy=multi-user.target\n"
	script := readFile(w.t, filepath.Join("testdata", "own-figures"))
	for _, node := range w.target().Nodes {
		w.put(node, "/usr/local/sbin/own-figures", script)
		w.put(node, "/etc/systemd/system/own-figures.service", unit)
		w.mustOn(node, "systemctl daemon-reload && systemctl enable -q --now own-figures")
	}
}

// state is a check's state as Nagios has it now.
func (w *watched) state(host, service string) nagios.Object {
	out, err := w.on(w.monitor(), "cat /var/lib/nagios4/status.dat")
	if err != nil {
		return nagios.Object{}
	}
	s, err := nagios.Parse(strings.NewReader(out))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range slices.Concat(s.Hosts, s.Services) {
		if o.Host == host && o.Service == service {
			return o
		}
	}
	return nagios.Object{}
}

func (w *watched) is(host, service, state string) func() bool {
	return func() bool { o := w.state(host, service); return o.State == state && o.Hard }
}

// ask opens a page of the dashboard and returns its status.
func (w *watched) ask(user, path string, form url.Values) (int, string) {
	w.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, "https://"+w.monitor().Address+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "NagFormId", Value: form.Get("nagFormId")})
	}
	if user != "" {
		req.SetBasicAuth(user, dashboardPass)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the authority is the test's own
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// formID is the token of Nagios's form, in a field and in a cookie.
var formID = regexp.MustCompile(`(?i)name='nagFormId' value='([0-9a-f]+)'`)

// acknowledge fills in Nagios's form, as a person does.
func (w *watched) acknowledge(host, service string) {
	w.t.Helper()
	form := url.Values{"cmd_typ": {"34"}, "host": {host}, "service": {service}}
	_, page := w.ask("ana", "/nagios4/cgi-bin/cmd.cgi?"+form.Encode(), nil)
	token := formID.FindStringSubmatch(page)
	if token == nil {
		w.t.Fatalf("the form has no token:\n%s", page)
	}
	for key, value := range map[string]string{"nagFormId": token[1], "cmd_mod": "2", "com_data": "on it", "sticky_ack": "on", "send_notification": "on", "btnSubmit": "Commit"} {
		form.Set(key, value)
	}
	if _, page := w.ask("ana", "/nagios4/cgi-bin/cmd.cgi", form); !strings.Contains(page, "successfully submitted") {
		w.t.Fatalf("acknowledge:\n%s", page)
	}
}
