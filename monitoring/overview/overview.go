// Package overview is the page for people: is it working, what isn't, who is on
// it. Nagios's own pages are for the rest.
package overview

import (
	"cmp"
	"embed"
	"html/template"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/chart"
	"github.com/ycesproject/yces/monitoring/perf"
	"github.com/ycesproject/yces/monitoring/status"
)

// Page is what the page shows.
type Page struct {
	Cluster  string
	Endpoint string
	// Now is when the page was made, Age how old Nagios's word is.
	Now      time.Time
	Age      time.Duration
	Problems []Problem
	Views    []View
	Hosts    []Host
	OnCall   []Role
	Trends   []Trend
	Total    int
}

// Problem is something that needs somebody.
type Problem struct {
	status.Object
	Link string
}

// View is a group of checks in the eyes of the business.
type View struct {
	Title    string
	OK, All  int
	Problems int
}

// Host is a machine or a part, and how many of its checks are fine.
type Host struct {
	Name, State string
	OK, All     int
	Link        string
}

// Role is who is told of problems now.
type Role struct {
	Name string
	Who  []string
}

// Trend is a value's course over the last day.
type Trend struct {
	Title string
	Last  string
	// State is that of the last value: good, warn or bad; empty where no limit is set.
	State string
	Line  template.HTML
}

var titles = []struct {
	view  monitoring.View
	title string
}{
	{monitoring.Users, "What users notice"},
	{monitoring.Cluster, "The swarm"},
	{monitoring.Capacity, "Capacity"},
	{monitoring.Delivery, "New versions"},
	{monitoring.Awareness, "The monitoring itself"},
}

// Load makes the page of what lies on the monitor.
func Load(now time.Time) (Page, error) {
	summary, err := monitoring.LoadSummary()
	if err != nil {
		return Page{}, err
	}
	f, err := os.Open(monitoring.StatusFile)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = f.Close() }()
	s, err := status.Parse(f)
	if err != nil {
		return Page{}, err
	}
	t := newTrends(now)
	if err := perf.Each(monitoring.PerfdataDir, []string{monitoring.Perfdata}, now.Add(-day), now, t.addAll); err != nil {
		return Page{}, err
	}
	return New(summary, s, t, now), nil
}

// New makes the page.
func New(summary monitoring.Summary, s status.Status, t *Trends, now time.Time) Page {
	p := Page{
		Cluster: summary.Cluster, Endpoint: summary.Endpoint, Now: now,
		Age: now.Sub(s.Created).Round(time.Second), Trends: t.list(), Total: len(s.Services),
	}
	p.Problems = problems(s)
	p.Views = views(summary, s)
	p.Hosts = hosts(s)
	for role, who := range summary.OnCall(now) {
		p.OnCall = append(p.OnCall, Role{role, who})
	}
	slices.SortFunc(p.OnCall, func(a, b Role) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

// Stale tells whether Nagios has stopped writing.
func (p Page) Stale() bool { return p.Age > 2*time.Minute }

var rank = map[string]int{"DOWN": 0, "CRITICAL": 1, "UNREACHABLE": 2, "UNKNOWN": 3, "WARNING": 4}

func problems(s status.Status) []Problem {
	var list []Problem
	for _, o := range slices.Concat(s.Hosts, s.Services) {
		if !o.Fine() && o.State != "PENDING" {
			list = append(list, Problem{o, link(o)})
		}
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(compareBool(a.Acknowledged, b.Acknowledged), cmp.Compare(rank[a.State], rank[b.State]), a.Since.Compare(b.Since))
	})
	return list
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func link(o status.Object) string {
	v := url.Values{"type": {"1"}, "host": {o.Host}}
	if o.Service != "" {
		v.Set("type", "2")
		v.Set("service", o.Service)
	}
	return "/nagios4/cgi-bin/extinfo.cgi?" + v.Encode()
}

func views(summary monitoring.Summary, s status.Status) []View {
	fine := map[monitoring.Ref]bool{}
	for _, o := range s.Services {
		fine[monitoring.Ref{Host: o.Host, Service: o.Service}] = o.Fine()
	}
	var list []View
	for _, t := range titles {
		v := View{Title: t.title}
		for _, ref := range summary.Views[t.view] {
			v.All++
			if fine[ref] {
				v.OK++
			}
		}
		v.Problems = v.All - v.OK
		if v.All > 0 {
			list = append(list, v)
		}
	}
	return list
}

func hosts(s status.Status) []Host {
	var list []Host
	for _, o := range s.Hosts {
		h := Host{Name: o.Host, State: o.State, Link: "/nagios4/cgi-bin/status.cgi?" + url.Values{"host": {o.Host}}.Encode()}
		for _, service := range s.Services {
			if service.Host == o.Host {
				h.All++
				if service.Fine() {
					h.OK++
				}
			}
		}
		list = append(list, h)
	}
	return list
}

const (
	day    = 24 * time.Hour
	points = 96
)

// Trends gathers the courses that the page shows.
type Trends struct {
	now     time.Time
	courses map[string]*trend
}

type trend struct {
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
		t.put("Response time", s, 1000, " ms", 0)
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
	c.last, c.state, c.limit = strconv.FormatFloat(scale*s.Value, 'f', 1, 64)+unit, judge(s.Value, warning, critical), scale*warning
	c.chart.Add(s.Time, scale*s.Value)
}

func judge(value, warning, critical float64) string {
	switch {
	case critical > 0 && value > critical:
		return "bad"
	case warning > 0 && value > warning:
		return "warn"
	case warning > 0 || critical > 0:
		return "good"
	}
	return ""
}

func (t *Trends) list() []Trend {
	var list []Trend
	for title, c := range t.courses {
		list = append(list, Trend{title, c.last, c.state, chart.Line(c.chart.Means(), c.ceiling, c.limit, title+", last 24 hours")})
	}
	slices.SortFunc(list, func(a, b Trend) int {
		return cmp.Or(compareBool(a.Title != "Response time", b.Title != "Response time"), cmp.Compare(a.Title, b.Title))
	})
	return list
}

//go:embed overview.html
var page embed.FS

var pageTemplate = template.Must(template.New("overview.html").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"ago":   func(now, t time.Time) string { return now.Sub(t).Round(time.Second).String() },
}).ParseFS(page, "overview.html"))

// WriteHTML writes one page that loads nothing.
func (p Page) WriteHTML(w io.Writer) error { return pageTemplate.Execute(w, p) }
