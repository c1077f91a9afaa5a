// Package report says how it was: availability, outages, response times and
// trends over a time, from Nagios's own archive and from what its checks
// measured. It is made on the monitor, where both are.
package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
)

// Report is how it was between two times.
type Report struct {
	Cluster string    `json:"cluster"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Promise is what was promised, and what became of it.
	Promise  Promise     `json:"promise"`
	Objects  []Object    `json:"objects"`
	Outages  []Outage    `json:"outages"`
	Response []Latency   `json:"response"`
	Trends   []Trend     `json:"trends"`
	Top      []TopOutage `json:"topProblems"`
}

// Promise is the SLO over its window, counted over the time of the report.
type Promise struct {
	Availability float64 `json:"availability"`
	// Measured is the share of the time in which users were served.
	Measured float64 `json:"measured"`
	// Budget is the time that may be lost over the whole window, Spent what was
	// lost in the report's time. All in seconds.
	Window float64 `json:"windowSeconds"`
	Budget float64 `json:"budgetSeconds"`
	Spent  float64 `json:"spentSeconds"`
}

// Kept tells whether no more was lost than may be.
func (p Promise) Kept() bool { return p.Spent <= p.Budget }

// Colour is good where the share was as promised, warn where it was not and the
// budget is not spent, and bad where it is.
func (p Promise) Colour() string {
	switch {
	case !p.Kept():
		return "bad"
	case p.Measured < p.Availability:
		return "warn"
	}
	return "good"
}

// Object is a host or a service and how long it was in which state, in
// seconds, as Nagios counts: from result to result, of those too that were gone
// before they were certain.
type Object struct {
	Host    string  `json:"host"`
	Service string  `json:"service,omitempty"`
	Good    float64 `json:"good"`
	Warning float64 `json:"warning"`
	Bad     float64 `json:"bad"`
	Unknown float64 `json:"unknown"`
	// Maintenance is part of the others; Unobserved is not.
	Maintenance float64 `json:"maintenance"`
	Unobserved  float64 `json:"unobserved"`
}

// Availability in percent of the time that was observed; warnings are good. -1
// where nothing was observed.
func (o Object) Availability() float64 {
	seen := o.Good + o.Warning + o.Bad + o.Unknown
	if seen == 0 {
		return -1
	}
	return 100 * (o.Good + o.Warning) / seen
}

// Outage is a time in which something was down or critical, from the begin of
// the first check that found it to the first result that it is gone.
type Outage struct {
	Host    string    `json:"host"`
	Service string    `json:"service,omitempty"`
	From    time.Time `json:"from"`
	// To is the end of the report where it still lasts.
	To      time.Time `json:"to"`
	Ongoing bool      `json:"ongoing"`
	Seconds float64   `json:"seconds"`
	Output  string    `json:"output"`
}

// Latency is the distribution of a check's response times, in seconds.
type Latency struct {
	Host    string  `json:"host"`
	Service string  `json:"service"`
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	Count   int     `json:"count"`
	// Warning is the time above which the check warns; 0 where there is none.
	Warning float64    `json:"warning"`
	Means   []*float64 `json:"means"`
}

// Trend is one value's course.
type Trend struct {
	Host   string  `json:"host"`
	Metric string  `json:"metric"`
	Unit   string  `json:"unit"`
	Last   float64 `json:"last"`
	Max    float64 `json:"max"`
	// Warning is the value above which the check warns; 0 where there is none.
	Warning float64    `json:"warning"`
	Means   []*float64 `json:"means"`
}

// TopOutage is what was down most.
type TopOutage struct {
	Host    string  `json:"host"`
	Service string  `json:"service,omitempty"`
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
}

// topProblems is how many are shown.
const topProblems = 10

// Build makes a report of what the archive and the measurements say.
func Build(s monitoring.Summary, from, to time.Time, a Archive, m *Measurements) Report {
	r := Report{Cluster: s.Cluster, From: from, To: to, Objects: a.Objects, Outages: outages(a.Alerts, from, to)}
	r.Response, r.Trends = m.latencies(), m.trends()
	r.Top = top(r.Outages)
	r.Promise = promise(s, r)
	return r
}

// promise counts each second once, however many checks saw the outage.
func promise(s monitoring.Summary, r Report) Promise {
	var spans []Outage
	for _, o := range r.Outages {
		if slices.Contains(s.Noticed(), monitoring.Ref{Host: o.Host, Service: o.Service}) {
			spans = append(spans, o)
		}
	}
	slices.SortFunc(spans, func(a, b Outage) int { return a.From.Compare(b.From) })
	var spent time.Duration
	end := r.From
	for _, o := range spans {
		if o.From.After(end) {
			end = o.From
		}
		if o.To.After(end) {
			spent += o.To.Sub(end)
			end = o.To
		}
	}
	window := time.Duration(s.SLO.Window).Seconds()
	total := r.To.Sub(r.From).Seconds()
	return Promise{
		Availability: s.SLO.Availability, Measured: 100 * (1 - spent.Seconds()/total),
		Window: window, Budget: window * (100 - s.SLO.Availability) / 100, Spent: spent.Seconds(),
	}
}

func top(list []Outage) []TopOutage {
	byObject := map[monitoring.Ref]*TopOutage{}
	for _, o := range list {
		key := monitoring.Ref{Host: o.Host, Service: o.Service}
		if byObject[key] == nil {
			byObject[key] = &TopOutage{Host: o.Host, Service: o.Service}
		}
		byObject[key].Count++
		byObject[key].Seconds += o.Seconds
	}
	all := make([]TopOutage, 0, len(byObject))
	for _, t := range byObject {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b TopOutage) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
	})
	return all[:min(len(all), topProblems)]
}
