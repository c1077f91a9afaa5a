package web

import (
	"container/list"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RateLimit is how many requests a client may send. The zero value is no limit.
type RateLimit struct {
	// PerSecond is what a client may send all the time.
	PerSecond float64
	// Burst is what it may send at once after a pause.
	Burst int
}

// limiter gives each client a bucket of tokens: a request takes one, and they
// come back at a constant rate. Its methods may be used by many goroutines.
type limiter struct {
	limit  RateLimit
	policy []string

	mu      sync.Mutex
	order   *list.List // of *bucket, the last used first
	buckets map[netip.Prefix]*list.Element
}

type bucket struct {
	client netip.Prefix
	tokens float64
	at     time.Time
}

// maxClients bounds the table at about 3 MiB; beyond it, who was silent longest
// starts anew.
const maxClients = 16384

func newLimiter(limit RateLimit) *limiter {
	l := &limiter{limit: limit, order: list.New(), buckets: map[netip.Prefix]*list.Element{}}
	if limit.PerSecond > 0 {
		l.policy = []string{fmt.Sprintf(`"client";q=%d;w=%d`, limit.Burst, l.secondsFor(float64(limit.Burst)))}
	}
	return l
}

// clientNetwork is what a limit holds for: an IPv4 address, or the 64 bits of an IPv6
// address that a subscriber gets at the least.
func clientNetwork(address netip.Addr) netip.Prefix {
	bits := 32
	if address = address.Unmap().WithZone(""); address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil { // not an address: all such clients are one
		return netip.Prefix{}
	}
	return prefix
}

// take takes a token; without one it says after how many seconds there will be one.
func (l *limiter) take(client netip.Prefix, now time.Time) (left, wait float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(client, now)
	b.tokens = min(float64(l.limit.Burst), b.tokens+max(0, now.Sub(b.at).Seconds())*l.limit.PerSecond)
	b.at = now
	if b.tokens < 1 {
		return b.tokens, (1 - b.tokens) / l.limit.PerSecond
	}
	b.tokens--
	return b.tokens, 0
}

func (l *limiter) bucket(client netip.Prefix, now time.Time) *bucket {
	if found, ok := l.buckets[client]; ok {
		l.order.MoveToFront(found)
		return found.Value.(*bucket)
	}
	if len(l.buckets) >= maxClients {
		oldest := l.order.Remove(l.order.Back()).(*bucket)
		delete(l.buckets, oldest.client)
	}
	b := &bucket{client: client, tokens: float64(l.limit.Burst), at: now}
	l.buckets[client] = l.order.PushFront(b)
	return b
}

// secondsFor returns in how many whole seconds so many tokens come back.
func (l *limiter) secondsFor(tokens float64) int {
	return int(math.Ceil(tokens / l.limit.PerSecond))
}

// exempt tells what is never limited: what balancers ask, and files that make
// no work.
func exempt(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/version":
		return true
	}
	return strings.HasPrefix(path, "/static/")
}

// admit takes a token for a request, says in the headers of
// draft-ietf-httpapi-ratelimit-headers-10 what is left and answers 429 where
// nothing is. The quota is the bucket, the window the time in which it fills.
func (a *App) admit(w http.ResponseWriter, r *http.Request, who client) bool {
	l := a.limiter
	if l.policy == nil || exempt(r.URL.Path) {
		return true
	}
	left, wait := l.take(clientNetwork(who.ip), time.Now())
	h := w.Header()
	h["Ratelimit-Policy"] = l.policy
	reset := l.secondsFor(float64(l.limit.Burst) - left)
	h["Ratelimit"] = []string{`"client";r=` + strconv.Itoa(int(left)) + ";t=" + strconv.Itoa(reset)}
	if wait == 0 {
		return true
	}
	a.metrics.limited.Inc()
	seconds := int(math.Ceil(wait))
	h.Set("Retry-After", strconv.Itoa(seconds))
	writeProblem(w, http.StatusTooManyRequests, fmt.Sprintf("One client may send %g requests a second, and %d at once; try again in %d s.", l.limit.PerSecond, l.limit.Burst, seconds), nil)
	return false
}
