package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
)

// batchPage is what templates/batch.html shows.
type batchPage struct {
	CSS, ManualCSS, JS string
	Groups             []symbologyGroup
	Formats            []render.Format
	Symbology, Format  string
	Faults             fault.List
	MaxRows            int
	Build              Build
}

var batchTemplate = template.Must(template.ParseFS(templateFiles, "templates/batch.html"))

// serveBatchPage answers GET /batch.
func (a *App) serveBatchPage(w http.ResponseWriter, r *http.Request) {
	a.showBatchPage(w, r, http.StatusOK, nil)
}

// postBatchPage answers the page's form where there is no JavaScript: with the
// archive, or with the page and what is wrong.
func (a *App) postBatchPage(w http.ResponseWriter, r *http.Request) {
	err := a.runBatch(w, r)
	var faults fault.List
	var status statusError
	switch {
	case err == nil:
	case errors.As(err, &faults):
		a.showBatchPage(w, r, http.StatusBadRequest, faults)
	case errors.As(err, &status):
		a.showBatchPage(w, r, status.status, fault.Of("file", "%s", status.detail))
	default:
		a.fail(w, r, err)
	}
}

func (a *App) showBatchPage(w http.ResponseWriter, r *http.Request, status int, faults fault.List) {
	var out bytes.Buffer
	err := batchTemplate.Execute(&out, batchPage{
		CSS: a.assets["app.css"].address, ManualCSS: a.assets["manual.css"].address, JS: a.assets["batch.js"].address,
		Groups: symbologyGroups, Formats: render.Formats, Symbology: "qr", Format: "png",
		Faults: faults, MaxRows: maxRows, Build: a.cfg.Build,
	})
	if err != nil {
		a.fail(w, r, fmt.Errorf("render batch page: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// batchExample shows a table that has it all: names, symbologies, a colour.
const batchExample = "\ufeffname,symbology,data,fg\r\nhome page,qr,https://example.org/,#1b2a49\r\ncoffee,ean13,400638133393,\r\n\"shelf 12, left\",code128,SHELF-12-L,\r\n"

// serveBatchExample answers GET /batch/example.csv.
func (a *App) serveBatchExample(w http.ResponseWriter, r *http.Request) {
	sendPicture(w, r, newPicture([]byte(batchExample), "text/csv; charset=utf-8"), cacheable)
}
