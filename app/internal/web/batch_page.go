package web

import (
	"errors"
	"net/http"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
)

// batchPage is what templates/batch.html shows.
type batchPage struct {
	shell
	Groups            []symbologyGroup
	Formats           []render.Format
	Grids             []grid
	Symbology, Format string
	// Faults are in the page's language.
	Faults  []faultData
	MaxRows int
}

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
	l := a.page.languages.choose(w, r)
	d := batchPage{
		shell: a.shell(l, "/batch?"), Groups: symbologyGroups, Formats: render.Formats, Grids: grids, Symbology: "qr", Format: "png", MaxRows: maxRows,
	}
	for _, f := range faults {
		d.Faults = append(d.Faults, faultData{Field: f.Field, Detail: f.In(l.text)})
	}
	a.show(w, r, l, status, "batch", d)
}

// batchExample shows a table that has it all: names, symbologies, a colour.
const batchExample = "\ufeffname,symbology,data,fg,caption\r\nhome page,qr,https://example.org/,#1b2a49,example.org\r\ncoffee,ean13,400638133393,,Coffee 500 g\r\n\"shelf 12, left\",code128,SHELF-12-L,,Shelf 12\r\n"

// serveBatchExample answers GET /batch/example.csv.
func (a *App) serveBatchExample(w http.ResponseWriter, r *http.Request) {
	sendPicture(w, r, newPicture([]byte(batchExample), "text/csv; charset=utf-8"), cacheable)
}
