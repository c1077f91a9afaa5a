package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

// loadAPI reads Datadog's own description of its API, of which there is a copy
// in the client's module, with closed schemas: what it doesn't name is refused.
var loadAPI = sync.OnceValues(func() (routers.Router, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/DataDog/datadog-api-client-go/v2").Output()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(strings.TrimSpace(string(dir)), ".generator", "schemas", "v1", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	for _, schema := range doc.Components.Schemas {
		closeSchema(schema.Value)
	}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	for _, path := range doc.Paths.Map() {
		path.Servers = nil
	}
	return gorillamux.NewRouter(doc)
})

func closeSchema(s *openapi3.Schema) {
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
}

// known are the metrics that Datadog's agent documents, and the app's own.
var known = []string{
	"system.cpu.idle", "system.mem.pct_usable", "system.swap.pct_free", "system.disk.in_use", "system.net.bytes_rcvd",
	"system.net.bytes_sent", "ntp.offset", "docker.containers.running", "docker.cpu.usage", "docker.mem.rss",
	"yces.http_requests_total.count", "yces.http_request_duration_seconds.sum", "yces.http_request_duration_seconds.count", "yces.qr_symbols_total.count",
}

var metricName = regexp.MustCompile(`(?:avg|sum|max|min):([a-z_.]+)\{`)

// account is a stand-in that keeps what it is told and refuses what Datadog's
// description doesn't allow.
type account struct {
	t        *testing.T
	router   routers.Router
	mu       sync.Mutex
	monitors []map[string]any
	boards   []map[string]any
	writes   []string
	// failures are the answers to the next requests.
	failures []int
}

func newAccount(t *testing.T) (*account, *Account) {
	t.Helper()
	router, err := loadAPI()
	if err != nil {
		t.Fatal(err)
	}
	a := &account{t: t, router: router}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, NewAccount("datadoghq.eu", server.URL, Keys{API: "api-key", Application: "application-key"})
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.failures) > 0 {
		status := a.failures[0]
		a.failures = a.failures[1:]
		w.Header().Set("X-Ratelimit-Reset", "1")
		w.WriteHeader(status)
		return
	}
	if r.Header.Get("Dd-Api-Key") != "api-key" || r.Header.Get("Dd-Application-Key") != "application-key" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	route, params, err := a.router.FindRoute(r)
	if err != nil {
		a.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}); err != nil {
		a.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, name := range metricName.FindAllStringSubmatch(string(body), -1) {
		if !slices.Contains(known, name[1]) {
			a.t.Errorf("there is no metric %q", name[1])
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.answer(r, body))
}

func (a *account) answer(r *http.Request, body []byte) any {
	var object map[string]any
	_ = json.Unmarshal(body, &object)
	if r.Method != http.MethodGet {
		a.writes = append(a.writes, r.Method+" "+r.URL.Path)
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	list, key := &a.monitors, any(float64(len(a.monitors)+1))
	if kind == "dashboard" {
		list, key = &a.boards, "abc-"+strconv.Itoa(len(a.boards))
	}
	switch {
	case r.Method == http.MethodPost:
		object["id"] = key
		*list = append(*list, object)
		return object
	case r.Method == http.MethodPut:
		for _, have := range *list {
			if id == have["id"] || id == strconv.Itoa(int(number(have["id"]))) {
				for k, v := range object {
					have[k] = v
				}
				return have
			}
		}
	case kind == "dashboard":
		return map[string]any{"dashboards": a.summaries()}
	case r.URL.Query().Get("page") != "0":
		return []any{}
	}
	return *list
}

func number(v any) float64 { n, _ := v.(float64); return n }

func (a *account) summaries() []map[string]any {
	list := []map[string]any{}
	for _, b := range a.boards {
		list = append(list, map[string]any{"id": b["id"], "title": b["title"], "description": b["description"], "layout_type": b["layout_type"]})
	}
	return list
}

func (a *account) written() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	writes := a.writes
	a.writes = nil
	return writes
}

func apply(t *testing.T, client *Account, m monitoring.Model) error {
	t.Helper()
	state, err := client.Observe(context.Background(), m.Name)
	if err != nil {
		return err
	}
	return NewPlan(m, state).Apply(context.Background(), client)
}

func TestTheSecondApplyWritesNothingAndAThresholdOneObject(t *testing.T) {
	server, client := newAccount(t)
	m := example.Model(3)
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if n := len(server.written()); n != len(watches(m))+1 {
		t.Errorf("the first apply wrote %d objects, want %d", n, len(watches(m))+1)
	}
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if writes := server.written(); len(writes) > 0 {
		t.Errorf("the second apply wrote %v", writes)
	}
	m.Thresholds["memory"] = monitoring.Threshold{Warning: 70, Critical: 85}
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if writes := server.written(); len(writes) != 1 || !strings.HasPrefix(writes[0], "PUT /api/v1/monitor/") {
		t.Errorf("a changed threshold wrote %v, want one monitor", writes)
	}
}

func TestWhatDatadogAnswersNowAndThenIsTriedAgain(t *testing.T) {
	server, client := newAccount(t)
	server.failures = []int{http.StatusTooManyRequests, http.StatusInternalServerError}
	if err := apply(t, client, example.Model(1)); err != nil {
		t.Error(err)
	}
}

func TestAWrongKeyIsSaidPlainlyAndNotShown(t *testing.T) {
	_, client := newAccount(t)
	client.keys.Application = "wrong-key"
	err := apply(t, client, example.Model(1))
	if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "wrong-key") {
		t.Errorf("got %v", err)
	}
}

func TestTheAgentIsToldWhatItDocuments(t *testing.T) {
	// https://github.com/DataDog/datadog-agent/blob/main/pkg/config/config_template.yaml
	documented := []string{"site", "hostname", "tags", "logs_enabled", "process_config"}
	for _, f := range Render(example.Model(3)) {
		var doc map[string]any
		if err := yaml.UnmarshalStrict(f.Data, &doc); err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
		if strings.Contains(string(f.Data), "api_key") {
			t.Errorf("%s holds a key", f.Path)
		}
		for key := range doc {
			if strings.HasSuffix(f.Path, "datadog.yaml") && !slices.Contains(documented, key) {
				t.Errorf("%s: the agent knows no %q", f.Path, key)
			}
		}
	}
}
