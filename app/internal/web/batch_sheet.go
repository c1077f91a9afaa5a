package web

import "github.com/ycesproject/yces/app/internal/render"

// grid is a sheet of labels as shops sell it.
type grid struct {
	Name string
	// Title needs no translation; ✂ says that there are lines to cut along.
	Title string
	sheet render.Sheet
}

const (
	a4Width, a4Height         = 210, 297
	letterWidth, letterHeight = 215.9, 279.4
	labelPadding              = 2.5
)

// grids lists the sheets, by page, columns and rows; measures are those of the
// makers, in millimetres.
var grids = []grid{
	{"a4-3x8", "A4 · 3 × 8 · 70 × 37 mm", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 3, Rows: 8, Top: 0.5, Width: 70, Height: 37, Padding: labelPadding}},
	{"a4-3x7", "A4 · 3 × 7 · 63.5 × 38.1 mm", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 3, Rows: 7, Left: 7.21, Top: 15.15, Width: 63.5, Height: 38.1, GapX: 2.54, Padding: labelPadding}},
	{"a4-2x7", "A4 · 2 × 7 · 99.1 × 38.1 mm", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 2, Rows: 7, Left: 4.65, Top: 15.15, Width: 99.1, Height: 38.1, GapX: 2.5, Padding: labelPadding}},
	{"a4-2x4", "A4 · 2 × 4 · 99.1 × 67.7 mm", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 2, Rows: 4, Left: 4.65, Top: 13.1, Width: 99.1, Height: 67.7, GapX: 2.5, Padding: labelPadding}},
	{"a4-5x13", "A4 · 5 × 13 · 38.1 × 21.2 mm", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 5, Rows: 13, Left: 4.75, Top: 10.7, Width: 38.1, Height: 21.2, GapX: 2.5, Padding: 1}},
	{"a4-cut", "A4 · 3 × 5 · 63 × 55 mm ✂", render.Sheet{PageWidth: a4Width, PageHeight: a4Height, Columns: 3, Rows: 5, Left: 10, Top: 11, Width: 190.0 / 3, Height: 55, Padding: labelPadding, Outline: true}},
	{"letter-3x10", "Letter · 3 × 10 · 2⅝ × 1 in", render.Sheet{PageWidth: letterWidth, PageHeight: letterHeight, Columns: 3, Rows: 10, Left: 4.7625, Top: 12.7, Width: 66.675, Height: 25.4, GapX: 3.175, Padding: 1.5}},
	{"letter-2x5", "Letter · 2 × 5 · 4 × 2 in", render.Sheet{PageWidth: letterWidth, PageHeight: letterHeight, Columns: 2, Rows: 5, Left: 3.96875, Top: 12.7, Width: 101.6, Height: 50.8, GapX: 4.7625, Padding: labelPadding}},
	{"letter-cut", "Letter · 3 × 5 · 64 × 51 mm ✂", render.Sheet{PageWidth: letterWidth, PageHeight: letterHeight, Columns: 3, Rows: 5, Left: 10.95, Top: 12.2, Width: 194.0 / 3, Height: 51, Padding: labelPadding, Outline: true}},
}

func gridNames() []string { return namesOf(grids, func(g grid) string { return g.Name }) }
