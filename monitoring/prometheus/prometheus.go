// Package prometheus renders a monitoring.Model for those who have Prometheus:
// what to scrape, alert rules, routes of Alertmanager and a Grafana dashboard.
//
// It expects node_exporter on every machine, Docker's own metrics on the swarm's
// (metrics-addr in daemon.json) and a blackbox_exporter beside Prometheus.
package prometheus

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/monitoring"
)

// The ports of what is scraped.
const (
	nodePort     = 9100
	enginePort   = 9323
	blackboxAddr = "127.0.0.1:9115"
)

// Render returns the files, with paths relative to one folder.
func Render(m monitoring.Model) []monitoring.File {
	return []monitoring.File{
		{Path: "alertmanager.yml", Data: document(alertmanager(m))},
		{Path: "alerts.yml", Data: document(rules(m))},
		{Path: "dashboard.json", Data: indented(dashboard(m))},
		{Path: "prometheus.yml", Data: document(scrape(m))},
	}
}

type object map[string]any

func document(v any) []byte {
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and numbers always become YAML
	}
	return append([]byte("# Made by swarmctl; changes are lost.\n"), text...)
}

func indented(v any) []byte {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // maps of strings and numbers always become JSON
	}
	return append(text, '\n')
}

func scrape(m monitoring.Model) object {
	machines, engines := []object{}, []object{}
	for _, h := range m.Machines() {
		labels := object{"node": h.Name, "group": string(h.Group)}
		machines = append(machines, object{"targets": []string{fmt.Sprintf("%s:%d", h.Address, nodePort)}, "labels": labels})
		if h.Node.Role.InSwarm() {
			engines = append(engines, object{"targets": []string{fmt.Sprintf("%s:%d", h.Address, enginePort)}, "labels": labels})
		}
	}
	every := fmt.Sprintf("%ds", min(m.Schedule.Interval.Seconds(), 60))
	return object{
		"global":     object{"scrape_interval": every, "evaluation_interval": every, "external_labels": object{"cluster": m.Name}},
		"rule_files": []string{"alerts.yml"},
		"alerting":   object{"alertmanagers": []object{{"static_configs": []object{{"targets": []string{"127.0.0.1:9093"}}}}}},
		"scrape_configs": []object{
			{"job_name": "node", "static_configs": machines},
			{"job_name": "engine", "static_configs": engines},
			{
				"job_name": "endpoint", "metrics_path": "/probe", "params": object{"module": []string{"http_2xx"}},
				"static_configs": []object{{"targets": []string{m.Endpoint}}},
				"relabel_configs": []object{
					{"source_labels": []string{"__address__"}, "target_label": "__param_target"},
					{"source_labels": []string{"__param_target"}, "target_label": "instance"},
					{"target_label": "__address__", "replacement": blackboxAddr},
				},
			},
		},
	}
}

// alertmanager sends each role's alerts to its contacts. It knows no escalation:
// an alert that lasts is repeated.
func alertmanager(m monitoring.Model) object {
	routes, receivers := []object{}, []object{{"name": "nobody"}}
	for _, role := range m.Roles() {
		routes = append(routes, object{"matchers": []string{fmt.Sprintf("owner=%q", role)}, "receiver": role})
		receivers = append(receivers, receiver(m, role))
	}
	global := object{
		"smtp_smarthost": fmt.Sprintf("%s:%d", m.SMTP.Host, m.SMTP.Port), "smtp_from": m.SMTP.From,
		"smtp_require_tls": m.SMTP.TLS == "starttls",
	}
	if m.SMTP.User != "" {
		global["smtp_auth_username"] = m.SMTP.User
		global["smtp_auth_password_file"] = "/etc/alertmanager/secrets/smtp"
	}
	return object{
		"global": global,
		"route": object{
			"receiver": "nobody", "group_by": []string{"alertname", "node"}, "routes": routes,
			"repeat_interval": fmt.Sprintf("%ds", m.Schedule.Renotify.Seconds()),
		},
		// One fault, one mail: what only follows from a dead machine stays quiet.
		"inhibit_rules": []object{{
			"source_matchers": []string{`alertname="MachineDown"`}, "target_matchers": []string{`alertname!="MachineDown"`}, "equal": []string{"node"},
		}},
		"receivers": receivers,
	}
}

func receiver(m monitoring.Model, role string) object {
	mails, hooks := []object{}, []object{}
	for _, c := range m.Contacts {
		for _, r := range c.Roles {
			if r != role {
				continue
			}
			if c.Email != "" {
				mails = append(mails, object{"to": c.Email, "send_resolved": true})
			}
			if c.WebhookFile != "" {
				hooks = append(hooks, object{"api_url_file": "/etc/alertmanager/secrets/webhook-" + c.Name, "send_resolved": true})
			}
		}
	}
	return object{"name": role, "email_configs": mails, "slack_configs": hooks}
}
