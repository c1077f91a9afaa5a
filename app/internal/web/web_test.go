package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

func newApp(t testing.TB, log *bytes.Buffer) *App {
	t.Helper()
	a, err := New(Config{Build: Build{Version: "test"}, Log: slog.New(slog.NewJSONHandler(log, nil)), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func do(a *App, method, target, mediaType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestStatuses(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	const form, object = "application/x-www-form-urlencoded", "application/json"
	tests := []struct {
		method, target, mediaType, body string
		status                          int
	}{
		{"GET", "/", "", "", 200},
		{"GET", "/?symbology=qr&data=x", "", "", 200},
		{"GET", "/?symbology=ean13&data=x", "", "", 400},
		{"GET", "/?symbology=nope&data=x", "", "", 400},
		{"GET", "/api/v1/qr.svg?data=x", "", "", 200},
		{"HEAD", "/api/v1/qr.png?data=x", "", "", 200},
		{"GET", "/api/v1/qr.svg", "", "", 400},
		{"GET", "/api/v1/qr.svg?data=%zz", "", "", 400},
		{"GET", "/api/v1/qr.gif?data=x", "", "", 404},
		{"GET", "/api/v1/qr?data=x", "", "", 404},
		{"PUT", "/api/v1/qr.svg", "", "", 405},
		{"POST", "/api/v1/qr.svg", form, "data=x", 200},
		{"POST", "/api/v1/qr.svg", object, `{"data":"x","scale":4,"download":true}`, 200},
		{"POST", "/api/v1/qr.svg", object, `{"data":["x"]}`, 400},
		{"POST", "/api/v1/qr.svg", object, `null`, 400},
		{"POST", "/api/v1/qr.svg?data=x", form, "", 400},
		{"POST", "/api/v1/qr.svg", "text/plain", "x", 415},
		{"POST", "/api/v1/qr.svg", form, "data=" + strings.Repeat("x", maxBody), 413},
		{"GET", "/metrics", "", "", 404},
		{"GET", "/debug/pprof/", "", "", 404},
		{"GET", "/readyz", "", "", 200},
		{"GET", "/version", "", "", 200},
	}
	for _, tt := range tests {
		w := do(a, tt.method, tt.target, tt.mediaType, tt.body)
		if w.Code != tt.status {
			t.Errorf("%s %.60s: %d, want %d: %.200s", tt.method, tt.target, w.Code, tt.status, w.Body)
		}
		if api := strings.HasPrefix(tt.target, "/api/"); api && tt.status >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.60s: error is %s", tt.method, tt.target, w.Header().Get("Content-Type"))
		}
	}
}

// examples are a text for each symbology.
var examples = exampleTexts()

func exampleTexts() map[string]string {
	texts := map[string]string{}
	for _, e := range symbol.Encoders {
		texts[e.Name] = e.Example
	}
	return texts
}

func TestEverySymbologyIsServedAndListed(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for _, e := range symbol.Encoders {
		page := do(a, "GET", "/?symbology="+e.Name, "", "").Body.String()
		if w := do(a, "GET", "/api/v1/"+e.Name+".svg?data="+url.QueryEscape(examples[e.Name]), "", ""); w.Code != 200 {
			t.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
		}
		if !strings.Contains(page, `<option value="`+e.Name+`" data-hint="`) {
			t.Errorf("%s is not on the page", e.Name)
		}
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	w := do(newApp(t, &bytes.Buffer{}), "GET", "/api/v1/ean13.png?data=4006381333930&fg=yellow&scale=0&nope=1&download=maybe&data=2", "", "")
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, f := range p.Errors {
		fields[f.Field] = true
	}
	for _, field := range []string{"data", "fg", "scale", "nope", "download"} {
		if !fields[field] {
			t.Errorf("no fault for %s in %v", field, p.Errors)
		}
	}
}

func TestTheSameRequestIsNotSentTwice(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	etag := do(a, "GET", "/api/v1/qr.png?data=x", "", "").Header().Get("ETag")
	r := httptest.NewRequest("GET", "/api/v1/qr.png?data=x", nil)
	r.Header.Set("If-None-Match", etag)
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	if etag == "" || w.Code != http.StatusNotModified {
		t.Errorf("ETag %s: %d, want 304", etag, w.Code)
	}
}

func TestContentIsNeitherLoggedNorCounted(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	do(a, "GET", "/api/v1/qr.png?data=topsecret", "", "")
	do(a, "GET", "/?data=topsecret&symbology=ean13", "", "")
	do(a, "POST", "/api/v1/qr.png", "application/json", `{"data":"topsecret"}`)
	w := httptest.NewRecorder()
	a.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(log.String(), `"route"`) || !strings.Contains(w.Body.String(), `qr_symbols_total{format="png",outcome="made",symbology="qr"} 2`) {
		t.Errorf("log or metrics are missing:\n%s", log.String())
	}
	if strings.Contains(log.String()+w.Body.String(), "topsecret") {
		t.Error("content is in the log or in the metrics")
	}
}

func TestOnlyTrustedProxiesNameTheClient(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for peer, want := range map[string]string{"192.0.2.1:1": "203.0.113.9", "198.51.100.7:1": "198.51.100.7"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "10.9.9.9, 203.0.113.9, 192.0.2.4")
		if got := a.clientOf(r).address(); got != want {
			t.Errorf("peer %s: client %s, want %s", peer, got, want)
		}
	}
}

func TestAddressesAreReadAsProxiesWriteThem(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for forwarded, want := range map[string]string{
		"203.0.113.7":                         "203.0.113.7",
		"203.0.113.7:51234":                   "203.0.113.7",
		"10.9.9.9, 203.0.113.7:1,192.0.2.4:2": "203.0.113.7",
		"2001:db8::1":                         "2001:db8::1",
		"[2001:db8::1]":                       "2001:db8::1",
		"[2001:db8::1]:443":                   "2001:db8::1",
		"::ffff:203.0.113.7":                  "203.0.113.7",
		"unknown":                             "192.0.2.1",
		"203.0.113.7, somebody":               "192.0.2.1",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "192.0.2.1:1"
		r.Header.Set("X-Forwarded-For", forwarded)
		if got := a.clientOf(r).address(); got != want {
			t.Errorf("%s: client %s, want %s", forwarded, got, want)
		}
	}
}

func TestExamplesHaveTheSchemeThatTheClientUses(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for _, tt := range []struct{ peer, proto, want string }{
		{"192.0.2.1:1", "https", "https://example.com/api/v1/"},
		{"192.0.2.1:1", "HTTPS, http", "https://example.com/api/v1/"},
		{"192.0.2.1:1", "http", "http://example.com/api/v1/"},
		{"192.0.2.1:1", "", "http://example.com/api/v1/"},
		{"198.51.100.7:1", "https", "http://example.com/api/v1/"},
	} {
		r := httptest.NewRequest("GET", "/api", nil)
		r.RemoteAddr = tt.peer
		r.Header.Set("X-Forwarded-Proto", tt.proto)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s for %q: %d, no %s", tt.peer, tt.proto, w.Code, tt.want)
		}
	}
}

func TestAssetsOfAnotherVersionAreServedUncached(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	page := do(a, "GET", "/", "", "").Body.String()
	css := regexp.MustCompile(`/static/app\.[0-9a-f]{12}\.css`).FindString(page)
	if w := do(a, "GET", css, "", ""); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%q: %d, %s", css, w.Code, w.Header().Get("Cache-Control"))
	}
	if w := do(a, "GET", "/static/app.000000000000.css", "", ""); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("other version: %d, %s", w.Code, w.Header().Get("Cache-Control"))
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	w := httptest.NewRecorder()
	a.chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || !strings.Contains(log.String(), "boom") {
		t.Errorf("status %d, log %s", w.Code, log.String())
	}
}

// metricsOf is what the admin address says.
func metricsOf(a *App) string {
	w := httptest.NewRecorder()
	a.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestABrokenConnectionIsNoPanic(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	h := a.chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	}))
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
				t.Error("the server is not told to break the connection")
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	if strings.Contains(log.String(), "ERROR") || !strings.Contains(metricsOf(a), "http_panics_total 0") {
		t.Errorf("it is told of as a panic: %s", &log)
	}
}

func TestAnswersToHeadAreCountedWithTheirStatus(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	do(a, "HEAD", "/api/v1/qr.svg?data=x", "", "")
	if m := metricsOf(a); !strings.Contains(m, `method="HEAD",route="GET /api/v1/{file}",status="200"`) || !strings.Contains(log.String(), `"status":200`) {
		t.Errorf("log %s, metrics %s", &log, m)
	}
}

func FuzzJob(f *testing.F) {
	f.Add("data=x&fg=%23fff&bg=000&scale=3&level=H&type=url")
	f.Add("data=4006381333931&scale=-1&download=2&x=%00")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, e := range symbol.Encoders {
			if j, err := newJob(t.Context(), e, values, render.ParseLogo); outcome(err) == "failed" || (err == nil && j.symbol == nil) {
				t.Errorf("%s %q: %v", e.Name, query, err)
			}
		}
	})
}
