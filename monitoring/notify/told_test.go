package notify

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/status"
)

// began is when the problem of these tests did.
var began = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // a Monday

// teller tells ana by mail, of a problem with a disk.
type teller struct {
	*testing.T
	Notifier
	mails <-chan string
}

func newTeller(t *testing.T) teller {
	t.Helper()
	t.Parallel() // a mail is tried again after seconds
	server, mails := sink(t, "")
	c := NewConfig(example.Model(3))
	c.SMTP, c.Contacts = server, map[string]Recipient{"ana": {Email: "ana@example.org"}}
	return teller{t, Notifier{c, t.TempDir()}, mails}
}

func (n teller) event(kind, state string, at time.Time) Event {
	return Event{Type: kind, State: state, Host: "shop-2", Service: "Disk", Contact: "ana", Problem: "17", Time: at}
}

// disk is how Nagios finds it since so long after the beginning.
func disk(state string, since time.Duration, change ...func(*status.Object)) status.Status {
	o := status.Object{Host: "shop-2", Service: "Disk", State: state, Hard: true, Since: began.Add(since)}
	for _, c := range change {
		c(&o)
	}
	up := status.Object{Host: "shop-2", State: "UP", Hard: true, Since: began.Add(-time.Hour)}
	return status.Status{Hosts: []status.Object{up}, Services: []status.Object{o}}
}

// onHost is the same with its host as it is.
func onHost(s status.Status, state string, since time.Duration, change ...func(*status.Object)) status.Status {
	h := &s.Hosts[0]
	h.State, h.Since = state, began.Add(since)
	for _, c := range change {
		c(h)
	}
	return s
}

// catchUp is CatchUp so long after the beginning, and the subjects of the mails it sends.
func (n teller) catchUp(s status.Status, after time.Duration) (count Notices, subjects []string, err error) {
	n.Helper()
	count, err = n.CatchUp(n.Context(), s, began.Add(after))
	for len(n.mails) > 0 {
		_, subject, _ := strings.Cut(<-n.mails, "Subject: ")
		subject, _, _ = strings.Cut(subject, "\r\n")
		subjects = append(subjects, subject)
	}
	return count, subjects, err
}

func (n teller) expect(s status.Status, after time.Duration, open int, subjects ...string) {
	n.Helper()
	count, got, err := n.catchUp(s, after)
	if err != nil || count != (Notices{Open: open}) || !slices.Equal(got, subjects) {
		n.Errorf("after %s: %+v, told %q, error %v; want %d and %q", after, count, got, err, open, subjects)
	}
}

func (n teller) waits(s status.Status, after time.Duration) {
	n.Helper()
	count, got, err := n.catchUp(s, after)
	if err != nil || count != (Notices{Waiting: 1}) || len(got) > 0 {
		n.Errorf("after %s: %+v, told %q, error %v; want one that waits", after, count, got, err)
	}
}

func (n teller) told(e Event) {
	n.Helper()
	if err := n.Tell(n.Context(), e); err != nil {
		n.Fatal(err)
	}
	<-n.mails
}

const recovered = "[shop] Disk on shop-2: recovered (OK)"

func TestAnEndThatNagiosKeepsToItselfIsToldOnce(t *testing.T) {
	n := newTeller(t)
	n.told(n.event("PROBLEM", "CRITICAL", began))
	n.expect(disk("CRITICAL", -time.Minute), 5*time.Minute, 1)
	n.expect(disk("OK", 10*time.Minute), 10*time.Minute+59*time.Second, 1) // Nagios may still tell it
	n.expect(disk("OK", 10*time.Minute), 11*time.Minute, 0, recovered)
	n.expect(disk("OK", 10*time.Minute), 12*time.Minute, 0)
}

func TestAnEndThatNagiosTellsIsNotToldAgain(t *testing.T) {
	n := newTeller(t)
	n.told(n.event("PROBLEM", "CRITICAL", began))
	n.told(n.event("ACKNOWLEDGEMENT", "CRITICAL", began.Add(time.Minute)))
	n.told(n.event("RECOVERY", "OK", began.Add(2*time.Minute)))
	n.expect(disk("OK", 2*time.Minute), time.Hour, 0)
}

func TestAnEndIsToldWhenItIsOneAndSomebodyListens(t *testing.T) {
	n := newTeller(t)
	ana := n.Contacts["ana"]
	ana.Hours = monitoring.DayRanges{"monday": "09:00-17:00", "tuesday": "09:00-17:00"}
	n.Contacts["ana"] = ana
	n.told(n.event("PROBLEM", "CRITICAL", began))
	const later, over = 30 * time.Minute, 5 * time.Minute
	for name, s := range map[string]status.Status{
		"older than the problem": disk("OK", -time.Second),
		"not certain":            disk("OK", over, func(o *status.Object) { o.Hard = false }),
		"in maintenance":         disk("OK", over, func(o *status.Object) { o.Maintenance = true }),
		"up and down":            disk("OK", over, func(o *status.Object) { o.Flapping = true }),
	} {
		if _, told, err := n.catchUp(s, later); err != nil || len(told) > 0 {
			t.Errorf("%s: told %q, error %v", name, told, err)
		}
	}
	n.expect(disk("OK", over), 10*time.Hour, 1) // eight in the evening
	n.expect(disk("OK", over), 24*time.Hour, 0, recovered)
}

func TestWhatNoServerTookIsToldLater(t *testing.T) {
	n := newTeller(t)
	taken := n.SMTP
	n.SMTP.TLS = "starttls" // which it does not offer
	if err := n.Tell(t.Context(), n.event("PROBLEM", "CRITICAL", began)); err == nil {
		t.Fatal("no error")
	}
	count, _, err := n.catchUp(disk("CRITICAL", 0), 2*time.Minute)
	if err == nil || count != (Notices{}) || !strings.Contains(err.Error(), "ana was not told that Disk on shop-2 is CRITICAL, and 0 more: send mail to ana@example.org") {
		t.Errorf("%+v, error %v", count, err)
	}
	n.waits(disk("CRITICAL", 0, func(o *status.Object) { o.Acknowledged = true }), 3*time.Minute)
	n.SMTP = taken
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 1, "[shop] Disk on shop-2: CRITICAL")
	n.expect(disk("CRITICAL", 0), 4*time.Minute, 1)
	n.SMTP.TLS = "starttls"
	if err := n.Tell(t.Context(), n.event("RECOVERY", "OK", began.Add(5*time.Minute))); err == nil {
		t.Fatal("no error")
	}
	n.SMTP = taken
	n.waits(disk("WARNING", 6*time.Minute), 7*time.Minute) // it is not over after all
	n.expect(disk("OK", 8*time.Minute), 9*time.Minute, 0, recovered)
}

func TestWhatStartsIsNotToldUnlessItStaysAway(t *testing.T) {
	n := newTeller(t)
	hold := func(at time.Duration) {
		t.Helper()
		e := n.event("PROBLEM", "CRITICAL", began.Add(at))
		e.Unsettled = true
		if err := n.Tell(t.Context(), e); err != nil || len(n.mails) > 0 {
			t.Fatalf("error %v, %d mails", err, len(n.mails))
		}
	}
	hold(5 * time.Second)
	hold(30 * time.Second) // Nagios says it again
	if err := n.Tell(t.Context(), n.event("RECOVERY", "OK", began.Add(40*time.Second))); err != nil || len(n.mails) > 0 {
		t.Errorf("the end of what nobody knows was told: %d mails, error %v", len(n.mails), err)
	}
	hold(50 * time.Second)
	n.expect(disk("OK", 55*time.Second), 5*time.Minute, 0) // Nagios kept the end to itself
	hold(55 * time.Second)
	n.expect(disk("CRITICAL", 0), time.Minute, 0)
	n.expect(onHost(disk("CRITICAL", 0), "DOWN", time.Minute), 2*time.Minute, 0) // that is the host's problem
	n.expect(onHost(disk("CRITICAL", 0), "UP", 2*time.Minute), 2*time.Minute, 0) // it starts once more
	n.expect(onHost(disk("CRITICAL", 0), "UP", 0, func(h *status.Object) { h.Maintenance = true }), 2*time.Minute, 0)
	n.expect(disk("CRITICAL", 0), 2*time.Minute, 1, "[shop] Disk on shop-2: CRITICAL")
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 1)
	again := n.event("PROBLEM", "WARNING", began.Add(4*time.Minute)) // the machine started once more, and ana knows
	again.Unsettled = true
	n.told(again)
	n.expect(disk("OK", 5*time.Minute), 6*time.Minute, 0, recovered)
}

func TestWhatIsFoundWithoutASecondLook(t *testing.T) {
	for _, c := range []struct {
		group, down, last, state string
		unsettled                bool
	}{
		{"managers", "1772366000", "OK", "CRITICAL", true},
		{"managers", "0", "OK", "CRITICAL", false}, // it was found up first
		{"balancer", "1772366000", "OK", "CRITICAL", false},
		{"swarm", "1772366000", "OK", "CRITICAL", false},
		{"managers", "0", "UNKNOWN", "CRITICAL", true},
		{"managers", "0", "UNKNOWN", "UNKNOWN", false},
		{"managers", "0", "CRITICAL", "UNKNOWN", true},
		{"managers", "0", "WARNING", "CRITICAL", false},
	} {
		e, err := FromEnvironment("service", environment("PROBLEM", c.state,
			"NAGIOS_HOSTGROUPNAME="+c.group, "NAGIOS_LASTHOSTDOWN="+c.down, "NAGIOS_LASTHOSTSTATECHANGE=1772366390", "NAGIOS_LASTSERVICESTATE="+c.last))
		if err != nil || e.Unsettled != c.unsettled {
			t.Errorf("%+v: unsettled %v, error %v", c, e.Unsettled, err)
		}
	}
}

// A webhook that is broken must not have mails sent again and again.
func TestEachWayIsTriedByItself(t *testing.T) {
	n := newTeller(t)
	broken := true
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer hook.Close()
	file := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(file, []byte(hook.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Contacts["ana"] = Recipient{Email: "ana@example.org", WebhookFile: file}
	if err := n.Tell(t.Context(), n.event("PROBLEM", "CRITICAL", began)); err == nil || len(n.mails) != 1 {
		t.Fatalf("error %v, %d mails", err, len(n.mails))
	}
	<-n.mails
	if count, told, err := n.catchUp(disk("CRITICAL", 0), 2*time.Minute); err == nil || count != (Notices{Open: 1}) || len(told) > 0 {
		t.Errorf("%+v, told %q, error %v", count, told, err)
	}
	broken = false
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 2)
	n.expect(disk("OK", 4*time.Minute), 5*time.Minute, 0, recovered)
}

// A webhook that hangs must not keep mails from being sent.
func TestAWayThatHangsHoldsUpNoOther(t *testing.T) {
	n := newTeller(t)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hook.Close()
	file := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(file, []byte(hook.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Contacts["ana"] = Recipient{Email: "ana@example.org", WebhookFile: file}
	services := disk("CRITICAL", 0)
	for _, way := range []string{"mail", "webhook"} {
		for _, service := range []string{"Disk", "CPU", "Memory"} {
			e := n.event("PROBLEM", "CRITICAL", began)
			e.Service = service
			if err := n.write(record{Event: e, Way: way, Owed: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, service := range []string{"CPU", "Memory"} {
		o := services.Services[0]
		o.Service = service
		services.Services = append(services.Services, o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	type answer struct {
		Notices
		error
	}
	answers := make(chan answer)
	go func() {
		count, err := n.CatchUp(ctx, services, began.Add(2*time.Minute))
		answers <- answer{count, err}
	}()
	for range 3 {
		<-n.mails
	}
	cancel()
	if got := <-answers; got.Notices != (Notices{Open: 3}) || got.error == nil || !strings.Contains(got.Error(), "and 2 more: post to the webhook of ana") {
		t.Errorf("%+v", got)
	}
}

func TestAMailThatWasTakenIsNotSentAgain(t *testing.T) {
	n := newTeller(t)
	var mails <-chan string
	n.SMTP, mails = sink(t, "QUIT")
	if err := n.Tell(t.Context(), n.event("PROBLEM", "CRITICAL", began)); err != nil {
		t.Error(err)
	}
	n.expect(disk("CRITICAL", 0), 2*time.Minute, 1)
	if len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
}

func TestWhatIsNoLongerWatchedOrAskedForIsForgotten(t *testing.T) {
	n := newTeller(t)
	n.told(n.event("PROBLEM", "CRITICAL", began))
	n.expect(status.Status{}, 10*time.Minute, 0)
	n.told(n.event("PROBLEM", "CRITICAL", began))
	delete(n.Contacts, "ana")
	n.expect(disk("OK", time.Minute), 10*time.Minute, 0)
	if left, _ := os.ReadDir(n.Dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAFolderThatIsFullKeepsNobodyFromBeingTold(t *testing.T) {
	n := newTeller(t)
	n.Dir = filepath.Join(n.Dir, "missing")
	e := n.event("PROBLEM", "CRITICAL", began)
	for _, e.Unsettled = range []bool{false, true} {
		if err := n.Tell(t.Context(), e); err == nil || len(n.mails) != 1 {
			t.Errorf("unsettled %v: error %v, %d mails", e.Unsettled, err, len(n.mails))
		}
		<-n.mails
	}
}
