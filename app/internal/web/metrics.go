package web

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics never carry content: labels are routes, names of ours and statuses.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	symbols  *prometheus.CounterVec
	panics   prometheus.Counter
	draining prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry, build Build) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_requests_in_flight", Help: "Requests being answered."}),
		symbols: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "qr_symbols_total", Help: "Symbols asked for: made, refused (the request's fault) or failed (ours).",
		}, []string{"symbology", "format", "outcome"}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "http_panics_total", Help: "Handlers that panicked."}),
		draining: prometheus.NewGauge(prometheus.GaugeOpts{Name: "app_draining", Help: "1 while draining."}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "app_build_info", Help: "What runs here; always 1.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "digest": build.Digest},
	})
	info.Set(1)
	registry.MustRegister(m.requests, m.seconds, m.inFlight, m.symbols, m.panics, m.draining, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}
