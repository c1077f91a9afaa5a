package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/ycesproject/yces/app/internal/fault"
)

// problem is a problem document by RFC 9457; its type is "about:blank", so the
// title is the status's own.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Errors lists every fault of the request by field.
	Errors fault.List `json:"errors,omitempty"`
}

// statusError is an error that decides its answer's status.
type statusError struct {
	status int
	detail string
}

func (e statusError) Error() string { return e.detail }

func writeProblem(w http.ResponseWriter, status int, detail string, faults fault.List) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, "application/problem+json", problem{http.StatusText(status), status, detail, faults})
}

func writeJSON(w http.ResponseWriter, status int, mediaType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Only our own types of strings and numbers come here.
		panic(err)
	}
	w.Header().Set("Content-Type", mediaType)
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// comeBack is when a client that was sent away may try again, in seconds.
const comeBack = "5"

// fail answers with what err says, and hides what is not the client's business.
func (a *App) fail(w http.ResponseWriter, r *http.Request, err error) {
	var faults fault.List
	var status statusError
	switch {
	case errors.As(err, &faults):
		writeProblem(w, http.StatusBadRequest, "The request has faults; each is listed.", faults)
	case errors.As(err, &status):
		if status.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", comeBack)
		}
		writeProblem(w, status.status, status.detail, nil)
	default:
		a.cfg.Log.ErrorContext(r.Context(), "answer request", "error", err, "path", r.URL.Path, "request_id", requestID(r))
		writeProblem(w, http.StatusInternalServerError, "The fault is ours; the request id leads us to it.", nil)
	}
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, http.StatusNotFound, "There is nothing at this address.", nil)
}

func methodNotAllowed(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		writeProblem(w, http.StatusMethodNotAllowed, "Use one of "+allow+".", nil)
	}
}
