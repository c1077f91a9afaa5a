package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// manual is what templates/api.html shows: the API for people.
type manual struct {
	shell
	Origin       string
	Formats      []render.Format
	Grids        []grid
	Groups       []symbologyGroup
	Parameters   []manualParameter
	Statuses     any
	Problem      string
	Limit        *RateLimit
	MaxRows      int
	MaxMegabytes int
}

type manualParameter struct{ Name, Description, Values string }

// pictureOf is the address of a symbology's example.
func pictureOf(e symbol.Encoder) string {
	return "/api/v1/" + e.Name + ".svg?data=" + url.QueryEscape(e.Example)
}

// serveManual answers GET /api.
func (a *App) serveManual(w http.ResponseWriter, r *http.Request) {
	l := a.page.languages.choose(w, r)
	m := manual{
		shell:        a.shell(l, "/api?"),
		Origin:       a.originOf(r),
		Formats:      render.Formats,
		Grids:        grids,
		Groups:       symbologyGroups,
		Statuses:     apiStatuses,
		Problem:      `{"title":"Bad Request","status":400,"detail":"…","errors":[{"field":"data","detail":"has the wrong check digit: the last digit must be 1, got 0"}]}`,
		MaxRows:      maxRows,
		MaxMegabytes: maxBatchBody >> 20,
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
	a.show(w, r, l, http.StatusOK, "api", m)
}
