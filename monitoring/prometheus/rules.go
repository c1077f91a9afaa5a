package prometheus

import (
	"fmt"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// measure is a value with thresholds. Its expression is compared with them.
type measure struct {
	id, alert, expr, compare, summary string
}

// cpuExpr is the share of the time in which processors worked.
const cpuExpr = `100 * (1 - sum by (node) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[5m])) / on (node) count by (node) (node_cpu_seconds_total{mode="idle"}))`

var measures = []measure{
	{"cpu", "CPU", cpuExpr, ">", "CPU {{ $value | printf \"%.0f\" }}% busy"},
	{"load", "Load", `node_load5 / on (node) count by (node) (node_cpu_seconds_total{mode="idle"})`, ">", "{{ $value | printf \"%.1f\" }} runnable tasks for each processor"},
	{"memory", "Memory", `100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)`, ">", "memory {{ $value | printf \"%.0f\" }}% used"},
	{"swap", "Swap", `100 * (1 - node_memory_SwapFree_bytes / (node_memory_SwapTotal_bytes > 0))`, ">", "swap {{ $value | printf \"%.0f\" }}% used"},
	{"disk", "Disk", `100 * node_filesystem_avail_bytes{fstype!~"overlay|tmpfs|squashfs"} / node_filesystem_size_bytes`, "<", "{{ $labels.mountpoint }} has {{ $value | printf \"%.0f\" }}% free"},
	{"inodes", "Inodes", `100 * node_filesystem_files_free{fstype!~"overlay|tmpfs|squashfs"} / (node_filesystem_files > 0)`, "<", "{{ $labels.mountpoint }} has {{ $value | printf \"%.0f\" }}% of its inodes free"},
	{"network", "Network", `100 * 8 * rate(node_network_transmit_bytes_total{device!~"lo|veth.*|docker.*|br-.*"}[5m]) / 1e9`, ">", "{{ $labels.device }} at {{ $value | printf \"%.0f\" }}% of 1 Gbit/s"},
	{"clock", "Clock", `abs(node_timex_offset_seconds)`, ">", "clock off by {{ $value | printf \"%.1f\" }} s"},
}

func rules(m monitoring.Model) object {
	list := []object{
		rule(m, "MachineDown", "critical", `up{job="node"} == 0`, m.Owners["node"], "{{ $labels.node }} does not answer"),
		rule(m, "EngineDown", "critical", `up{job="engine"} == 0`, m.Owners["node"], "Docker does not answer on {{ $labels.node }}"),
		rule(m, "QuorumLost", "critical", `max by (cluster) (swarm_manager_leader) == 0`, m.Owners["swarm"], "no manager leads the swarm"),
		rule(m, "NodesMissing", "critical", fmt.Sprintf(`max by (cluster) (swarm_manager_nodes{state="ready"}) < %d`, swarmSize(m)), m.Owners["swarm"], "{{ $value }} swarm nodes are ready"),
		rule(m, "EndpointDown", "critical", `probe_success{job="endpoint"} == 0`, m.Owners["endpoint"], "{{ $labels.instance }} does not answer"),
	}
	for _, v := range measures {
		t := m.Thresholds[v.id]
		list = append(list,
			rule(m, v.alert, "warning", fmt.Sprintf("%s %s %g", v.expr, v.compare, t.Warning), m.Owners["node"], v.summary),
			rule(m, v.alert, "critical", fmt.Sprintf("%s %s %g", v.expr, v.compare, t.Critical), m.Owners["node"], v.summary),
		)
	}
	response, cert := m.Thresholds["response"], m.Thresholds["certificate"]
	list = append(list,
		rule(m, "Response", "warning", fmt.Sprintf(`probe_duration_seconds{job="endpoint"} > %g`, response.Warning), m.Owners["endpoint"], "answers in {{ $value | printf \"%.2f\" }} s"),
		rule(m, "Response", "critical", fmt.Sprintf(`probe_duration_seconds{job="endpoint"} > %g`, response.Critical), m.Owners["endpoint"], "answers in {{ $value | printf \"%.2f\" }} s"),
	)
	if strings.HasPrefix(m.Endpoint, "https://") {
		list = append(list, rule(m, "Certificate", "critical", fmt.Sprintf(`(probe_ssl_earliest_cert_expiry{job="endpoint"} - time()) / 86400 < %g`, cert.Critical), m.Owners["endpoint"], "its certificate ends in {{ $value | printf \"%.0f\" }} days"))
	}
	return object{"groups": []object{{"name": m.Name, "rules": list}}}
}

func swarmSize(m monitoring.Model) int {
	n := 0
	for _, h := range m.Machines() {
		if h.Node.Role.InSwarm() {
			n++
		}
	}
	return n
}

// rule waits as long as Nagios does before a problem is certain.
func rule(m monitoring.Model, alert, severity, expr, owner, summary string) object {
	wait := m.Schedule.Retry.Seconds() * (m.Schedule.Attempts - 1)
	annotations := object{"summary": summary}
	if m.Runbook != "" {
		annotations["runbook_url"] = m.Runbook + "#" + strings.ToLower(alert)
	}
	return object{
		"alert": alert, "expr": expr, "for": fmt.Sprintf("%ds", wait),
		"labels": object{"severity": severity, "owner": owner}, "annotations": annotations,
	}
}
