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
	site := "datadoghq.com"
	if m.Datadog != nil {
		site = m.Datadog.Site
	}
	for _, h := range m.Machines() {
		add := func(path string, v any) {
			files = append(files, monitoring.File{Path: "machines/" + h.Name + "/" + path, Data: document(v)})
		}
		add("datadog.yaml", object{
			"site": site, "hostname": h.Name, "logs_enabled": false,
			"tags":           []string{clusterTag(m.Name), "role:" + string(h.Node.Role), "group:" + string(h.Group)},
			"process_config": object{"process_collection": object{"enabled": true}},
		})
		if h.Node.Role.InSwarm() {
			add("conf.d/docker.d/conf.yaml", object{"init_config": object{}, "instances": []object{{"collect_events": true, "collect_container_size": false}}})
			add("conf.d/openmetrics.d/conf.yaml", object{
				"ad_identifiers": []string{"qr"}, "init_config": object{},
				"instances": []object{{
					"openmetrics_endpoint": "http://%%host%%:9090/metrics", "namespace": "yces",
					"metrics": []string{"http_requests", "http_request_duration_seconds", "qr_symbols"},
				}},
			})
		}
		if h.Group == monitoring.Monitors {
			add("conf.d/process.d/conf.yaml", object{"init_config": object{}, "instances": []object{{
				"name": "nagios", "search_string": []string{"nagios4"}, "exact_match": true,
			}}})
		}
	}
	return files
}

func document(v any) []byte {
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and booleans always become YAML
	}
	return append([]byte("# Made by swarmctl; changes are lost.\n"), text...)
}
