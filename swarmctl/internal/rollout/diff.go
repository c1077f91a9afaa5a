package rollout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// Change is one field of a service that differs. Values of secrets never get
// this far; values of environment variables that look like one are hidden.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

func (c Change) String() string {
	switch {
	case c.From == "":
		return fmt.Sprintf("%s: + %s", c.Field, c.To)
	case c.To == "":
		return fmt.Sprintf("%s: - %s", c.Field, c.From)
	}
	return fmt.Sprintf("%s: %s → %s", c.Field, c.From, c.To)
}

// Diff compares two specs field by field, as the swarm means them: what the
// engine fills in by itself and what it only names otherwise is no difference.
// networks maps network IDs to names.
func Diff(from, to swarm.ServiceSpec, networks map[string]string) []Change {
	a, b := flatten(normalize(from, networks)), flatten(normalize(to, networks))
	fields := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(fields)
	var changes []Change
	for _, field := range slices.Compact(fields) {
		if a[field] != b[field] {
			changes = append(changes, Change{Field: field, From: hide(field, a[field]), To: hide(field, b[field])})
		}
	}
	return changes
}

// normalize returns a copy without what the engine fills in by itself, and
// with names instead of IDs.
func normalize(spec swarm.ServiceSpec, networks map[string]string) swarm.ServiceSpec {
	spec = clone(spec)
	task := &spec.TaskTemplate
	dropDefault((*string)(&task.Runtime), string(swarm.RuntimeContainer))
	// Who forced an update is no part of what is desired.
	task.ForceUpdate = 0
	if task.Placement != nil {
		task.Placement.Platforms = nil
	}
	for i, n := range task.Networks {
		if name, ok := networks[n.Target]; ok {
			task.Networks[i].Target = name
		}
	}
	slices.SortFunc(task.Networks, func(a, b swarm.NetworkAttachmentConfig) int { return strings.Compare(a.Target, b.Target) })
	normalizeContainer(task.ContainerSpec)
	if spec.EndpointSpec != nil {
		dropDefault((*string)(&spec.EndpointSpec.Mode), string(swarm.ResolutionModeVIP))
		for i := range spec.EndpointSpec.Ports {
			dropDefault((*string)(&spec.EndpointSpec.Ports[i].Protocol), string(swarm.PortConfigProtocolTCP))
		}
	}
	normalizeUpdate(spec.UpdateConfig)
	normalizeUpdate(spec.RollbackConfig)
	return spec
}

func normalizeContainer(c *swarm.ContainerSpec) {
	if c == nil {
		return
	}
	dropDefault((*string)(&c.Isolation), "default")
	for _, s := range c.Secrets {
		s.SecretID = ""
	}
	for _, s := range c.Configs {
		s.ConfigID = ""
	}
}

func normalizeUpdate(u *swarm.UpdateConfig) {
	if u == nil {
		return
	}
	dropDefault(&u.FailureAction, swarm.UpdateFailureActionPause)
	dropDefault(&u.Order, swarm.UpdateOrderStopFirst)
}

func dropDefault(field *string, value string) {
	if *field == value {
		*field = ""
	}
}

// clone copies through JSON, which is how the engine gets it.
func clone(spec swarm.ServiceSpec) swarm.ServiceSpec {
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err) // a spec holds nothing that JSON can't
	}
	var c swarm.ServiceSpec
	if err := json.Unmarshal(text, &c); err != nil {
		panic(err)
	}
	return c
}

// flatten maps each field that says something to its value.
func flatten(spec swarm.ServiceSpec) map[string]string {
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	fields := map[string]string{}
	flattenValue(fields, "", tree)
	return fields
}

func flattenValue(fields map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			flattenValue(fields, join(path, key), child)
		}
	case []any:
		flattenList(fields, path, v)
	case nil:
	case bool:
		if v {
			fields[path] = "true"
		}
	case float64:
		if v != 0 {
			fields[path] = number(path, v)
		}
	case string:
		if v != "" {
			// Of all texts in a spec only this one's path is all silent.
			fields[cmp.Or(path, "endpoint_mode")] = v
		}
	}
}

func flattenList(fields map[string]string, path string, list []any) {
	for i, child := range list {
		if text, ok := child.(string); ok && path == "env" {
			key, value, _ := strings.Cut(text, "=")
			// An empty variable differs from none.
			fields["env."+key] = value + emptyMark(value)
			continue
		}
		flattenValue(fields, fmt.Sprintf("%s.%d", path, i), child)
	}
}

func emptyMark(value string) string {
	if value == "" {
		return `""`
	}
	return ""
}

// The groups of a spec that a compose file does not have.
var silent = map[string]bool{"TaskTemplate": true, "ContainerSpec": true, "EndpointSpec": true, "Mode": true}

// join adds a key to a path, in the spelling of a compose file.
func join(path, key string) string {
	if silent[key] && (path == "" || key == "ContainerSpec") {
		return path
	}
	if strings.HasSuffix(path, "labels") || strings.HasSuffix(path, "options") {
		return path + "." + key
	}
	name := snake(key)
	if path == "" {
		return name
	}
	return path + "." + name
}

var wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func snake(key string) string { return strings.ToLower(wordStart.ReplaceAllString(key, "${1}_${2}")) }

var isDuration = regexp.MustCompile(`(delay|monitor|interval|timeout|start_period|stop_grace_period|window)$`)

func number(path string, v float64) string {
	switch {
	case isDuration.MatchString(path):
		return time.Duration(v).String()
	case strings.HasSuffix(path, "nano_cpus"):
		return fmt.Sprintf("%g CPUs", v/1e9)
	}
	return fmt.Sprintf("%.10g", v)
}

var looksSecret = regexp.MustCompile(`(?i)^env\..*(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEY|APIKEY)`)

func hide(field, value string) string {
	if value != "" && looksSecret.MatchString(field) {
		return "(hidden)"
	}
	return value
}
