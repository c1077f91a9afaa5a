package render

import (
	"fmt"
	"io"
	"math"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Sheet is how labels lie on a printed page. All measures are in millimetres.
type Sheet struct {
	PageWidth, PageHeight float64
	Columns, Rows         int
	// Left and Top are where the first label begins, Width and Height its size.
	Left, Top, Width, Height float64
	// GapX and GapY lie between labels.
	GapX, GapY float64
	// Padding is kept free within a label.
	Padding float64
	// Outline draws thin lines around labels, to cut along.
	Outline bool
}

// MaxLabels bounds a page.
const MaxLabels = 500

// Check refuses a sheet whose labels do not fit. The error is a fault.List.
func (s Sheet) Check() error {
	var faults fault.List
	span := func(n int, size, gap float64) float64 { return float64(n)*(size+gap) - gap }
	if s.Columns < 1 || s.Rows < 1 || s.Columns*s.Rows > MaxLabels {
		faults.Add("sheet", "must have 1 to %d labels a page, got %d × %d", MaxLabels, s.Columns, s.Rows)
	}
	if s.PageWidth > MaxMillimetres || s.PageHeight > MaxMillimetres {
		faults.Add("sheet", "must be %d mm at the most, got %g × %g", MaxMillimetres, s.PageWidth, s.PageHeight)
	}
	if s.Left < 0 || s.Top < 0 || s.GapX < 0 || s.GapY < 0 || s.Padding < 0 {
		faults.Add("sheet", "must have no negative margins or gaps")
	}
	if s.Width-2*s.Padding < MinMillimetres || s.Height-2*s.Padding < MinMillimetres {
		faults.Add("sheet", "must have labels of %d mm at the least inside their padding, got %g × %g", MinMillimetres, s.Width-2*s.Padding, s.Height-2*s.Padding)
	}
	const tolerance = 0.01
	if right := s.Left + span(s.Columns, s.Width, s.GapX); right > s.PageWidth+tolerance {
		faults.Add("sheet", "must fit the page: labels end at %.1f mm of a width of %g", right, s.PageWidth)
	}
	if bottom := s.Top + span(s.Rows, s.Height, s.GapY); bottom > s.PageHeight+tolerance {
		faults.Add("sheet", "must fit the page: labels end at %.1f mm of a height of %g", bottom, s.PageHeight)
	}
	return faults.Err()
}

// Labels writes pages of labels as one PDF, page by page: only the one at hand
// is kept in memory.
type Labels struct {
	sheet    Sheet
	document *document
	page     *pdfPage
	// next is the place of the next label on the page.
	next int
}

// NewLabels begins a PDF. The sheet must have passed Check.
func NewLabels(w io.Writer, sheet Sheet) *Labels {
	return &Labels{sheet: sheet, document: newDocument(w)}
}

// Size returns how many bytes there are of the PDF: those that were written and
// those of the page at hand, before it is packed.
func (l *Labels) Size() int {
	size := int(l.document.written)
	if l.page != nil {
		size += len(l.page.content)
	}
	return size
}

// captionHeight and captionGap are millimetres below a symbol; captions shrink
// to the label's width.
const (
	captionHeight = 3.2
	captionGap    = 0.8
)

// Add draws a symbol as large as the label holds, its width in print where the
// style gives one, and a line of text below it. The picture was read back; the
// error is a fault.List where it does not fit or would not scan.
func (l *Labels) Add(s *symbol.Symbol, st Style, caption string) error {
	st, err := st.Fit(s)
	if err != nil {
		return err
	}
	p, err := pdf.picture(s, st)
	if err != nil {
		return err
	}
	width, height := l.sheet.Width-2*l.sheet.Padding, l.sheet.Height-2*l.sheet.Padding
	if caption != "" {
		height -= captionHeight + captionGap
	}
	module, err := l.module(p, width, height)
	if err != nil {
		return err
	}
	x, y := l.place()
	block := module * float64(p.height)
	if caption != "" {
		block += captionHeight + captionGap
	}
	x += (l.sheet.Width - module*float64(p.width)) / 2
	top := y + (l.sheet.Height-block)/2
	if err := l.page.draw(p, points(x), points(top), points(module)); err != nil {
		return fmt.Errorf("draw label: %w", err)
	}
	if caption == "" {
		return nil
	}
	left, _ := l.corner(l.next - 1)
	return l.page.caption(caption, points(left+l.sheet.Padding), points(top+block-captionHeight), points(width), points(captionHeight))
}

// module is the length of a module in millimetres.
func (l *Labels) module(p *Picture, width, height float64) (float64, error) {
	module := min(width/float64(p.width), height/float64(p.height))
	if wanted := p.style.Millimetres; wanted > 0 {
		if wanted/float64(p.width) > module+1e-9 {
			return 0, fault.Of("mm", "must be %.1f at the most on this label, got %g", math.Floor(10*module*float64(p.width))/10, wanted)
		}
		module = wanted / float64(p.width)
	}
	if least := xDimension(p.symbol.Symbology); module < least {
		return 0, fault.Of("data", "is too long for this label: it makes modules of %.2f mm, readers need %.2f mm; shorten it or choose larger labels", module, least)
	}
	return module, nil
}

// place goes to the next label, on a new page where the last one is full, and
// returns its corner.
func (l *Labels) place() (x, y float64) {
	if l.page != nil && l.next == l.sheet.Columns*l.sheet.Rows {
		l.page.end()
		l.page = nil
	}
	if l.page == nil {
		l.page = l.document.newPage(points(l.sheet.PageWidth), points(l.sheet.PageHeight))
		l.next = 0
	}
	x, y = l.corner(l.next)
	l.next++
	if l.sheet.Outline {
		l.page.frame(points(x), points(y), points(l.sheet.Width), points(l.sheet.Height))
	}
	return x, y
}

func (l *Labels) corner(i int) (x, y float64) {
	column, row := i%l.sheet.Columns, i/l.sheet.Columns
	return l.sheet.Left + float64(column)*(l.sheet.Width+l.sheet.GapX), l.sheet.Top + float64(row)*(l.sheet.Height+l.sheet.GapY)
}

// Close ends the last page and the PDF. One without labels has an empty page.
func (l *Labels) Close() error {
	if l.page == nil && len(l.document.pages) == 0 {
		l.page = l.document.newPage(points(l.sheet.PageWidth), points(l.sheet.PageHeight))
	}
	if l.page != nil {
		l.page.end()
		l.page = nil
	}
	return l.document.end()
}

func points(mm float64) float64 { return mm / millimetresPerInch * pointsPerInch }

// frame draws a hairline.
func (g *pdfPage) frame(x, y, w, h float64) {
	g.content = fmt.Appendf(g.content, "0.7 G 0.25 w %s %s %s %s re S\n", number6(x), number6(g.height-y-h), number6(w), number6(h))
}

// caption writes a line in the middle of a box whose corner is given from the
// page's top left.
func (g *pdfPage) caption(text string, x, y, w, h float64) error {
	face, err := monospace()
	if err != nil {
		return fmt.Errorf("parse font: %w", err)
	}
	text = printable(face, text)
	n := float64(len([]rune(text)))
	size := min(h, w/(n*emAdvance))
	const ascent = 0.76 // of the type size, down to the baseline
	at := point{x + (w-n*size*emAdvance)/2, y + (h-size)/2 + ascent*size}
	line := layer{paint: paint{color: Black}}
	for _, r := range text {
		if err := line.path.glyph(face, r, at, size); err != nil {
			return err
		}
		at.X += size * emAdvance
	}
	g.content = fmt.Appendf(g.content, "q 1 0 0 -1 0 %s cm 0 g\n", number6(g.height))
	g.content = append(line.appendOperators(g.content), "f\nQ\n"...)
	return nil
}
