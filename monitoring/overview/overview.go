// Package overview is the page for people: is it working, what isn't, who is on
// it. Nagios's own pages are for the rest.
package overview

import (
	"cmp"
	"embed"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/perf"
	"github.com/ycesproject/yces/monitoring/status"
)

// Page is what the page shows.
type Page struct {
	Cluster  string
	Endpoint string
	// Now is when the page was made, Age how old Nagios's word is.
	Now time.Time
	Age time.Duration
	// Problems are those that somebody was told of, Others those that follow from
	// them or are not certain yet.
	Problems, Others []Problem
	// Known is how many of the problems somebody has taken up.
	Known int
	// Colour is that of the worst problem that nobody has taken up.
	Colour string
	Views  []View
	Hosts  []Host
	OnCall []Role
	Trends []Trend
	// MoreTrends are left out; none of them is above its limit unless all are.
	MoreTrends int
	Total      int
	// Still is a page that does not load itself anew.
	Still bool
}

// Problem is something that is not as it should be.
type Problem struct {
	status.Object
	Link string
	// Lasts is for how long, in words.
	Lasts string
}

// told tells whether it is somebody's: what only follows from another problem is
// nobody's, and what flaps was told before.
func (p Problem) told() bool { return p.Notifications > 0 || p.Flapping || p.Known() }

// Known tells whether somebody has taken it up.
func (p Problem) Known() bool { return p.Acknowledged || p.Maintenance }

// Said is the check's output without the state, which stands before it already.
func (p Problem) Said() string { return strings.TrimPrefix(p.Output, p.State+" - ") }

// Tally is how many of some checks are fine.
type Tally struct {
	OK, All int
	// Colour is that of the worst: good, warn or bad.
	Colour string
}

func (t *Tally) count(o status.Object) {
	t.All++
	if o.Fine() {
		t.OK++
	}
	if c := colour(o); urgency[c] < urgency[t.Colour] {
		t.Colour = c
	}
}

// The colours of states, worst first.
const (
	bad  = "bad"
	warn = "warn"
	good = "good"
)

var urgency = map[string]int{bad: 0, warn: 1, good: 2, "": 3}

func colour(o status.Object) string {
	switch {
	case o.Fine():
		return good
	case o.State == "WARNING", o.State == "PENDING":
		return warn
	}
	return bad
}

// View is a group of checks in the eyes of the business.
type View struct {
	Title string
	Tally
}

// Host is a machine or a part, and its checks.
type Host struct {
	Name, State string
	Link        string
	Tally
}

// Role is who is told of problems now.
type Role struct {
	Name string
	Who  []string
}

var titles = []struct {
	view  monitoring.View
	title string
}{
	{monitoring.Users, "What users notice"},
	{monitoring.Cluster, "The swarm"},
	{monitoring.Capacity, "Capacity"},
	{monitoring.Delivery, "New versions"},
	{monitoring.Awareness, "The monitoring"},
}

// Load makes the page of what lies on the monitor.
func Load(now time.Time) (Page, error) {
	summary, err := monitoring.LoadSummary()
	if err != nil {
		return Page{}, err
	}
	s, err := status.Read(monitoring.StatusFile)
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
		Age: now.Sub(s.Created).Round(time.Second), Total: len(s.Services) + len(s.Hosts),
	}
	p.Trends, p.MoreTrends = t.list(now.Add(-3 * time.Duration(summary.Interval)))
	p.Colour = warn
	for _, problem := range problems(s, now) {
		switch {
		case !problem.told():
			p.Others = append(p.Others, problem)
			continue
		case problem.Known():
			p.Known++
		case colour(problem.Object) == bad:
			p.Colour = bad
		}
		p.Problems = append(p.Problems, problem)
	}
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

func problems(s status.Status, now time.Time) []Problem {
	var list []Problem
	for _, o := range slices.Concat(s.Hosts, s.Services) {
		if !o.Fine() && o.State != "PENDING" {
			list = append(list, Problem{o, link(o), monitoring.Duration(now.Sub(o.Since)).Words()})
		}
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(compareBool(a.Known(), b.Known()), cmp.Compare(rank[a.State], rank[b.State]), a.Since.Compare(b.Since))
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
	found := map[monitoring.Ref]status.Object{}
	for _, o := range s.Services {
		found[monitoring.Ref{Host: o.Host, Service: o.Service}] = o
	}
	var list []View
	for _, t := range titles {
		v := View{Title: t.title}
		for _, ref := range summary.Views[t.view] {
			v.count(found[ref])
		}
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
		h.Colour = colour(o)
		for _, service := range s.Services {
			if service.Host == o.Host {
				h.count(service)
			}
		}
		list = append(list, h)
	}
	return list
}

//go:embed overview.html
var page embed.FS

var pageTemplate = template.Must(template.New("overview.html").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"minus": func(a, b int) int { return a - b },
}).ParseFS(page, "overview.html"))

// WriteHTML writes one page that loads nothing.
func (p Page) WriteHTML(w io.Writer) error { return pageTemplate.Execute(w, p) }
