package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// getSymbol answers GET /api/v1/{symbology}.{format}. The same parameters give
// the same bytes, so the answer may be cached and compared.
func (a *App) getSymbol(w http.ResponseWriter, r *http.Request) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		a.fail(w, r, statusError{http.StatusBadRequest, "The query is not well-formed: " + queryFault(err) + "."})
		return
	}
	a.serveSymbol(w, r, values, "public, max-age=86400")
}

// queryFault says what is wrong with a query without repeating it.
func queryFault(err error) string {
	var escape url.EscapeError
	if errors.As(err, &escape) {
		return "a % must be followed by two hexadecimal digits"
	}
	return "parameters are separated by &, and a ; must be escaped"
}

// postSymbol answers POST /api/v1/{symbology}.{format}, for content that must
// not stand in an address.
func (a *App) postSymbol(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		a.fail(w, r, statusError{http.StatusBadRequest, "Parameters of a POST belong in its body."})
		return
	}
	values, err := readBody(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.serveSymbol(w, r, values, "no-store")
}

func (a *App) serveSymbol(w http.ResponseWriter, r *http.Request, values url.Values, caching string) {
	encoder, format, err := resource(r.PathValue("file"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body, download, err := draw(encoder, format, values)
	a.metrics.symbols.WithLabelValues(encoder.Name, format.Name, outcome(err)).Inc()
	if err != nil {
		a.fail(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", format.MediaType)
	h.Set("Cache-Control", caching)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	if download {
		h.Set("Content-Disposition", `attachment; filename="`+encoder.Name+"."+format.Name+`"`)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func draw(encoder symbol.Encoder, format render.Format, values url.Values) ([]byte, bool, error) {
	j, err := newJob(encoder, values)
	if err != nil {
		return nil, false, err
	}
	body, err := format.Render(j.symbol, j.style)
	return body, j.download, err
}

func outcome(err error) string {
	var faults fault.List
	switch {
	case err == nil:
		return "made"
	case errors.As(err, &faults):
		return "refused"
	}
	return "failed"
}
