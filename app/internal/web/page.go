package web

import (
	"embed"
	"net/http"
	"net/url"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
)

//go:embed templates
var templateFiles embed.FS

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// servePage answers GET /: the form, and the result of a form whose values may
// stand in an address.
func (a *App) servePage(w http.ResponseWriter, r *http.Request) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		a.fail(w, r, statusError{http.StatusBadRequest, "The query is not well-formed: " + queryFault(err) + "."})
		return
	}
	f := newForm(values)
	if values.Get("logo") != "" {
		// A form sent by GET has the file's name only.
		values.Del("logo")
		f.faults.Add("logo", "must be sent with the button “Make code with logo”")
	}
	if err := payload.RefuseSecrets(values.Get); err != nil {
		_ = f.faults.Join(err) // always a fault.List
		f.forgetSecrets()
	}
	if f.isEntered() && len(f.faults) == 0 {
		a.make(r, f)
	}
	a.showPage(w, r, f)
}

// postPage answers POST /, for values that must not stand in an address.
func (a *App) postPage(w http.ResponseWriter, r *http.Request) {
	f, err := a.readForm(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.make(r, f)
	a.showPage(w, r, f)
}

func (a *App) showPage(w http.ResponseWriter, r *http.Request, f *form) {
	l := a.page.languages.choose(w, r)
	status := http.StatusOK
	if len(f.faults) > 0 {
		status = http.StatusBadRequest
	}
	a.show(w, r, l, status, "page", a.pageData(l, f))
}

// previewAnswer is what the page's script shows while one types.
type previewAnswer struct {
	// Result is the page's result section as HTML; empty where there are faults.
	Result string      `json:"result"`
	Faults []faultData `json:"faults"`
}

// servePreview answers POST /preview. Faults are an answer like any other: they
// are expected while one types.
func (a *App) servePreview(w http.ResponseWriter, r *http.Request) {
	f, err := a.readForm(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.make(r, f)
	l := a.page.languages.choose(w, r)
	answer := previewAnswer{Faults: f.faultData(l)}
	if f.picture != nil {
		html, err := a.page.render(l, "result", a.pageData(l, f))
		if err != nil {
			a.fail(w, r, err)
			return
		}
		answer.Result = string(html)
	}
	writeJSON(w, http.StatusOK, "application/json", answer)
}

// serveDownload answers POST /download/{format} with the file, for values that
// must not stand in an address.
func (a *App) serveDownload(w http.ResponseWriter, r *http.Request) {
	f, err := a.readForm(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	format, known := render.ByName(r.PathValue("format"))
	if !known {
		notFound(w, r)
		return
	}
	body := a.draw(r, f, format)
	if body == nil {
		a.showPage(w, r, f)
		return
	}
	h := w.Header()
	h.Set("Content-Type", format.MediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+f.encoder.Name+"."+format.Name+`"`)
	_, _ = w.Write(body)
}
