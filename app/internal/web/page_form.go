package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// form is what the page was sent, and what came of it.
type form struct {
	values  url.Values
	kind    payload.Kind
	encoder symbol.Encoder
	faults  fault.List
	// picture is the symbol as SVG; nil until it was made without fault.
	picture []byte
}

// barcodeFields stand in place of a kind's for linear symbologies, which carry
// nothing but their data.
var barcodeFields = []payload.Field{{Name: "data", Title: "Content", Input: payload.Line, Required: true, Wide: true}}

// startKind is what most people come for.
const startKind = "url"

// newForm finds out what is to be made; what it was sent need not be complete.
func newForm(values url.Values) *form {
	for name, v := range values {
		// Forms send line breaks as CR LF, scripts and links as LF.
		if name != "logo" {
			v[0] = strings.ReplaceAll(v[0], "\r\n", "\n")
		}
	}
	if values.Get("bg") == transparent {
		values.Set("transparent", "1")
		values.Del("bg")
	}
	f := &form{values: values, encoder: symbol.Encoders[0]}
	if name := values.Get("symbology"); name != "" {
		encoder, known := symbol.ByName(name)
		if known {
			f.encoder = encoder
		} else {
			f.faults.Add("symbology", "must be one of %s", symbologies())
		}
	}
	name := values.Get("type")
	if name == "" && !values.Has("data") {
		name = startKind
	}
	if f.encoder.Linear {
		name = ""
	}
	kind, err := payload.ByName(name)
	if err != nil {
		_ = f.faults.Join(err) // always a fault.List
		kind = payload.Kinds[0]
	}
	f.kind = kind
	if len(kind.Symbologies) > 0 && !slices.Contains(kind.Symbologies, f.encoder.Name) {
		f.encoder, _ = symbol.ByName(kind.Symbologies[0])
	}
	return f
}

// readForm reads a POST's body.
func (a *App) readForm(w http.ResponseWriter, r *http.Request) (*form, error) {
	values, err := readBody(w, r, maxPageUpload)
	if err != nil {
		return nil, err
	}
	if kept, err := base64.StdEncoding.DecodeString(values.Get("logokept")); err == nil && values.Get("logo") == "" && len(kept) > 0 {
		values.Set("logo", string(kept))
	}
	return newForm(values), nil
}

// keptLogo carries the logo over to the next request of a browser without
// script, which empties the input.
func (f *form) keptLogo() string {
	return base64.StdEncoding.EncodeToString([]byte(f.values.Get("logo")))
}

// isShared tells whether an address may carry all that was entered.
func (f *form) isShared() bool {
	return payload.RefuseSecrets(f.values.Get) == nil && f.values.Get("logo") == ""
}

// fields are the content's, in their order.
func (f *form) fields() []payload.Field {
	if f.encoder.Linear {
		return barcodeFields
	}
	return f.kind.Fields
}

// isEntered tells a form that was filled in from one that is to be shown.
func (f *form) isEntered() bool {
	return slices.ContainsFunc(f.fields(), func(field payload.Field) bool { return f.values.Has(field.Name) })
}

func (f *form) forgetSecrets() {
	for _, k := range payload.Kinds {
		for _, field := range k.Fields {
			if field.Secret {
				f.values.Del(field.Name)
			}
		}
	}
}

// query is what the API takes: a form sends empty fields and defaults too.
func (f *form) query() url.Values {
	query := url.Values{}
	keep := func(name string) {
		if value := f.values.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	for _, field := range f.fields() {
		keep(field.Name)
	}
	f.addDesign(keep)
	if f.values.Get("transparent") != "" {
		query.Set("bg", transparent)
	}
	if !f.encoder.Linear {
		query.Set("type", f.kind.Name)
	}
	return query
}

// make draws the picture that the page shows.
func (a *App) make(r *http.Request, f *form) {
	svg, _ := render.ByName("svg")
	f.picture = a.draw(r, f, svg)
}

// draw returns the file; nil where the form has faults, which it then holds.
func (a *App) draw(r *http.Request, f *form, format render.Format) []byte {
	if len(f.faults) > 0 {
		return nil
	}
	body, _, err := a.produce(r.Context(), f.encoder, format, f.query(), render.ParseLogo)
	if err == nil {
		return body
	}
	var status statusError
	if errors.As(err, &status) {
		f.faults.Add(f.fields()[0].Name, "%s", status.detail)
		return nil
	}
	if !errors.As(err, &f.faults) {
		a.cfg.Log.ErrorContext(r.Context(), "make symbol for the page", "error", err, "request_id", requestID(r))
		f.faults.Add(f.fields()[0].Name, "could not be encoded; the fault is ours")
	}
	return nil
}
