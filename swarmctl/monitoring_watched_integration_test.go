//go:build integration

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	nagios "github.com/ycesproject/yces/monitoring/status"
	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// The schedule of the tests: what takes minutes in production takes seconds.
const (
	checkInterval = 5 * time.Second
	dashboardPass = "correct horse battery"
)

// watched are machines with a service and a monitor, and the mails it sends.
type watched struct {
	*machines
	settings string
	mails    *mailbox
	pool     *sshconn.Pool
}

// mailbox is a mail server that keeps what it is given.
type mailbox struct {
	mu    sync.Mutex
	mails []received
}

type received struct{ to, subject, body string }

func (b *mailbox) listen(t *testing.T, address string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func (b *mailbox) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "220 mailbox\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch strings.ToUpper(strings.TrimSpace(line)) {
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			var text strings.Builder
			for line, err := r.ReadString('\n'); err == nil && line != ".\r\n"; line, err = r.ReadString('\n') {
				text.WriteString(line)
			}
			b.keep(text.String())
			fmt.Fprint(conn, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 fine\r\n")
		}
	}
}

func (b *mailbox) keep(text string) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(m.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, received{m.Header.Get("To"), m.Header.Get("Subject"), string(body)})
}

// since are the mails after the first n.
func (b *mailbox) since(n int) []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails[n:])
}

func (b *mailbox) count() int { return len(b.since(0)) }

// got tells whether such a mail came after the first n.
func (b *mailbox) got(n int, to, subject string) func() bool {
	return func() bool {
		return slices.ContainsFunc(b.since(n), func(r received) bool {
			return strings.HasPrefix(r.to, to+"@") && strings.Contains(r.subject, subject)
		})
	}
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
	w := &watched{machines: newMachines(t, "--monitor"), mails: &mailbox{}}
	w.app("one")
	w.must("deploy")
	w.pool = sshconn.NewPool(sshconn.Config{Identities: w.target().Identities})
	t.Cleanup(func() { _ = w.pool.Close() })
	hash, err := bcrypt.GenerateFromPassword([]byte(dashboardPass), 10)
	if err != nil {
		t.Fatal(err)
	}
	// Its own machines share one busy processor: load and CPU are no measure here.
	w.settings = fmt.Sprintf(`
endpoint: http://%s:8080
schedule: {interval: %s, retry: 2s, attempts: 2, renotify: 15s}
thresholds:
  cpu: {warning: 101, critical: 102}
  load: {warning: 900, critical: 999}
  response: {warning: 4, critical: 6}
contacts:
  - {name: ana, email: ana@example.org, roles: [operations]}
  - {name: ben, email: ben@example.org, roles: [application]}
  - {name: lead, email: lead@example.org, roles: [management]}
owners: {service: application, endpoint: application}
escalations: [{from: operations, to: management, after: 1}]
smtp: {host: %s, port: %d, from: monitor@example.org, tls: none}
web:
  users:
    - {name: ana, role: operator, passwordHash: %q}
    - {name: guest, role: viewer, passwordHash: %q}
`, w.part(2), checkInterval, w.part(1), w.mails.listen(t, w.part(1)), hash, hash)
	w.write("monitoring.yaml", w.settings)
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(w.dir, "checks"), "../monitoring/plugins")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the checks: %v\n%s", err, out)
	}
	return w
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
