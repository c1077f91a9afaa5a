package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// getSymbol answers GET /api/v1/{symbology}.{format}. The same parameters give
// the same bytes, so the answer is kept, and may be cached and compared.
func (a *App) getSymbol(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("file") + "?" + r.URL.RawQuery
	if p := a.cache.get(key); p != nil {
		a.metrics.hits.Inc()
		a.metrics.asked(p.symbology, p.format, "cached")
		sendPicture(w, r, p, cacheable)
		return
	}
	a.metrics.misses.Inc()
	made, err, shared := a.flights.Do(key, func() (any, error) {
		p, err := a.makeFromQuery(r)
		if err == nil {
			a.cache.put(key, p)
		}
		return p, err
	})
	if shared {
		a.metrics.shared.Inc()
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	sendPicture(w, r, made.(*picture), cacheable)
}

var (
	cacheable = []string{"public, max-age=86400"}
	noStore   = []string{"no-store"}
)

func (a *App) makeFromQuery(r *http.Request) (*picture, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, statusError{http.StatusBadRequest, "The query is not well-formed: " + queryFault(err) + "."}
	}
	if err := refuseInAddress(values); err != nil {
		return nil, err
	}
	// Others may wait for this picture too: it is made even if its client leaves.
	return a.makePicture(context.WithoutCancel(r.Context()), r.PathValue("file"), values)
}

// refuseInAddress names what belongs in a body.
func refuseInAddress(values url.Values) error {
	var faults fault.List
	for _, err := range []error{payload.RefuseSecrets(values.Get), refuseLogo(values)} {
		if err := faults.Join(err); err != nil {
			return err
		}
	}
	return faults.Err()
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
// not stand in an address. Nothing of it is kept.
func (a *App) postSymbol(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		a.fail(w, r, statusError{http.StatusBadRequest, "Parameters of a POST belong in its body."})
		return
	}
	values, err := readBody(w, r, maxUpload)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	p, err := a.makePicture(r.Context(), r.PathValue("file"), values)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	sendPicture(w, r, p, noStore)
}

func (a *App) makePicture(ctx context.Context, file string, values url.Values) (*picture, error) {
	encoder, format, err := resource(file)
	if err != nil {
		return nil, err
	}
	body, download, err := a.produce(ctx, encoder, format, values, render.ParseLogo)
	if err != nil {
		return nil, err
	}
	p := newPicture(body, format.MediaType)
	p.symbology, p.format = encoder.Name, format.Name
	if download {
		p.disposition = []string{`attachment; filename="` + encoder.Name + "." + format.Name + `"`}
	}
	return p, nil
}

func newPicture(body []byte, mediaType string) *picture {
	sum := sha256.Sum256(body)
	return &picture{
		body:      body,
		mediaType: []string{mediaType},
		length:    []string{strconv.Itoa(len(body))},
		etag:      []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`},
	}
}

func sendPicture(w http.ResponseWriter, r *http.Request, p *picture, caching []string) {
	h := w.Header()
	h["Content-Type"] = p.mediaType
	h["Cache-Control"] = caching
	h["Etag"] = p.etag
	if p.disposition != nil {
		h["Content-Disposition"] = p.disposition
	}
	if conditional(r.Header) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
		return
	}
	h["Content-Length"] = p.length
	if r.Method != http.MethodHead {
		_, _ = w.Write(p.body) // a client that went away is nobody to report to
	}
}

// conditional tells requests for a part, or for what differs from what the client
// has, from those that need no thought.
func conditional(h http.Header) bool {
	for _, name := range [...]string{"If-None-Match", "Range", "If-Match", "If-Range"} {
		if h[name] != nil {
			return true
		}
	}
	return false
}

// produce makes the file when its turn has come, and counts it.
func (a *App) produce(ctx context.Context, encoder symbol.Encoder, format render.Format, values url.Values, open openLogo) ([]byte, bool, error) {
	release, err := take(ctx, a.slots.forPicture(format, values))
	if err != nil {
		return nil, false, err
	}
	defer release()
	var body []byte
	j, err := newJob(ctx, encoder, values, open)
	if err == nil {
		body, err = format.Render(ctx, j.symbol, j.style)
	}
	a.metrics.asked(encoder.Name, format.Name, outcome(err))
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
