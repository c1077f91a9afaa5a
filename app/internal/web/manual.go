package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// manual is what templates/api.html shows: the API for people.
type manual struct {
	// CSS is the page's style, ManualCSS what long texts need besides.
	CSS, ManualCSS string
	Origin         string
	Formats        []render.Format
	Groups         []symbologyGroup
	Parameters     []manualParameter
	Statuses       any
	Problem        string
	Limit          *RateLimit
	MaxRows        int
	MaxMegabytes   int
	Build          Build
}

type manualParameter struct{ Name, Description, Values string }

var manualTemplate = template.Must(template.New("api.html").Funcs(template.FuncMap{"pictureOf": pictureOf}).ParseFS(templateFiles, "templates/api.html"))

// pictureOf is the address of a symbology's example.
func pictureOf(e symbol.Encoder) string {
	return "/api/v1/" + e.Name + ".svg?data=" + url.QueryEscape(e.Example)
}

// serveManual answers GET /api.
func (a *App) serveManual(w http.ResponseWriter, r *http.Request) {
	m := manual{
		CSS:          a.assets["app.css"].address,
		ManualCSS:    a.assets["manual.css"].address,
		Origin:       origin(r),
		Formats:      render.Formats,
		Groups:       symbologyGroups,
		Statuses:     apiStatuses,
		Problem:      `{"title":"Bad Request","status":400,"detail":"…","errors":[{"field":"data","detail":"has the wrong check digit: the last digit must be 1, got 0"}]}`,
		MaxRows:      maxRows,
		MaxMegabytes: maxBatchBody >> 20,
		Build:        a.cfg.Build,
	}
	if a.cfg.RateLimit.PerSecond > 0 {
		m.Limit = &a.cfg.RateLimit
	}
	for _, p := range parametersOf(symbol.Encoders[0]) {
		values := ""
		if choices, ok := p.schema["enum"].([]string); ok { // the others are in words
			values = strings.Join(choices, ", ")
		}
		m.Parameters = append(m.Parameters, manualParameter{p.name, p.description, values})
	}
	var out bytes.Buffer
	if err := manualTemplate.Execute(&out, m); err != nil {
		a.fail(w, r, fmt.Errorf("render manual: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(out.Bytes())
}

// origin is where the client found us, for examples to copy.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
