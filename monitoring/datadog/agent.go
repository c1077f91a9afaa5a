package datadog

import (
	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/monitoring"
)

type object map[string]any

// Render returns the agent's configuration of every machine, as it lies in
// /etc/datadog-agent. The key is not in it: the agent's unit reads DD_API_KEY
// from the file `environment` there.
func Render(m monitoring.Model) []monitoring.File {
	var files []monitoring.File
	for _, h := range m.Machines() {
		for _, f := range Agent(m, h) {
			files = append(files, monitoring.File{Path: "machines/" + h.Name + "/" + f.Path, Data: f.Data})
		}
	}
	return files
}

// Agent returns the agent's configuration of one machine; paths are relative to
// its folder.
func Agent(m monitoring.Model, h monitoring.Host) []monitoring.File {
	files := []monitoring.File{{Path: "datadog.yaml", Data: document(agentConfig(m, h))}}
	if h.Node.Role.InSwarm() {
		files = append(files, monitoring.File{Path: "conf.d/docker.d/conf.yaml", Data: document(dockerCheck)})
		if m.Datadog != nil && m.Datadog.AppMetrics != "" {
			files = append(files, monitoring.File{Path: "conf.d/openmetrics.d/conf.yaml", Data: document(serviceCheck(m.Datadog.AppMetrics))})
		}
	}
	if h.Group == monitoring.Monitors {
		files = append(files, monitoring.File{Path: "conf.d/process.d/conf.yaml", Data: document(nagiosCheck)})
	}
	return files
}

func agentConfig(m monitoring.Model, h monitoring.Host) object {
	config := object{
		"site": "datadoghq.com", "hostname": h.Name, "logs_enabled": false,
		"tags":           []string{clusterTag(m.Name), "role:" + string(h.Node.Role), "group:" + string(h.Group)},
		"process_config": object{"process_collection": object{"enabled": true}},
	}
	if m.Datadog != nil {
		config["site"] = m.Datadog.Site
		if proxy := m.Datadog.Proxy; proxy != "" {
			config["proxy"] = object{"http": proxy, "https": proxy}
		}
	}
	return config
}

// dockerCheck tags what it measures with swarm_service and swarm_namespace by
// itself, from the labels that the swarm puts on its containers.
var dockerCheck = object{
	"init_config": object{},
	"instances":   []object{{"collect_events": true, "collect_container_size": false}},
}

var nagiosCheck = object{
	"init_config": object{},
	"instances":   []object{{"name": "nagios", "search_string": []string{"nagios4"}, "exact_match": true}},
}

// serviceImage is the service's image without what stands in front of it: a node
// that runs it is asked for the service's metrics, which get the container's tags.
const serviceImage = "qr"

// serviceMetrics are the service's, by the names that it exposes them under. It
// declares no types, and a metric without one is skipped. Of an untyped
// histogram each series is a metric of its own.
var serviceMetrics = []object{
	typed("http_requests_total", "http_requests", "counter"),
	typed("http_request_duration_seconds_sum", "http_request_duration_seconds", "histogram"),
	typed("http_request_duration_seconds_count", "http_request_duration_seconds", "histogram"),
	typed("qr_symbols_total", "qr_symbols", "counter"),
}

func serviceCheck(url string) object {
	return object{
		"ad_identifiers": []string{serviceImage}, "init_config": object{},
		"instances": []object{{"openmetrics_endpoint": url, "namespace": "yces", "metrics": serviceMetrics}},
	}
}

func typed(exposed, sent, kind string) object {
	return object{exposed: object{"name": sent, "type": kind}}
}

func document(v any) []byte {
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and booleans always become YAML
	}
	return append([]byte("# Made by swarmctl; changes are lost.\n"), text...)
}
