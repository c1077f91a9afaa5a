package render

import (
	"math"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// MaxScale and MaxPixels bound what an image may cost, MaxMillimetres and MaxDPI
// what can be printed.
const (
	MaxScale       = 100
	MaxPixels      = 16 << 20
	MaxQuiet       = 64
	MinMillimetres = 2
	MaxMillimetres = 2000
	MinDPI         = 36
	MaxDPI         = 4800
)

const (
	// targetWidth is what an image is wide when no scale is asked for.
	targetWidth = 400
	// minDefaultScale is the least that phone cameras read well from a screen.
	minDefaultScale = 3
	// printDPI is the resolution for print where none is asked for, screenDPI
	// the one that CSS pixels have.
	printDPI  = 300
	screenDPI = 96

	millimetresPerInch = 25.4
	pointsPerInch      = 72
)

// Fit picks the scale where none is given and refuses what is too large, too
// small to be printed or closer than the quiet zone. The error is a fault.List.
func (st Style) Fit(s *symbol.Symbol) (Style, error) {
	var faults fault.List
	if need := quietNeeded(s); st.Quiet != 0 && (st.Quiet < need || st.Quiet > MaxQuiet) {
		faults.Add("quiet", "must be between %d and %d modules: readers tell the symbol from its surroundings by a quiet zone of %d, got %d", need, MaxQuiet, need, st.Quiet)
		st.Quiet = 0
	}
	if st.Scale < 0 || st.Scale > MaxScale {
		faults.Add("scale", "must be between 1 and %d pixels per module, got %d", MaxScale, st.Scale)
		return st, faults
	}
	w, h := sizeWith(s, st.quiet(s))
	if st.Millimetres > 0 {
		st.fitPrint(&faults, s.Symbology, w, h)
	} else {
		st.fitScreen(&faults, s.Symbology, w)
	}
	if w*h*st.Scale*st.Scale > MaxPixels {
		field := "scale"
		if st.Millimetres > 0 && st.DPI > 0 {
			field = "dpi"
		}
		faults.Add(field, "makes an image of %d × %d pixels, more than %d in all; choose a smaller one", w*st.Scale, h*st.Scale, MaxPixels)
	}
	return st, faults.Err()
}

// fitScreen picks a scale for an image of any size, which a resolution makes
// one in print.
func (st *Style) fitScreen(faults *fault.List, symbology string, w int) {
	least := int(math.Ceil(xDimension(symbology) / millimetresPerInch * float64(st.DPI)))
	if st.Scale == 0 {
		st.Scale = max(minDefaultScale, (targetWidth+w/2)/w, least)
	}
	if st.Scale < least {
		faults.Add("scale", "makes modules of %.2f mm at %d dpi, less than the %.2f mm that readers need; it must be at least %d",
			float64(st.Scale)*millimetresPerInch/float64(st.DPI), st.DPI, xDimension(symbology), least)
	}
}

// fitPrint picks the largest scale of whole pixels that fits the width in print.
func (st *Style) fitPrint(faults *fault.List, symbology string, w, h int) {
	if least := xDimension(symbology); st.Millimetres < least*float64(w) {
		faults.Add("mm", "makes modules of %.2f mm, less than the %.2f mm that readers need; this symbol must be at least %.1f mm wide",
			st.Millimetres/float64(w), least, math.Ceil(10*least*float64(w))/10)
	}
	if st.Scale > 0 {
		if st.DPI > 0 {
			faults.Add("scale", "must not be given together with mm and dpi, which decide it")
		}
		return
	}
	dpi := st.DPI
	if dpi == 0 {
		dpi = printDPI
	}
	st.Scale = int(st.Millimetres / millimetresPerInch * float64(dpi) / float64(w))
	if st.Scale < 1 {
		faults.Add("dpi", "leaves less than a pixel per module; %g mm need at least %.0f dpi", st.Millimetres, math.Ceil(float64(w)*millimetresPerInch/st.Millimetres))
		st.Scale = 1
	}
	for st.DPI == 0 && st.Scale > 1 && w*h*st.Scale*st.Scale > MaxPixels {
		st.Scale--
	}
}

// xDimension is the least width of a module in print, in millimetres: GS1
// General Specifications section 5.12 for retail (80 % of 0.33), 7.5 mil for
// the linear symbologies of industry, ISO/IEC 15438 annex for PDF417, and what
// phone cameras resolve at arm's length for matrix symbols.
func xDimension(symbology string) float64 {
	switch symbology {
	case "ean13", "ean8", "upca", "upce":
		return 0.264
	case "code128", "code39", "code93", "itf", "codabar":
		return 0.19
	case "pdf417":
		return 0.17
	}
	return 0.25
}

// quietNeeded is the least margin beside the symbol, in modules.
func quietNeeded(s *symbol.Symbol) int { return max(s.Quiet.Left, s.Quiet.Right) }

// quiet is the margin: the standard's, or the one asked for. Linear symbols
// need none above and below.
func (st Style) quiet(s *symbol.Symbol) symbol.Quiet {
	if st.Quiet == 0 {
		return s.Quiet
	}
	q := symbol.Quiet{Top: st.Quiet, Right: st.Quiet, Bottom: st.Quiet, Left: st.Quiet}
	if s.Linear {
		q.Top, q.Bottom = s.Quiet.Top, s.Quiet.Bottom
	}
	return q
}

// millimetres is the width in print: the one asked for, or what the pixels make.
func (p *Picture) millimetres() float64 {
	if p.style.Millimetres > 0 {
		return p.style.Millimetres
	}
	dpi := p.style.DPI
	if dpi == 0 {
		dpi = screenDPI
	}
	return float64(p.width*p.style.Scale) / float64(dpi) * millimetresPerInch
}

// points is the length of a module in print, in points of 1/72 inch.
func (p *Picture) points() float64 {
	return p.millimetres() / millimetresPerInch * pointsPerInch / float64(p.width)
}

// pixelsPerMetre is the true resolution of the image, 0 where nobody asked for
// a size in print.
func (p *Picture) pixelsPerMetre() float64 {
	if p.style.Millimetres == 0 && p.style.DPI == 0 {
		return 0
	}
	return float64(p.width*p.style.Scale) / p.millimetres() * 1000
}
