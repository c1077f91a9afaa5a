package notify

import (
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
	server, mails := sink(t)
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
	return status.Status{Services: []status.Object{o}}
}

// catchUp is CatchUp so long after the beginning, and the subjects of the mails it sends.
func (n teller) catchUp(s status.Status, after time.Duration) (known int, subjects []string, err error) {
	n.Helper()
	known, err = n.CatchUp(n.Context(), s, began.Add(after))
	for len(n.mails) > 0 {
		_, subject, _ := strings.Cut(<-n.mails, "Subject: ")
		subject, _, _ = strings.Cut(subject, "\r\n")
		subjects = append(subjects, subject)
	}
	return known, subjects, err
}

func (n teller) expect(s status.Status, after time.Duration, known int, subjects ...string) {
	n.Helper()
	k, got, err := n.catchUp(s, after)
	if err != nil || k != known || !slices.Equal(got, subjects) {
		n.Errorf("after %s: %d known, told %q, error %v; want %d and %q", after, k, got, err, known, subjects)
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
	known, _, err := n.catchUp(disk("CRITICAL", 0), 2*time.Minute)
	if err == nil || known != 1 || !strings.Contains(err.Error(), "ana was not told that Disk on shop-2 is CRITICAL: send mail to ana@example.org") {
		t.Errorf("%d known, error %v", known, err)
	}
	n.expect(disk("CRITICAL", 0, func(o *status.Object) { o.Acknowledged = true }), 3*time.Minute, 1)
	n.SMTP = taken
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 1, "[shop] Disk on shop-2: CRITICAL")
	n.expect(disk("CRITICAL", 0), 4*time.Minute, 1)
	n.SMTP.TLS = "starttls"
	if err := n.Tell(t.Context(), n.event("RECOVERY", "OK", began.Add(5*time.Minute))); err == nil {
		t.Fatal("no error")
	}
	n.SMTP = taken
	n.expect(disk("WARNING", 6*time.Minute), 7*time.Minute, 1) // it is not over after all
	n.expect(disk("OK", 8*time.Minute), 9*time.Minute, 0, recovered)
}

func TestWhatStartsIsNotToldUnlessItStaysAway(t *testing.T) {
	n := newTeller(t)
	hold := func(at time.Duration) {
		t.Helper()
		e := n.event("PROBLEM", "CRITICAL", began.Add(at))
		e.CameUp = began
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
	n.expect(disk("CRITICAL", 0), 2*time.Minute, 1, "[shop] Disk on shop-2: CRITICAL")
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 1)
	again := n.event("PROBLEM", "WARNING", began.Add(4*time.Minute)) // the machine started once more, and ana knows
	again.CameUp = again.Time
	n.told(again)
	n.expect(disk("OK", 5*time.Minute), 6*time.Minute, 0, recovered)
}

func TestOnlyAMachineThatWasAwayCameUp(t *testing.T) {
	for _, c := range []struct {
		group, down string
		cameUp      bool
	}{
		{"managers", "1772366000", true},
		{"managers", "0", false}, // it was found up first
		{"balancer", "1772366000", false},
		{"swarm", "1772366000", false},
		{"", "1772366000", false},
	} {
		e, err := FromEnvironment("service", environment("PROBLEM", "CRITICAL",
			"NAGIOS_HOSTGROUPNAME="+c.group, "NAGIOS_LASTHOSTDOWN="+c.down, "NAGIOS_LASTHOSTSTATECHANGE=1772366390"))
		if err != nil || e.CameUp.IsZero() == c.cameUp || e.starting() != c.cameUp {
			t.Errorf("%+v: came up at %s, starting %v, error %v", c, e.CameUp, e.starting(), err)
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
	if known, told, err := n.catchUp(disk("CRITICAL", 0), 2*time.Minute); err == nil || known != 2 || len(told) > 0 {
		t.Errorf("%d known, told %q, error %v", known, told, err)
	}
	broken = false
	n.expect(disk("CRITICAL", 0), 3*time.Minute, 2)
	n.expect(disk("OK", 4*time.Minute), 5*time.Minute, 0, recovered)
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
	if err := n.Tell(t.Context(), n.event("PROBLEM", "CRITICAL", began)); err == nil || len(n.mails) != 1 {
		t.Errorf("error %v, %d mails", err, len(n.mails))
	}
}
