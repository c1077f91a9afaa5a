package overview

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/perf"
	"github.com/ycesproject/yces/monitoring/status"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func write(t *testing.T, s status.Status) string {
	t.Helper()
	trends := newTrends(now)
	for _, sample := range []perf.Sample{
		{Host: "shop-endpoint", Service: "HTTP", Metric: "time", Value: 0.1234, Warning: "1", Critical: "5"},
		{Host: "shop-1", Service: "CPU", Metric: "cpu", Value: 100, Warning: "80", Critical: "95"},
		{Host: "shop-2", Service: "CPU", Metric: "cpu", Value: 90, Warning: "80", Critical: "95"},
		{Host: "shop-3", Service: "CPU", Metric: "cpu", Value: 100},
	} {
		sample.Time = now.Add(-time.Minute)
		trends.add(sample)
	}
	var b bytes.Buffer
	if err := New(example.Model(3).Summary(), s, trends, now).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageSaysThatAllIsFineAndWhoIsTold(t *testing.T) {
	page := write(t, status.Status{Created: now, Services: []status.Object{{Host: "shop-1", Service: "CPU", State: "OK"}}})
	for _, want := range []string{"All 1 checks are fine", "ana, chat", "ben, chat", "123.4 ms"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAPageThatRenewsItselfCanBeStopped(t *testing.T) {
	p := New(example.Model(3).Summary(), status.Status{Created: now}, newTrends(now), now)
	for still, want := range map[bool]string{false: `<a href="/?still">stop</a>`, true: `<a href="/">renew every 30 s</a>`} {
		p.Still = still
		var b bytes.Buffer
		if err := p.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "refresh") == still {
			t.Errorf("still %v: the page lacks %s, or renews itself nevertheless", still, want)
		}
	}
}

func TestAValueAboveItsLimitDoesNotLookFine(t *testing.T) {
	page := write(t, status.Status{Created: now})
	for _, want := range []string{
		`Response time <b class="good">123.4 ms</b>`, `CPU on shop-1 <b class="bad">100.0 %, too high</b>`,
		`CPU on shop-2 <b class="warn">90.0 %, too high</b>`, `CPU on shop-3 <b class="">100.0 %</b>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := strings.Count(page, `class="limit"`); got != 2 {
		t.Errorf("%d limits are marked, want those of two", got)
	}
}

func TestTheWorstProblemThatNobodyHasComesFirst(t *testing.T) {
	page := write(t, status.Status{Created: now.Add(-time.Hour), Services: []status.Object{
		{Host: "shop-1", Service: "A", State: "WARNING", Since: now.Add(-50 * time.Hour), Notifications: 1},
		{Host: "shop-1", Service: "B", State: "CRITICAL", Acknowledged: true, Notifications: 3},
		{Host: "shop-1", Service: "C", State: "CRITICAL", Output: "CRITICAL - <script>", Flapping: true},
		{Host: "shop-2", Service: "D", State: "CRITICAL", Hard: true},
	}, Hosts: []status.Object{{Host: "shop-2", State: "DOWN", Notifications: 2}}})
	last := 0
	for _, want := range []string{"Nagios has written nothing for 1h0m0s", "3 of 5 checks need somebody, 1 is in hands", ">shop-2</a>", "C on shop-1", "A on shop-1", "B on shop-1", "Follows from that", "D on shop-2"} {
		i := strings.Index(page, want)
		if i < last {
			t.Errorf("%q is at %d, after %d", want, i, last)
		}
		last = max(i, last)
	}
	if strings.Contains(page, "<script>") || !strings.Contains(page, "<p>&lt;script&gt;</p>") {
		t.Error("a check's output became markup, or says its state twice")
	}
	if !strings.Contains(page, "for 2 d 2 h, not certain yet, 1 notification<") {
		t.Error("the page doesn't say since when")
	}
}

func TestAProblemThatIsNotCertainDoesNotLookFine(t *testing.T) {
	page := write(t, status.Status{Created: now, Services: []status.Object{{Host: "shop-1", Service: "A", State: "CRITICAL"}}})
	if !strings.Contains(page, "1 of 1 checks is not fine; nobody was told yet") || !strings.Contains(page, "A on shop-1") {
		t.Error("the page doesn't name it")
	}
}

func TestAGroupHasTheColourOfItsWorst(t *testing.T) {
	s := status.Status{Created: now}
	for _, ref := range example.Model(3).Summary().Views["users"] {
		s.Services = append(s.Services, status.Object{Host: ref.Host, Service: ref.Service, State: "OK"})
	}
	for state, want := range map[string]string{"OK": "good", "WARNING": "warn", "CRITICAL": "bad", "UNKNOWN": "bad"} {
		s.Services[0].State = state
		if page := write(t, s); !strings.Contains(page, `What users notice <b class="`+want+`">`) {
			t.Errorf("%s: the group is not %s", state, want)
		}
	}
}

func TestAValueThatIsOldIsNotShownAsIfItWereThere(t *testing.T) {
	trends := newTrends(now)
	trends.add(perf.Sample{Time: now.Add(-time.Hour), Service: "HTTP", Metric: "time", Value: 0.1, Warning: "1"})
	if list, _ := trends.list(now.Add(-time.Minute)); list[0].Last != "no value" || list[0].State != "" {
		t.Errorf("got %+v", list[0])
	}
}

func TestOfManyMachinesThoseAboveTheirLimitsAreShown(t *testing.T) {
	trends := newTrends(now)
	for i := range 50 {
		trends.add(perf.Sample{Time: now, Host: "shop-" + strconv.Itoa(i), Service: "CPU", Metric: "cpu", Value: float64(50 + i), Warning: "90", Critical: "98"})
	}
	list, more := trends.list(now)
	if len(list) != mostTrends || more != 50-mostTrends || list[0].State != "bad" || list[1].State != "warn" || list[8].State != "warn" || list[9].State != "good" {
		t.Errorf("%d courses and %d more: %+v", len(list), more, list)
	}
}
