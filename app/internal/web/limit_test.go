package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func limitedApp(t *testing.T, limit RateLimit) *App {
	t.Helper()
	a, err := New(Config{Log: slog.New(slog.DiscardHandler), RateLimit: limit, CacheBytes: 1 << 20, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func from(a *App, peer, forwarded, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.RemoteAddr = peer
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestWhoAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	a := limitedApp(t, RateLimit{PerSecond: 0.5, Burst: 2})
	for i, want := range []string{`"client";r=1;t=2`, `"client";r=0;t=4`} {
		w := from(a, "198.51.100.7:1", "", "/api/v1/qr.svg?data=x")
		if w.Code != 200 || w.Header().Get("RateLimit") != want || w.Header().Get("RateLimit-Policy") != `"client";q=2;w=4` {
			t.Errorf("request %d: %d, %v", i, w.Code, w.Header())
		}
	}
	w := from(a, "198.51.100.7:1", "", "/api/v1/qr.svg?data=x")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("third request: %d, %v", w.Code, w.Header())
	}
	for _, path := range []string{"/healthz", "/readyz", "/version", "/static/app.000000000000.css"} {
		if w := from(a, "198.51.100.7:1", "", path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := from(a, "198.51.100.8:1", "", "/api/v1/qr.svg?data=x"); w.Code != 200 {
		t.Errorf("another client: %d", w.Code)
	}
}

func TestClientsAreAddressesNotWhatTheySay(t *testing.T) {
	a := limitedApp(t, RateLimit{PerSecond: 0.001, Burst: 1})
	tests := []struct {
		peer, forwarded string
		status          int
	}{
		{"198.51.100.7:1", "203.0.113.1", 200},
		{"198.51.100.7:2", "203.0.113.2", 429}, // not a proxy that we trust
		{"192.0.2.1:1", "203.0.113.1", 200},
		{"192.0.2.2:1", "203.0.113.1", 429}, // the same client through another proxy
		{"192.0.2.1:1", "203.0.113.2", 200},
		{"192.0.2.1:1", "10.1.1.1, 203.0.113.2", 429}, // what the client itself put there
		{"[2001:db8:0:1::1]:1", "", 200},
		{"[2001:db8:0:1:ffff::2]:1", "", 429}, // the same /64
		{"[2001:db8:0:2::1]:1", "", 200},
		{"[::ffff:198.51.100.7]:1", "", 429},
		{"pipe", "", 200},
		{"@", "", 429},
	}
	for _, tt := range tests {
		if w := from(a, tt.peer, tt.forwarded, "/api/v1/qr.svg?data=x"); w.Code != tt.status {
			t.Errorf("%s for %q: %d, want %d", tt.peer, tt.forwarded, w.Code, tt.status)
		}
	}
}

func TestTokensComeBackAndTheTableIsBounded(t *testing.T) {
	l := newLimiter(RateLimit{PerSecond: 10, Burst: 5})
	start := time.Now()
	who := clientNetwork(netip.MustParseAddr("198.51.100.7"))
	for range 5 {
		if _, wait := l.take(who, start); wait != 0 {
			t.Fatal("the burst is refused")
		}
	}
	if _, wait := l.take(who, start); wait < 0.09 || wait > 0.11 {
		t.Errorf("wait is %v, want 0.1", wait)
	}
	if left, wait := l.take(who, start.Add(time.Second)); wait != 0 || left != 4 {
		t.Errorf("a second later %v are left, wait %v; the bucket holds 5", left, wait)
	}
	for i := range maxClients + 10 {
		l.take(clientNetwork(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})), start)
	}
	if len(l.buckets) != maxClients || l.order.Len() != maxClients {
		t.Errorf("%d clients are remembered, want %d", len(l.buckets), maxClients)
	}
}

func TestWithoutALimitNothingIsSaidOfOne(t *testing.T) {
	w := from(limitedApp(t, RateLimit{}), "198.51.100.7:1", "", "/api/v1/qr.svg?data=x")
	for name := range w.Header() {
		if strings.HasPrefix(strings.ToLower(name), "ratelimit") {
			t.Errorf("header %s", name)
		}
	}
}

func TestOnlyGoodAnswersToGetAreKept(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	a.cache = newCache(1 << 20)
	do(a, "POST", "/api/v1/qr.svg", "application/json", `{"data":"secret"}`)
	do(a, "GET", "/api/v1/ean13.svg?data=1", "", "")
	if _, entries := a.cache.size(); entries != 0 {
		t.Errorf("%d answers to POST or with faults are kept", entries)
	}
	first := do(a, "GET", "/api/v1/qr.svg?data=x&download=1", "", "")
	second := do(a, "GET", "/api/v1/qr.svg?data=x&download=1", "", "")
	if first.Body.String() != second.Body.String() || fmt.Sprint(first.Header()["Etag"], first.Header()["Content-Disposition"], first.Header()["Content-Type"]) != fmt.Sprint(second.Header()["Etag"], second.Header()["Content-Disposition"], second.Header()["Content-Type"]) {
		t.Errorf("the kept answer differs: %v, %v", first.Header(), second.Header())
	}
	if a.metrics.hits.Get() != 1 || a.metrics.misses.Get() != 2 {
		t.Errorf("%d hits, %d misses", a.metrics.hits.Get(), a.metrics.misses.Get())
	}
}

func TestCacheForgetsTheLeastUsedAndStaysBelowItsBound(t *testing.T) {
	c := newCache(16 << 10)
	p := &picture{body: make([]byte, 1000)}
	for i := range 100 {
		c.put(fmt.Sprint(i), p)
		c.get("0")
		if bytes, _ := c.size(); bytes > 16<<10 {
			t.Fatalf("%d bytes are kept", bytes)
		}
	}
	if c.get("0") == nil || c.get("99") == nil || c.get("1") != nil {
		t.Error("not the least used is forgotten")
	}
	c.put("large", &picture{body: make([]byte, 4000)})
	if c.get("large") != nil {
		t.Error("an answer that takes a quarter of the cache is kept")
	}
}

// TestEqualRequestsAreMadeOnce asks while the same is being made.
func TestEqualRequestsAreMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := limitedApp(t, RateLimit{})
		gate := make(chan struct{})
		go func() {
			_, _, _ = a.flights.Do("qr.svg?data=x", func() (any, error) {
				<-gate
				return &picture{body: []byte("made once"), mediaType: []string{"text/plain"}}, nil
			})
		}()
		synctest.Wait()
		answer := make(chan *httptest.ResponseRecorder, 1)
		go func() { answer <- from(a, "198.51.100.7:1", "", "/api/v1/qr.svg?data=x") }()
		synctest.Wait()
		close(gate)
		if w := <-answer; w.Body.String() != "made once" || a.metrics.shared.Get() != 1 {
			t.Errorf("answer %q, %d shared", w.Body, a.metrics.shared.Get())
		}
	})
}
