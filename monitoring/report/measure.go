package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/chart"
	"github.com/ycesproject/yces/monitoring/perf"
)

// points is how many values a chart has.
const points = 96

// Measurements gathers samples without keeping them, response times apart.
type Measurements struct {
	from, to  time.Time
	responses map[monitoring.Ref]*responses
	courses   map[monitoring.Ref]*course
}

type responses struct {
	values []float64
	limit  float64
	chart  *chart.Buckets
}

type course struct {
	unit        string
	last, limit float64
	chart       *chart.Buckets
}

// NewMeasurements gathers those between two times.
func NewMeasurements(from, to time.Time) *Measurements {
	return &Measurements{from, to, map[monitoring.Ref]*responses{}, map[monitoring.Ref]*course{}}
}

// trended are the values whose course is shown, by check.
var trended = map[string]string{"CPU": "cpu", "Memory": "memory", "Network": "network"}

// Add takes up what a result holds.
func (m *Measurements) Add(r perf.Result) {
	for _, s := range r.Samples() {
		m.add(s)
	}
}

func (m *Measurements) add(s perf.Sample) {
	switch {
	case s.Metric == "time" && s.Unit == "s":
		m.addResponse(s)
	case s.Service == "Disk":
		// In use, against the capacity that the check names.
		if capacity := number(s.Max); capacity > 0 {
			m.addCourse(s, "disk "+s.Metric, 100/capacity, "%")
		}
	case trended[s.Service] == s.Metric && s.Metric != "":
		m.addCourse(s, s.Metric, 1, s.Unit)
	}
}

func (m *Measurements) addResponse(s perf.Sample) {
	key := monitoring.Ref{Host: s.Host, Service: s.Service}
	r := m.responses[key]
	if r == nil {
		r = &responses{chart: chart.NewBuckets(m.from, m.to, points)}
		m.responses[key] = r
	}
	r.values = append(r.values, s.Value)
	r.limit, _ = s.Limits()
	r.chart.Add(s.Time, s.Value)
}

func (m *Measurements) addCourse(s perf.Sample, metric string, scale float64, unit string) {
	key := monitoring.Ref{Host: s.Host, Service: metric}
	c := m.courses[key]
	if c == nil {
		c = &course{unit: unit, chart: chart.NewBuckets(m.from, m.to, points)}
		m.courses[key] = c
	}
	warning, _ := s.Limits()
	c.last, c.limit = scale*s.Value, scale*warning
	c.chart.Add(s.Time, c.last)
}

func (m *Measurements) latencies() []Latency {
	list := make([]Latency, 0, len(m.responses))
	for key, r := range m.responses {
		slices.Sort(r.values)
		list = append(list, Latency{
			Host: key.Host, Service: key.Service, Count: len(r.values), Means: r.chart.Means(), Warning: r.limit,
			P50: percentile(r.values, 50), P95: percentile(r.values, 95), P99: percentile(r.values, 99),
		})
	}
	slices.SortFunc(list, func(a, b Latency) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
	})
	return list
}

// percentile of sorted values, by the nearest rank.
func percentile(values []float64, p int) float64 {
	return values[max((len(values)*p+99)/100-1, 0)]
}

func (m *Measurements) trends() []Trend {
	list := make([]Trend, 0, len(m.courses))
	for key, c := range m.courses {
		list = append(list, Trend{Host: key.Host, Metric: key.Service, Unit: c.unit, Last: c.last, Max: c.chart.Max, Warning: c.limit, Means: c.chart.Means()})
	}
	slices.SortFunc(list, func(a, b Trend) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Metric, b.Metric))
	})
	return list
}
