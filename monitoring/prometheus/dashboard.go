package prometheus

import "github.com/ycesproject/yces/monitoring"

// panel is one chart of the dashboard.
type panel struct{ title, expr, legend, unit string }

var panels = []panel{
	{"CPU", cpuExpr, "{{node}}", "percent"},
	{"Memory", measures[2].expr, "{{node}}", "percent"},
	{"Swap", measures[3].expr, "{{node}}", "percent"},
	{"Disk, free", measures[4].expr, "{{node}} {{mountpoint}}", "percent"},
	{"Network, out", `8 * sum by (node) (rate(node_network_transmit_bytes_total{device!~"lo|veth.*|docker.*|br-.*"}[5m]))`, "{{node}}", "bps"},
	{"Network, in", `8 * sum by (node) (rate(node_network_receive_bytes_total{device!~"lo|veth.*|docker.*|br-.*"}[5m]))`, "{{node}}", "bps"},
	{"Containers", `sum by (node) (engine_daemon_container_states_containers{state="running"})`, "{{node}}", "short"},
	{"Swarm nodes", `max by (state) (swarm_manager_nodes)`, "{{state}}", "short"},
	{"Response time", `probe_duration_seconds{job="endpoint"}`, "{{instance}}", "s"},
}

// columns of the dashboard, and a panel's size in Grafana's grid of 24.
const (
	columns = 2
	wide    = 24 / columns
	high    = 8
)

func dashboard(m monitoring.Model) object {
	list := []object{}
	for i, p := range panels {
		list = append(list, object{
			"id": i + 1, "type": "timeseries", "title": p.title,
			"datasource":  object{"type": "prometheus", "uid": "${datasource}"},
			"gridPos":     object{"h": high, "w": wide, "x": i % columns * wide, "y": i / columns * high},
			"fieldConfig": object{"defaults": object{"unit": p.unit}, "overrides": []any{}},
			"targets":     []object{{"refId": "A", "expr": p.expr, "legendFormat": p.legend}},
		})
	}
	return object{
		"title": m.Name, "uid": "swarmctl-" + m.Name, "schemaVersion": 39, "version": 1, "editable": true, "refresh": "1m",
		"time": object{"from": "now-24h", "to": "now"}, "timezone": "browser", "tags": []string{"swarmctl"},
		"templating": object{"list": []object{{"name": "datasource", "type": "datasource", "query": "prometheus"}}},
		"panels":     list,
	}
}
