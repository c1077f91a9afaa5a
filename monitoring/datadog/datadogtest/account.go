// Package datadogtest has a stand-in for a Datadog account, which keeps what it is
// told and refuses what Datadog's own description of its API does not allow.
package datadogtest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// loadAPI reads Datadog's own description of its API, of which there is a copy
// in the client's module, with closed schemas: what it doesn't name is refused.
func loadAPI(ctx context.Context) (routers.Router, error) {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/DataDog/datadog-api-client-go/v2").Output()
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
}

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
	"yces.http_requests.count", "yces.http_request_duration_seconds.sum", "yces.http_request_duration_seconds.count", "yces.qr_symbols.count",
}

var metricName = regexp.MustCompile(`(?:avg|sum|max|min):([a-z_.]+)\{`)

// Account is the stand-in.
type Account struct {
	// URL is where it answers.
	URL string

	t                   testing.TB
	apiKey, application string
	router              routers.Router
	mu                  sync.Mutex
	monitors            []map[string]any
	boards              []map[string]any
	writes              []string
	made                int // numbers what is made
	// failures are the answers to the next requests.
	failures []int
}

// New starts an account that these keys open, at an address of this machine.
// What Datadog would refuse fails the test.
func New(t testing.TB, address, apiKey, applicationKey string) *Account {
	t.Helper()
	router, err := loadAPI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	a := &Account{URL: "http://" + l.Addr().String(), t: t, apiKey: apiKey, application: applicationKey, router: router}
	server := &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return a
}

// Fail has the account answer the next requests with these.
func (a *Account) Fail(statuses ...int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = statuses
}

// ServeHTTP answers a request.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.failures) > 0 {
		status := a.failures[0]
		a.failures = a.failures[1:]
		w.Header().Set("X-Ratelimit-Reset", "1")
		w.WriteHeader(status)
		return
	}
	if r.Header.Get("Dd-Api-Key") != a.apiKey || r.Header.Get("Dd-Application-Key") != a.application {
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

func (a *Account) answer(r *http.Request, body []byte) any {
	var object map[string]any
	_ = json.Unmarshal(body, &object)
	if r.Method != http.MethodGet {
		a.writes = append(a.writes, r.Method+" "+r.URL.Path)
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	a.made++
	list, key := &a.monitors, any(float64(a.made))
	if kind == "dashboard" {
		list, key = &a.boards, "abc-"+strconv.Itoa(a.made)
	}
	switch {
	case r.Method == http.MethodPost:
		object["id"] = key
		*list = append(*list, object)
		return object
	case r.Method == http.MethodPut:
		for _, have := range *list {
			if named(have, id) {
				for k, v := range object {
					have[k] = v
				}
				return have
			}
		}
	case r.Method == http.MethodDelete:
		*list = slices.DeleteFunc(*list, func(have map[string]any) bool { return named(have, id) })
		return map[string]any{}
	case kind == "dashboard":
		return map[string]any{"dashboards": a.summaries()}
	case r.URL.Query().Get("page") != "0":
		return []any{}
	}
	return *list
}

// named tells whether an object has the id: a number, or a text.
func named(object map[string]any, id string) bool {
	n, _ := object["id"].(float64)
	return object["id"] == id || strconv.Itoa(int(n)) == id
}

func (a *Account) summaries() []map[string]any {
	list := []map[string]any{}
	for _, b := range a.boards {
		list = append(list, map[string]any{"id": b["id"], "title": b["title"], "description": b["description"], "layout_type": b["layout_type"]})
	}
	return list
}

// Written are the writes since it was asked last: method and path.
func (a *Account) Written() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	writes := a.writes
	a.writes = nil
	return writes
}
