package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/symbol"
)

//go:embed templates
var templateFiles embed.FS

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type page struct {
	template *template.Template
	assets   assets
}

// choice is an option of the form.
type choice struct {
	Name, Title string
	Chosen      bool
}

// symbologyGroup is a group of the list of symbologies.
type symbologyGroup struct {
	Title    string
	Encoders []symbol.Encoder
}

var symbologyGroups = groupSymbologies()

func groupSymbologies() []symbologyGroup {
	groups := make([]symbologyGroup, len(symbol.Groups))
	for i, g := range symbol.Groups {
		groups[i].Title = string(g)
		for _, e := range symbol.Encoders {
			if e.Group == g {
				groups[i].Encoders = append(groups[i].Encoders, e)
			}
		}
	}
	return groups
}

// pageData is what the template shows.
type pageData struct {
	CSS, JS string
	// Encoder is the symbology that is chosen.
	Encoder      symbol.Encoder
	Groups       []symbologyGroup
	Kinds, Level []choice
	// Values are the form's fields as they were sent, or their defaults.
	Values map[string]string
	Faults fault.List
	// ByField holds the same faults at the fields that they belong to.
	ByField map[string]string
	// Image, PNG and SVG are the API's addresses of the result; empty without one.
	Image, PNG, SVG string
	Build           Build
}

var levelTitles = map[string]string{"L": "L – 7 %", "M": "M – 15 %", "Q": "Q – 25 %", "H": "H – 30 %"}

func loadPage(all assets) (*page, error) {
	t, err := template.ParseFS(templateFiles, "templates/page.html")
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	return &page{t, all}, nil
}

// servePage shows the form, and the result or the faults of what it was sent.
func (a *App) servePage(w http.ResponseWriter, r *http.Request) {
	data := a.fillPage(r)
	var out bytes.Buffer
	if err := a.page.template.Execute(&out, data); err != nil {
		a.fail(w, r, fmt.Errorf("render page: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	if len(data.Faults) > 0 {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = w.Write(out.Bytes())
}

func (a *App) fillPage(r *http.Request) pageData {
	form := r.URL.Query()
	d := pageData{
		CSS: a.page.assets["app.css"].address, JS: a.page.assets["app.js"].address,
		Build:  a.cfg.Build,
		Values: map[string]string{"data": form.Get("data"), "fg": "#000000", "bg": "#ffffff", "scale": form.Get("scale")},
	}
	for _, name := range []string{"fg", "bg"} {
		if form.Get(name) != "" {
			d.Values[name] = form.Get(name)
		}
	}
	encoder, known := symbol.ByName(form.Get("symbology"))
	if !known {
		encoder = symbol.Encoders[0]
		if form.Get("symbology") != "" {
			d.Faults.Add("symbology", "must be one of %s", symbologies())
		}
	}
	d.addChoices(encoder, form)
	if form.Has("data") && len(d.Faults) == 0 {
		a.tryForm(&d, encoder, form)
	}
	d.ByField = map[string]string{}
	for _, f := range d.Faults {
		d.ByField[f.Field] = f.Detail
	}
	return d
}

func (a *App) tryForm(d *pageData, encoder symbol.Encoder, form url.Values) {
	query := apiQuery(encoder, form)
	_, err := newJob(encoder, query)
	if errors.As(err, &d.Faults) {
		return
	}
	if err != nil {
		a.cfg.Log.Error("make symbol for the page", "error", err)
		d.Faults.Add("data", "could not be encoded; the fault is ours")
		return
	}
	base := "/api/v1/" + encoder.Name
	d.Image = base + ".svg?" + query.Encode()
	query.Set("download", "1")
	d.PNG = base + ".png?" + query.Encode()
	d.SVG = base + ".svg?" + query.Encode()
}

// apiQuery keeps what the symbology knows: a form sends all of its fields.
func apiQuery(encoder symbol.Encoder, form url.Values) url.Values {
	query := url.Values{}
	for name, values := range form {
		foreign := name == "level" && len(encoder.Levels) == 0 || name == "type" && encoder.Linear
		if name == "symbology" || foreign || values[0] == "" && name != "data" {
			continue
		}
		query[name] = values
	}
	return query
}

func (d *pageData) addChoices(encoder symbol.Encoder, form url.Values) {
	d.Encoder, d.Groups = encoder, symbologyGroups
	for i, k := range payload.Kinds {
		d.Kinds = append(d.Kinds, choice{k.Name, k.Title, k.Name == form.Get("type") || form.Get("type") == "" && i == 0})
	}
	for i, l := range symbol.Encoders[0].Levels {
		d.Level = append(d.Level, choice{l, levelTitles[l], l == form.Get("level") || form.Get("level") == "" && i == 0})
	}
}
