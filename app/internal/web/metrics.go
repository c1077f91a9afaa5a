package web

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	prom "github.com/VictoriaMetrics/metrics"
)

// metrics never carry content: labels are routes, names of ours and statuses.
type metrics struct {
	set      *prom.Set
	inFlight atomic.Int64
	draining atomic.Int64
	// requests are counters by route, method and status, seconds histograms by
	// route, symbols counters by symbology, format and outcome.
	requests, seconds, symbols sync.Map
	panics, limited            *prom.Counter
	hits, misses, shared       *prom.Counter
}

func newMetrics(build Build, kept *cache) *metrics {
	set := prom.NewSet()
	m := &metrics{
		set:     set,
		panics:  set.NewCounter("http_panics_total"),
		limited: set.NewCounter("http_requests_limited_total"),
		hits:    set.NewCounter(`qr_cache_requests_total{outcome="hit"}`),
		misses:  set.NewCounter(`qr_cache_requests_total{outcome="miss"}`),
		shared:  set.NewCounter(`qr_cache_requests_total{outcome="shared"}`),
	}
	set.NewGauge("http_requests_in_flight", func() float64 { return float64(m.inFlight.Load()) })
	set.NewGauge("app_draining", func() float64 { return float64(m.draining.Load()) })
	set.NewGauge("qr_cache_bytes", func() float64 { bytes, _ := kept.size(); return float64(bytes) })
	set.NewGauge("qr_cache_entries", func() float64 { _, entries := kept.size(); return float64(entries) })
	info := fmt.Sprintf(`app_build_info{version=%q,commit=%q,digest=%q}`, build.Version, build.Commit, build.Digest)
	set.NewGauge(info, func() float64 { return 1 })
	return m
}

// serve answers with all metrics in Prometheus' text format.
func (m *metrics) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	m.set.WritePrometheus(w)
	m.seconds.Range(func(route, h any) bool {
		h.(*histogram).write(w, "http_request_duration_seconds", fmt.Sprintf("route=%q", route))
		return true
	})
	prom.WriteProcessMetrics(w)
}

type requestLabels struct {
	route, method string
	status        int
}

func (m *metrics) answered(l requestLabels, took time.Duration) {
	counter, ok := m.requests.Load(l)
	if !ok {
		counter, _ = m.requests.LoadOrStore(l, m.set.GetOrCreateCounter(fmt.Sprintf(`http_requests_total{method=%q,route=%q,status="%d"}`, l.method, l.route, l.status)))
	}
	counter.(*prom.Counter).Inc()
	seconds, ok := m.seconds.Load(l.route)
	if !ok {
		seconds, _ = m.seconds.LoadOrStore(l.route, &histogram{})
	}
	seconds.(*histogram).observe(took.Seconds())
}

// asked counts a symbol that was asked for: made, cached (made before), refused
// (the request's fault) or failed (ours).
func (m *metrics) asked(symbology, format, outcome string) {
	l := [3]string{symbology, format, outcome}
	counter, ok := m.symbols.Load(l)
	if !ok {
		counter, _ = m.symbols.LoadOrStore(l, m.set.GetOrCreateCounter(fmt.Sprintf(`qr_symbols_total{format=%q,outcome=%q,symbology=%q}`, format, outcome, symbology)))
	}
	counter.(*prom.Counter).Inc()
}

// bounds are the histogram's upper bounds in seconds.
var bounds = [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}

// histogram counts durations as Prometheus' own clients do; the library has
// only bounds of its own.
type histogram struct {
	counts [len(bounds) + 1]atomic.Uint64
	// sum is in nanoseconds.
	sum atomic.Uint64
}

func (h *histogram) observe(seconds float64) {
	i := 0
	for i < len(bounds) && seconds > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(uint64(seconds * float64(time.Second)))
}

func (h *histogram) write(w io.Writer, name, labels string) {
	total := uint64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := math.Inf(1)
		if i < len(bounds) {
			bound = bounds[i]
		}
		fmt.Fprintf(w, "%s_bucket{%s,le=\"%s\"} %d\n", name, labels, strconv.FormatFloat(bound, 'g', -1, 64), total)
	}
	fmt.Fprintf(w, "%s_sum{%s} %g\n%s_count{%s} %d\n", name, labels, float64(h.sum.Load())/float64(time.Second), name, labels, total)
}
