package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ycesproject/yces/app/internal/symbol"
)

func loadDocument(t *testing.T, a *App) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(do(a, "GET", "/api/openapi.json", "", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(context.Background()); err != nil {
		t.Fatalf("the document is no OpenAPI %s: %v", document.OpenAPI, err)
	}
	return document
}

func TestEveryParameterIsDocumented(t *testing.T) {
	document := loadDocument(t, newApp(t, &bytes.Buffer{}))
	documented := map[string]bool{}
	for _, e := range symbol.Encoders {
		path := document.Paths.Value("/api/v1/" + e.Name + ".{format}")
		if path == nil {
			t.Errorf("%s is not in the document", e.Name)
			continue
		}
		body := path.Post.RequestBody.Value.Content["multipart/form-data"].Schema.Value
		for name := range body.Properties {
			documented[name] = true
		}
		for _, p := range path.Get.Parameters {
			if p.Value.Name == "data" && p.Value.Example == nil {
				t.Errorf("%s has no example", e.Name)
			}
			if body.Properties[p.Value.Name] == nil {
				t.Errorf("%s: %s goes with GET only", e.Name, p.Value.Name)
			}
		}
	}
	for _, name := range knownParameters {
		if !documented[name] {
			t.Errorf("parameter %s is not documented", name)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("there is no parameter %s", name)
	}
}

// example is a request that the document shows.
type example struct {
	method, target, mediaType, body string
	operation                       *openapi3.Operation
	path                            string
	inPath                          map[string]string
}

// examplesOf returns what the document shows: each operation in each format with
// what it must have, and with each of its parameters' examples.
func examplesOf(path string, item *openapi3.PathItem) []example {
	targets := []example{{target: path, path: path}}
	for _, p := range item.Parameters {
		targets = targets[:0]
		for _, value := range p.Value.Schema.Value.Enum {
			name := p.Value.Name
			targets = append(targets, example{path: path, inPath: map[string]string{name: value.(string)}, target: strings.ReplaceAll(path, "{"+name+"}", value.(string))})
		}
	}
	var all []example
	for method, o := range item.Operations() {
		for i, e := range targets {
			e.method, e.operation = method, o
			if o.RequestBody != nil {
				all = append(all, withBodies(e, o.RequestBody.Value.Content, i == 0)...)
			} else if i == 0 {
				all = append(all, withParameters(e, o.Parameters)...)
			}
		}
	}
	return all
}

// withBodies returns all examples of bodies, or just those that differ by format.
func withBodies(e example, content openapi3.Content, every bool) []example {
	var all []example
	for mediaType, body := range content {
		shown := []any{body.Example}
		for name, named := range body.Examples {
			if every || mediaType == "application/json" && (name == "plain" || name == "styled") {
				shown = append(shown, named.Value.Value)
			}
		}
		for _, value := range shown {
			if value != nil {
				e.mediaType, e.body = mediaType, bodyOf(mediaType, value)
				all = append(all, e)
			}
		}
	}
	return all
}

func withParameters(e example, parameters openapi3.Parameters) []example {
	query := url.Values{}
	for _, p := range parameters {
		if p.Value.Name == "data" {
			query.Set("data", fmt.Sprint(p.Value.Example))
		}
	}
	base := e.target
	var all []example
	add := func() {
		e.target = base
		if len(query) > 0 {
			e.target += "?" + query.Encode()
		}
		all = append(all, e)
	}
	add()
	for _, p := range parameters {
		if p.Value.In != "query" || p.Value.Name == "data" || p.Value.Example == nil {
			continue
		}
		query.Set(p.Value.Name, fmt.Sprint(p.Value.Example))
		add()
		query.Del(p.Value.Name)
	}
	return all
}

func bodyOf(mediaType string, shown any) string {
	switch mediaType {
	case "application/json":
		body, _ := json.Marshal(shown)
		return string(body)
	case "application/x-www-form-urlencoded":
		form := url.Values{}
		for name, value := range shown.(map[string]any) {
			form.Set(name, fmt.Sprint(value))
		}
		return form.Encode()
	}
	return fmt.Sprint(shown)
}

func TestEveryDocumentedExampleAnswersAsDocumented(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	document := loadDocument(t, a)
	count := 0
	for _, path := range document.Paths.InMatchingOrder() {
		for _, e := range examplesOf(path, document.Paths.Value(path)) {
			count++
			w := do(a, e.method, e.target, e.mediaType, e.body)
			if w.Code != http.StatusOK {
				t.Errorf("%s %s: %d %s", e.method, e.target, w.Code, w.Body)
				continue
			}
			checkAnswer(t, document, e, w)
		}
	}
	if count < 2*len(symbol.Encoders) {
		t.Errorf("%d examples for %d symbologies", count, len(symbol.Encoders))
	}
}

func checkAnswer(t *testing.T, document *openapi3.T, e example, w *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequest(e.method, e.target, strings.NewReader(e.body))
	if e.mediaType != "" {
		r.Header.Set("Content-Type", e.mediaType)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: e.inPath, QueryParams: r.URL.Query(),
		Route: &routers.Route{Spec: document, Path: e.path, PathItem: document.Paths.Value(e.path), Method: e.method, Operation: e.operation},
	}
	if e.mediaType != "text/csv" { // the validator has no decoder for tables
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			t.Errorf("%s %s: the request is not as documented: %v", e.method, e.target, err)
		}
	}
	answer := openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes()))}
	// Pictures are bytes, which no schema describes further.
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	answer.Options = &openapi3filter.Options{ExcludeResponseBody: kind != "application/json" && kind != "application/problem+json", IncludeResponseStatus: true}
	if err := openapi3filter.ValidateResponse(context.Background(), &answer); err != nil {
		t.Errorf("%s %s: the answer is not as documented: %v", e.method, e.target, err)
	}
	documented := slices.Collect(func(yield func(string) bool) {
		for mediaType := range e.operation.Responses.Status(w.Code).Value.Content {
			if !yield(mediaType) {
				return
			}
		}
	})
	if !slices.Contains(documented, kind) {
		t.Errorf("%s %s answers with %s, documented are %v", e.method, e.target, kind, documented)
	}
}

func TestFaultsAreAsDocumented(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	document := loadDocument(t, a)
	path := "/api/v1/ean13.{format}"
	item := document.Paths.Value(path)
	e := example{method: "GET", target: "/api/v1/ean13.svg?data=1&scale=0", operation: item.Get, path: path, inPath: map[string]string{"format": "svg"}}
	w := do(a, e.method, e.target, "", "")
	problem := item.Get.Responses.Status(400).Value.Content["application/problem+json"].Schema.Value
	var body any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if err := problem.VisitJSON(body); w.Code != 400 || err != nil {
		t.Errorf("%d %s: %v", w.Code, w.Body, err)
	}
}

func TestTheManualShowsEverything(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	manual := do(a, "GET", "/api", "", "").Body.String()
	for _, names := range [][]string{knownParameters, symbologyNames(), formatNames()} {
		for _, name := range names {
			if !strings.Contains(manual, "<code>"+name+"</code>") {
				t.Errorf("the manual lacks %s", name)
			}
		}
	}
}
