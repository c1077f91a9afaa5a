package overview

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ycesproject/yces/monitoring/chart"
	"github.com/ycesproject/yces/monitoring/perf"
)

// Trend is a value's course over the last day.
type Trend struct {
	Title string
	Last  string
	// State is that of the last value: good, warn or bad; empty where no limit is set.
	State string
	Line  template.HTML
}

const (
	day    = 24 * time.Hour
	points = 96
	// mostTrends is how many courses are shown: three screens of a phone.
	mostTrends = 24

	responseTime = "Response time"
)

// Trends gathers the courses that the page shows.
type Trends struct {
	now     time.Time
	courses map[string]*trend
}

type trend struct {
	at          time.Time
	last, state string
	// Ceiling is the highest value that there can be, 0 where there is none; from
	// limit on the check warns.
	ceiling, limit float64
	chart          *chart.Buckets
}

func newTrends(now time.Time) *Trends { return &Trends{now, map[string]*trend{}} }

// shown are the checks whose values have a course on the page.
var shown = []string{"HTTP", "CPU", "Memory"}

func (t *Trends) addAll(r perf.Result) {
	if !slices.Contains(shown, r.Service) {
		return
	}
	for _, s := range r.Samples() {
		t.add(s)
	}
}

func (t *Trends) add(s perf.Sample) {
	switch {
	case s.Service == "HTTP" && s.Metric == "time":
		t.put(responseTime, s, 1000, " ms", 0)
	case s.Service == "CPU" && s.Metric == "cpu":
		t.put("CPU on "+s.Host, s, 1, " %", 100)
	case s.Service == "Memory" && s.Metric == "memory":
		t.put("Memory on "+s.Host, s, 1, " %", 100)
	}
}

func (t *Trends) put(title string, s perf.Sample, scale float64, unit string, ceiling float64) {
	c := t.courses[title]
	if c == nil {
		c = &trend{ceiling: ceiling, chart: chart.NewBuckets(t.now.Add(-day), t.now, points)}
		t.courses[title] = c
	}
	warning, critical := s.Limits()
	c.at = s.Time
	c.last, c.state, c.limit = strconv.FormatFloat(scale*s.Value, 'f', 1, 64)+unit, judge(s.Value, warning, critical), scale*warning
	c.chart.Add(s.Time, scale*s.Value)
}

func judge(value, warning, critical float64) string {
	switch {
	case critical > 0 && value > critical:
		return bad
	case warning > 0 && value > warning:
		return warn
	case warning > 0 || critical > 0:
		return good
	}
	return ""
}

// list are the courses that are shown, those above their limits first, and how
// many are left out. A last value of before the time is none any more.
func (t *Trends) list(fresh time.Time) (list []Trend, more int) {
	for _, c := range t.courses {
		if c.at.Before(fresh) {
			c.last, c.state = "no value", ""
		}
	}
	titles := slices.SortedFunc(maps.Keys(t.courses), func(a, b string) int {
		return cmp.Or(compareBool(a != responseTime, b != responseTime), cmp.Compare(urgency[t.courses[a].state], urgency[t.courses[b].state]), cmp.Compare(a, b))
	})
	for _, title := range titles[:min(len(titles), mostTrends)] {
		c := t.courses[title]
		list = append(list, Trend{title, c.last, c.state, chart.Line(c.chart.Means(), c.ceiling, c.limit, title+", last 24 hours")})
	}
	return list, len(titles) - len(list)
}
