package datadog

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

// documented are the types of the agent's keys, by file and key.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/agent-keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			types[f[0]+" "+f[1]] = f[2]
		}
	}
	return types
}

// undocumented lists what the value holds that the agent's documentation does not.
func undocumented(types map[string]string, at string, value any) []string {
	var found []string
	kind := map[string]string{"string": "string", "bool": "boolean", "float64": "integer", "map[string]interface {}": "map", "[]interface {}": "list"}[fmt.Sprintf("%T", value)]
	if want, known := types[at]; at != "" && !strings.HasSuffix(at, " ") && (!known || want != kind) {
		found = append(found, fmt.Sprintf("%s is %q, documented %q", at, kind, want))
	}
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			dot := "."
			if strings.HasSuffix(at, " ") {
				dot = ""
			}
			next := at + dot + key
			if _, open := types[at+dot+"*"]; open {
				next = at + dot + "*"
			}
			found = append(found, undocumented(types, next, item)...)
		}
	case []any:
		for _, item := range v {
			found = append(found, undocumented(types, at+"[]", item)...)
		}
	}
	return found
}

// kindOf is the file's name in the list of keys: that of its check's folder.
func kindOf(file string) string {
	if folder := path.Base(path.Dir(file)); strings.HasSuffix(folder, ".d") {
		return folder
	}
	return path.Base(file)
}

func read(t *testing.T, f monitoring.File) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := yaml.UnmarshalStrict(f.Data, &doc); err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return doc
}

func TestTheAgentIsToldOnlyWhatItDocuments(t *testing.T) {
	types := documented(t)
	kinds := map[string]bool{}
	for _, f := range Render(example.Model(3)) {
		kinds[kindOf(f.Path)] = true
		for _, fault := range undocumented(types, kindOf(f.Path)+" ", read(t, f)) {
			t.Errorf("%s: %s", f.Path, fault)
		}
		if strings.Contains(string(f.Data), "api_key") {
			t.Errorf("%s holds a key", f.Path)
		}
	}
	if len(kinds) != 4 {
		t.Errorf("looked at %v", kinds)
	}
}

// mutate calls check with the document after each key was misspelt once, and
// after each value was made one of another type once.
func mutate(value any, check func(what string)) {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			delete(v, key)
			v[key+"_"] = item
			check("misspelt " + key)
			delete(v, key+"_")
			v[key] = 1.5i
			check("another type of " + key)
			v[key] = item
			mutate(item, check)
		}
	case []any:
		for i, item := range v {
			v[i] = 1.5i
			check("another type of an item")
			v[i] = item
			mutate(item, check)
		}
	}
}

func TestEveryMisspeltKeyAndWrongTypeIsFound(t *testing.T) {
	types := documented(t)
	for _, f := range Render(example.Model(1)) {
		doc := read(t, f)
		mutations := 0
		mutate(doc, func(what string) {
			mutations++
			// The names of metrics are free.
			free := strings.HasPrefix(what, "misspelt http_") || strings.HasPrefix(what, "misspelt qr_")
			if found := undocumented(types, kindOf(f.Path)+" ", doc); (len(found) == 0) != free {
				t.Errorf("%s, %s: found %q", f.Path, what, found)
			}
		})
		if mutations < 4 {
			t.Errorf("%s: %d mutations", f.Path, mutations)
		}
	}
}

func TestWithoutAnAddressTheServicesMetricsAreLeftOut(t *testing.T) {
	m := example.Model(1)
	with := len(dashboard(m).Widgets)
	m.Datadog.AppMetrics = ""
	for _, f := range Render(m) {
		if strings.Contains(f.Path, "openmetrics") {
			t.Errorf("%s is there", f.Path)
		}
	}
	if n := len(dashboard(m).Widgets); n != with-len(serviceCharts) {
		t.Errorf("%d charts of %d", n, with)
	}
}
