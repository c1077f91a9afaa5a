package datadog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"

	"github.com/ycesproject/yces/monitoring"
)

// watch is a monitor in so far as it differs from the others. The query is
// filled with the cluster's tag and the critical threshold.
type watch struct {
	name, part, query, message string
	limit                      monitoring.Threshold
	kind                       datadogV1.MonitorType
}

func watches(m monitoring.Model) []watch {
	t := m.Thresholds
	const metric, check = datadogV1.MONITORTYPE_METRIC_ALERT, datadogV1.MONITORTYPE_SERVICE_CHECK
	used := func(id string) monitoring.Threshold { return t[id] }
	free := func(id string) monitoring.Threshold {
		return monitoring.Threshold{Warning: 100 - t[id].Warning, Critical: 100 - t[id].Critical}
	}
	return []watch{
		{"CPU", "node", "avg(last_5m):100 - avg:system.cpu.idle{%s} by {host} > %g", "The processors are busy.", used("cpu"), metric},
		{"Memory", "node", "avg(last_5m):100 - 100 * avg:system.mem.pct_usable{%s} by {host} > %g", "Memory is short.", used("memory"), metric},
		{"Swap", "node", "avg(last_5m):100 - 100 * avg:system.swap.pct_free{%s} by {host} > %g", "Swap is in use.", used("swap"), metric},
		{"Disk", "node", "avg(last_5m):100 * max:system.disk.in_use{%s} by {host,device} > %g", "A disk fills up.", free("disk"), metric},
		{"Clock", "node", "avg(last_5m):abs(avg:ntp.offset{%s} by {host}) > %g", "The clock is off.", used("clock"), metric},
		{"Agent", "node", `"datadog.agent.up".over("%s").by("host").last(3).count_by_status()`, "The machine, or the agent on it, is silent.", monitoring.Threshold{Warning: 1, Critical: 2}, check},
		{"Docker engine", "swarm", `"docker.service_up".over("%s").by("host").last(3).count_by_status()`, "Docker does not answer.", monitoring.Threshold{Warning: 1, Critical: 2}, check},
		{"Nagios", "monitor", `"process.up".over("%s","process:nagios").by("host").last(3).count_by_status()`, "Nagios does not run: nobody else will tell.", monitoring.Threshold{Warning: 1, Critical: 2}, check},
	}
}

func monitors(m monitoring.Model) []datadogV1.Monitor {
	var list []datadogV1.Monitor
	for _, w := range watches(m) {
		list = append(list, monitor(m, w))
	}
	return list
}

func monitor(m monitoring.Model, w watch) datadogV1.Monitor {
	query := fmt.Sprintf(w.query, clusterTag(m.Name))
	if w.kind == datadogV1.MONITORTYPE_METRIC_ALERT {
		query = fmt.Sprintf(w.query, clusterTag(m.Name), w.limit.Critical)
	}
	message := w.message
	if m.Runbook != "" {
		message += " What to do: " + m.Runbook + "#" + strings.ReplaceAll(strings.ToLower(w.name), " ", "-")
	}
	if m.Datadog != nil && len(m.Datadog.Notify) > 0 {
		message += "\n" + strings.Join(m.Datadog.Notify, " ")
	}
	warn := w.limit.Warning
	renotify := int64(max(m.Schedule.Renotify.Seconds()/60, 1))
	thresholds := &datadogV1.MonitorThresholds{Critical: &w.limit.Critical, Warning: *datadog.NewNullableFloat64(&warn)}
	if w.kind == datadogV1.MONITORTYPE_SERVICE_CHECK {
		ok := 1.0
		thresholds.Ok = *datadog.NewNullableFloat64(&ok)
	}
	return datadogV1.Monitor{
		Name: datadog.PtrString(m.Name + ": " + w.name), Type: w.kind, Query: query, Message: &message,
		Tags:    []string{clusterTag(m.Name), ownerTag, "owner:" + m.Owners[w.part]},
		Options: &datadogV1.MonitorOptions{Thresholds: thresholds, RenotifyInterval: *datadog.NewNullableInt64(&renotify)},
	}
}

// chart of the dashboard: its query is filled with the cluster's tag.
type chart struct{ title, query string }

var charts = []chart{
	{"CPU", "100 - avg:system.cpu.idle{%s} by {host}"},
	{"Memory in use", "100 - 100 * avg:system.mem.pct_usable{%s} by {host}"},
	{"Swap in use", "100 - 100 * avg:system.swap.pct_free{%s} by {host}"},
	{"Disk in use", "100 * max:system.disk.in_use{%s} by {host,device}"},
	{"Network in", "avg:system.net.bytes_rcvd{%s} by {host}"},
	{"Network out", "avg:system.net.bytes_sent{%s} by {host}"},
	{"Containers by service", "sum:docker.containers.running{%s} by {swarm_service}"},
	{"CPU by service", "sum:docker.cpu.usage{%s} by {swarm_service}"},
	{"Memory by service", "sum:docker.mem.rss{%s} by {swarm_service}"},
}

// serviceCharts need the service's own metrics.
var serviceCharts = []chart{
	{"Requests", "sum:yces.http_requests.count{%s} by {status}.as_rate()"},
	{"Time to answer", "avg:yces.http_request_duration_seconds.sum{%s}.as_count() / avg:yces.http_request_duration_seconds.count{%s}.as_count()"},
	{"Symbols", "sum:yces.qr_symbols.count{%s} by {symbology,outcome}.as_rate()"},
}

func dashboard(m monitoring.Model) datadogV1.Dashboard {
	var widgets []datadogV1.Widget
	all := charts
	if m.Datadog != nil && m.Datadog.AppMetrics != "" {
		all = slices.Concat(charts, serviceCharts)
	}
	for _, c := range all {
		query := strings.ReplaceAll(c.query, "%s", clusterTag(m.Name))
		line := datadogV1.WIDGETDISPLAYTYPE_LINE
		definition := datadogV1.NewTimeseriesWidgetDefinition(
			[]datadogV1.TimeseriesWidgetRequest{{Q: &query, DisplayType: &line}}, datadogV1.TIMESERIESWIDGETDEFINITIONTYPE_TIMESERIES)
		definition.SetTitle(c.title)
		widgets = append(widgets, *datadogV1.NewWidget(datadogV1.TimeseriesWidgetDefinitionAsWidgetDefinition(definition)))
	}
	return *datadogV1.NewDashboard(datadogV1.DASHBOARDLAYOUTTYPE_ORDERED, dashboardTitle(m.Name), widgets)
}
