//go:build integration

package main

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/ycesproject/yces/monitoring/report"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// outage is a time in which users are not served.
type outage struct {
	name       string
	begin, end func()
	lasts      time.Duration
}

// testOutages compares how long outages were with what the report and Nagios's
// own archive say. Each end is seen up to one interval late, so that the length is
// right to one interval either way. With the test's retries, outages of these
// lengths are seen 4 to 7 s too short or too long, wherever in an interval they
// begin: not at the edge, where a second of a busy machine would decide. Shorter
// ones might be gone before they were certain.
func (w *watched) testOutages(t *testing.T) {
	w = w.in(t)
	host := w.name + "-endpoint"
	http, tls := "HTTP on "+host, "TLS certificate on "+host
	for _, about := range []string{host, http, tls} {
		w.ledger.allow(about, "ben")
	}
	// First, as Nagios falls silent about what goes up and down too often.
	n := w.mails.count()
	w.testOutage(outage{"the balancer is stopped", func() { w.balancer(false) }, func() { w.balancer(true) }, 24 * time.Second})
	if !w.mails.got(n, "ben", http+": CRITICAL")() && !w.mails.got(n, "ben", host+": DOWN")() {
		t.Error("nobody was told of the balancer")
	}
	n = w.mails.count()
	w.front.certify(10 * 24 * time.Hour)
	w.toldOnce(n, "ben", tls, "WARNING")
	w.testOutage(outage{"its certificate has ended", func() { w.front.certify(-time.Hour) }, func() { w.front.certify(90 * 24 * time.Hour) }, 24 * time.Second})
	w.recovered(n, "ben", tls)
	if got, want := w.mails.words(n, "ben", tls), []string{"WARNING", "CRITICAL", "recovered (OK)"}; !slices.Equal(got, want) {
		t.Errorf("of the certificate people were told %q, want %q", got, want)
	}
	for _, o := range []outage{
		{"connections are refused", w.front.refuse, w.front.answer, 34 * time.Second},
		{"packets vanish", w.front.swallow, w.front.answer, 26 * time.Second},
	} {
		w.testOutage(o)
	}
}

func (w *watched) testOutage(o outage) {
	w.t.Helper()
	host := w.name + "-endpoint"
	n := w.mails.count()
	from := time.Now()
	took := w.suffer(o)
	eventually(w.t, time.Minute, "OK again", w.is(host, "HTTP", "OK"))
	w.oneFault(n, o.name)

	r, dir := w.report(from)
	i := slices.IndexFunc(r.Outages, func(o report.Outage) bool { return o.Host == host && o.Service == "HTTP" })
	j := slices.IndexFunc(r.Objects, func(o report.Object) bool { return o.Host == host && o.Service == "HTTP" })
	if i < 0 || j < 0 {
		w.t.Fatalf("%s: the report has no such outage: %+v", o.name, r.Outages)
	}
	for where, seconds := range map[string]float64{"the report": r.Outages[i].Seconds, "Nagios's archive": r.Objects[j].Bad} {
		if math.Abs(seconds-took.Seconds()) > checkInterval.Seconds() {
			w.t.Errorf("%s: an outage of %.1f s is one of %.0f s in %s", o.name, took.Seconds(), seconds, where)
		}
	}
	if len(r.Response) == 0 || r.Response[0].Count == 0 || len(r.Trends) == 0 {
		w.t.Errorf("no response times or trends: %+v", r.Response)
	}
	rows, err := csv.NewReader(strings.NewReader(readFile(w.t, filepath.Join(dir, "report.csv")))).ReadAll()
	if err != nil || len(rows) < 50 {
		w.t.Errorf("%d rows of CSV: %v", len(rows), err)
	}
	w.t.Logf("%s: %.1f s, %.0f s in the report, %.0f s in Nagios's archive", o.name, took.Seconds(), r.Outages[i].Seconds, r.Objects[j].Bad)
}

// suffer lets it begin and end, and returns for how long users were not served: a
// balancer that is stopped may serve a moment longer, and one that is started
// looks at what is behind it first.
func (w *watched) suffer(o outage) time.Duration {
	w.t.Helper()
	from, began := time.Now(), make(chan time.Time)
	go func() { began <- w.next(false) }()
	o.begin()
	start := <-began
	time.Sleep(o.lasts - time.Since(from))
	o.end()
	return w.next(true).Sub(start)
}

// next is when users are served, or are not, the next time.
func (w *watched) next(served bool) time.Time {
	for w.t.Context().Err() == nil {
		if at := time.Now(); w.front.serves(w.t.Context()) == served {
			return at
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Time{}
}

// report is what is said of the time from then to now, and the folder it is in.
func (w *watched) report(from time.Time) (r report.Report, dir string) {
	w.t.Helper()
	dir = w.t.TempDir()
	w.must("monitoring", "report", "--from", from.UTC().Format(time.RFC3339), "--out", dir)
	if err := json.Unmarshal([]byte(readFile(w.t, filepath.Join(dir, "report.json"))), &r); err != nil {
		w.t.Fatal(err)
	}
	return r, dir
}

// oneFault fails where one outage was told as several.
func (w *watched) oneFault(n int, name string) {
	w.t.Helper()
	about := map[string]bool{}
	for _, mail := range w.mails.since(n) {
		if strings.HasSuffix(mail.about, w.name+"-endpoint") && slices.Contains(problems, mail.word) {
			about[mail.about] = true
		}
	}
	if len(about) > 1 {
		w.t.Errorf("%s: one fault was told as %v", name, about)
	}
	w.t.Logf("%s: told as %v", name, about)
}

// balancer starts or stops what stands in front of the machines.
func (w *watched) balancer(start bool) {
	w.t.Helper()
	docker, err := engine.Local()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	name := "swarmctl." + w.name + ".balancer"
	if start {
		err = docker.ContainerStart(w.t.Context(), name, container.StartOptions{})
	} else {
		err = docker.ContainerStop(w.t.Context(), name, container.StopOptions{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
