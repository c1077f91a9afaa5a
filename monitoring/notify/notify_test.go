package notify

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/notify/mailtest"
)

var update = flag.Bool("update", false, "write the golden files")

// environment is what Nagios 4.4.6 hands over, in so far as it is read.
func environment(kind, state string, more ...string) []string {
	return append(slices.Clone(more),
		"NAGIOS_NOTIFICATIONTYPE="+kind, "NAGIOS_HOSTNAME=shop-2", "NAGIOS_HOSTADDRESS=10.7.0.12",
		"NAGIOS_SERVICEDESC=Disk", "NAGIOS_SERVICESTATE="+state, "NAGIOS_SERVICEOUTPUT=DISK CRITICAL - free space: / 80 MB (3%); <script>alert(1)</script>",
		"NAGIOS_LONGSERVICEOUTPUT=first\\nsecond", "NAGIOS_SERVICEDURATION=0d 0h 2m 5s", "NAGIOS_SERVICENOTIFICATIONNUMBER=1",
		"NAGIOS_SERVICENOTESURL=https://example.org/runbook#disk", "NAGIOS_SERVICEPROBLEMID=17", "NAGIOS_LASTSERVICEPROBLEMID=0",
		"NAGIOS_HOSTSTATE="+state, "NAGIOS_HOSTOUTPUT=CRITICAL - 10.7.0.12: rta nan, lost 100%", "NAGIOS_HOSTDURATION=0d 0h 1m 0s",
		"NAGIOS_HOSTNOTIFICATIONNUMBER=3", "NAGIOS_HOSTPROBLEMID=18", "NAGIOS_HOSTNOTESURL=https://example.org/runbook#managers",
		"NAGIOS_CONTACTNAME=ana", "NAGIOS_TIMET=1772366400",
	)
}

// said is what somebody added, and what differs once it is over.
var said = map[string][]string{
	"ACKNOWLEDGEMENT": {"NAGIOS_NOTIFICATIONAUTHOR=ben", "NAGIOS_NOTIFICATIONCOMMENT=on it"},
	"DOWNTIMESTART":   append([]string{"NAGIOS_NOTIFICATIONAUTHOR=ben", "NAGIOS_NOTIFICATIONCOMMENT=new disks", "NAGIOS_SERVICEDURATION=3d 0h 2m 5s"}, fine...),
	"RECOVERY":        append([]string{"NAGIOS_SERVICEDURATION=0d 0h 0m 0s", "NAGIOS_HOSTDURATION=0d 0h 0m 0s"}, fine...),
}

var fine = []string{
	"NAGIOS_SERVICEOUTPUT=DISK OK - free space: / 2100 MB (71%);", "NAGIOS_LONGSERVICEOUTPUT=",
	"NAGIOS_HOSTOUTPUT=PING OK - Packet loss = 0%, RTA = 0.21 ms",
}

func TestEachKindOfEventReadsAsInItsSample(t *testing.T) {
	c := NewConfig(example.Model(3))
	for _, kind := range []struct{ about, event, state string }{
		{"service", "PROBLEM", "CRITICAL"},
		{"service", "RECOVERY", "OK"},
		{"service", "ACKNOWLEDGEMENT", "CRITICAL"},
		{"service", "DOWNTIMESTART", "OK"},
		{"service", "FLAPPINGSTART", "CRITICAL"},
		{"host", "PROBLEM", "DOWN"},
		{"host", "RECOVERY", "UP"},
		{"host", "ACKNOWLEDGEMENT", "DOWN"},
		{"host", "DOWNTIMESTART", "UP"},
		{"host", "FLAPPINGSTART", "DOWN"},
	} {
		env := environment(kind.event, kind.state, said[kind.event]...)
		e, err := FromEnvironment(kind.about, env)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.message(e)
		if err != nil {
			t.Fatal(err)
		}
		for suffix, text := range map[string]string{".txt": m.head + "\n\n" + m.plain, ".html": m.html} {
			path := filepath.Join("testdata", kind.about+"-"+strings.ToLower(kind.event)+suffix)
			if *update {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != text {
				t.Errorf("%s differs (%v); if that is right: go test -update", path, err)
			}
		}
	}
}

func TestTextOfAChecksOutputStaysText(t *testing.T) {
	e, err := FromEnvironment("service", environment("PROBLEM", "CRITICAL"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewConfig(example.Model(1)).message(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.html, "<script>") {
		t.Error("a check's output became markup")
	}
}

func TestWithoutNagiosVariablesNothingIsSent(t *testing.T) {
	if _, err := FromEnvironment("service", nil); err == nil {
		t.Error("an event was made of nothing")
	}
	if _, err := FromEnvironment("planet", environment("PROBLEM", "CRITICAL")); err == nil {
		t.Error("an event about a planet was made")
	}
}

// sink is a mail server and what it was given.
func sink(t *testing.T, hangUp string) (Server, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	mails := make(chan string, 10)
	go mailtest.Server{Keep: func(text string) { mails <- text }, HangUp: hangUp}.Serve(l)
	return Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "monitor@example.org", TLS: "none"}, mails
}

func TestAContactGetsAMailAndAMessage(t *testing.T) {
	server, mails := sink(t, "")
	posted := make(chan slackMessage, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m slackMessage
		_ = json.NewDecoder(r.Body).Decode(&m)
		posted <- m
	}))
	defer hook.Close()
	file := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(file, []byte(hook.URL+"/secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := NewConfig(example.Model(3))
	c.SMTP, c.Contacts = server, map[string]Recipient{"ana": {Email: "ana@example.org", WebhookFile: file}}
	e, err := FromEnvironment("service", environment("PROBLEM", "CRITICAL"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (Notifier{c, t.TempDir()}).Tell(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(<-mails))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Header.Get("Subject"), "[shop] Disk on shop-2: CRITICAL"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"DISK CRITICAL - free space", "<!doctype html>"} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(part); !strings.Contains(string(text), want) {
			t.Errorf("a part lacks %q:\n%s", want, text)
		}
	}
	if got := <-posted; got.Attachments[0].Color != red || !strings.Contains(got.Text, "Disk on shop-2") {
		t.Errorf("posted %+v", got)
	}
}

func TestAPasswordIsNotSentWithoutTLS(t *testing.T) {
	server, mails := sink(t, "")
	server.TLS = "starttls"
	c := Config{SMTP: server, Contacts: map[string]Recipient{"ana": {Email: "ana@example.org"}}}
	e, _ := FromEnvironment("host", environment("PROBLEM", "DOWN"))
	if err := (Notifier{c, t.TempDir()}).Tell(context.Background(), e); err == nil || len(mails) > 0 {
		t.Errorf("a server without STARTTLS got the mail (%v)", err)
	}
}
