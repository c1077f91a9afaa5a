package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/perf"
)

// Dates finds out when the checks began that found something bad. Nagios's
// archive says when their results were in, and that is late by the check's time
// limit where packets vanish. A good result is right as it is dated: when it is
// in, there was an answer.
type Dates map[moment]*Alert

// moment is when something about a host or a check was written down.
type moment struct {
	host, service string
	second        int64
}

// Dates of the archive's bad alerts, which results are to be added to.
func (a Archive) Dates() Dates {
	d := Dates{}
	for i := range a.Alerts {
		if alert := &a.Alerts[i]; alert.bad() {
			d[moment{alert.Host, alert.Service, alert.Time / 1000}] = alert
		}
	}
	return d
}

// slack is how many seconds may lie between the two lines that Nagios writes of
// one result.
const slack = 1

// Add takes up when the result's check began.
func (d Dates) Add(r perf.Result) {
	if r.State != "CRITICAL" && r.State != "DOWN" || r.Began.IsZero() || r.Began.After(r.Time) {
		return
	}
	for second := r.Time.Unix() - slack; second <= r.Time.Unix()+slack; second++ {
		alert := d[moment{r.Host, r.Service, second}]
		if alert != nil && (alert.Began == 0 || second == r.Time.Unix()) {
			alert.Began = r.Began.UnixMilli()
		}
	}
}

// run is an outage while alerts are read.
type run struct {
	outage  Outage
	certain bool
}

// outages are the times between the begin of a first bad check and the next good
// result, of those that became certain. A problem that was gone before counts
// for nobody.
func outages(alerts []Alert, from, to time.Time) []Outage {
	var list []Outage
	now := map[monitoring.Ref]*run{}
	end := func(key monitoring.Ref, at time.Time, ongoing bool) {
		r := now[key]
		delete(now, key)
		if r == nil || !r.certain || !at.After(from) {
			return
		}
		list = append(list, r.outage.ended(from, at, ongoing))
	}
	slices.SortStableFunc(alerts, func(a, b Alert) int { return cmp.Compare(a.Time, b.Time) })
	for _, a := range alerts {
		key := monitoring.Ref{Host: a.Host, Service: a.Service}
		switch {
		case a.good():
			end(key, time.UnixMilli(a.Time), false)
		case !a.bad():
		case now[key] == nil:
			now[key] = &run{Outage{Host: a.Host, Service: a.Service, From: a.began(), Output: a.Output}, a.Kind == hard}
		default:
			now[key].certain = now[key].certain || a.Kind == hard
		}
	}
	for key := range now {
		end(key, to, true)
	}
	slices.SortFunc(list, func(a, b Outage) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
	})
	return list
}

// ended is the outage, cut to the report's time.
func (o Outage) ended(from, at time.Time, ongoing bool) Outage {
	o.To, o.Ongoing = at, ongoing
	if o.From.Before(from) {
		o.From = from
	}
	o.Seconds = o.To.Sub(o.From).Seconds()
	return o
}
