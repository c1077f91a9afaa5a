package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// chain puts around the routes what every answer needs.
func (a *App) chain(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client := a.clientOf(r)
		id := []string{client.requestID}
		r.Header[idHeader] = id
		h := w.Header()
		secure(h, r.URL.Path)
		h[idHeader] = id
		if a.draining.Load() {
			h.Set("Connection", "close")
		}
		seen := &observed{ResponseWriter: w}
		a.metrics.inFlight.Add(1)
		defer func() {
			a.metrics.inFlight.Add(-1)
			a.record(r, seen, client, time.Since(start))
		}()
		defer a.recoverPanic(seen, r)
		if !a.admit(seen, r, client) {
			return
		}
		release, err := a.slots.forBody(r, clientNetwork(client.ip))
		if err != nil {
			a.fail(seen, r, err)
			return
		}
		defer release()
		mux.ServeHTTP(seen, r)
	})
}

// Values of headers that hold for every answer, so that each is made once only.
var (
	strictPolicy = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	noSniff      = []string{"nosniff"}
)

// secure sets what holds for every answer; pages widen the policy to their own
// files. Pictures are no documents: the rest means nothing for them.
func secure(h http.Header, path string) {
	h["Content-Security-Policy"] = strictPolicy
	h["X-Content-Type-Options"] = noSniff
	if strings.HasPrefix(path, "/api/v1/") {
		return
	}
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

func (a *App) recoverPanic(w *observed, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) { // no fault: a handler breaks the connection
		panic(http.ErrAbortHandler)
	}
	a.metrics.panics.Inc()
	a.cfg.Log.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(cause), "stack", string(debug.Stack()), "request_id", requestID(r))
	if w.status != 0 {
		// Half an answer is out: only breaking the connection tells the client.
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, http.StatusInternalServerError, "The fault is ours; the request id leads us to it.", nil)
}

// maxLoggedPath bounds what a client can write into the log.
const maxLoggedPath = 200

// record logs and counts an answered request: path and route, never the query.
func (a *App) record(r *http.Request, w *observed, client client, took time.Duration) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	status := cmp.Or(w.status, http.StatusOK) // nobody writes where there is no body, as to HEAD
	a.metrics.answered(requestLabels{route, methodLabel(r.Method), status}, took)
	level := slog.LevelInfo
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		level = slog.LevelDebug
	}
	a.cfg.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", methodLabel(r.Method)), slog.String("path", r.URL.Path[:min(len(r.URL.Path), maxLoggedPath)]),
		slog.String("route", route), slog.Int("status", status), slog.Int64("bytes", w.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("client", client.address()), slog.String("request_id", client.requestID))
}

// methodLabel keeps the number of label values small whatever clients send.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return method
	}
	return "other"
}

// observed remembers what was answered.
type observed struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (o *observed) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (o *observed) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	n, err := o.ResponseWriter.Write(p)
	o.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the real writer.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }
