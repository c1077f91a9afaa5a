package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
)

// shell is what every page shows around its own: templates/layout.html.
type shell struct {
	// Lang is the page's language, Languages all of them.
	Lang      *language
	Languages []linkData
	Assets    assets
	Build     Build
}

// linkData is a link to another form or language.
type linkData struct {
	Name, Title, Address string
	Current              bool
}

// shell makes the frame of a page; address is its own, ready for one more parameter.
func (a *App) shell(l *language, address string) shell {
	s := shell{Lang: l, Assets: a.assets, Build: a.cfg.Build}
	for _, other := range a.page.languages {
		s.Languages = append(s.Languages, linkData{other.Code, other.Title, address + "lang=" + other.Code, other == l})
	}
	return s
}

// page shows the templates in each language.
type page struct {
	languages languages
	templates map[string]*template.Template
}

func loadPage() (*page, error) {
	p := &page{templates: map[string]*template.Template{}}
	var err error
	if p.languages, err = loadLanguages(); err != nil {
		return nil, err
	}
	for _, l := range p.languages {
		functions := template.FuncMap{"t": l.text, "tf": l.textf, "pictureOf": pictureOf}
		t, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/page.html", "templates/batch.html", "templates/api.html", "templates/scan.html")
		if err != nil {
			return nil, fmt.Errorf("parse page: %w", err)
		}
		p.templates[l.Code] = t
	}
	return p, nil
}

func (p *page) render(l *language, name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := p.templates[l.Code].ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// show answers with a page.
func (a *App) show(w http.ResponseWriter, r *http.Request, l *language, status int, name string, data any) {
	body, err := a.page.render(l, name, data)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	if name == "scan" {
		h.Set("Content-Security-Policy", scanPolicy)
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
