// Package render turns symbols into files. It writes PNG and SVG itself: whole
// pixels per module, two colours, nothing but what a scanner needs. Each format
// is one file and one entry of Formats.
package render

import (
	"slices"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Style is how a symbol looks.
type Style struct {
	Foreground, Background Color
	// Scale is the edge of a module, in pixels; 0 picks one that makes the
	// symbol about 400 pixels wide. In SVG, whose size is free, it sets the
	// nominal size.
	Scale int
}

// MaxScale and MaxPixels bound what an image may cost.
const (
	MaxScale  = 100
	MaxPixels = 16 << 20
)

const (
	// targetWidth is what an image is wide when no scale is asked for.
	targetWidth = 400
	// minDefaultScale is the least that phone cameras read well from a screen.
	minDefaultScale = 3
)

// Format is a kind of file.
type Format struct {
	// Name is the file's extension.
	Name      string
	MediaType string
	// Render returns the file. The style must have passed Check.
	Render func(s *symbol.Symbol, st Style) ([]byte, error)
}

// Formats lists the kinds of files.
var Formats = []Format{png, svg}

// ByName returns the format with that extension.
func ByName(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}

// Fit picks the scale where none is given and refuses one that makes the image
// too large. The error is a fault.List.
func (st Style) Fit(s *symbol.Symbol) (Style, error) {
	w, h := s.Size()
	if st.Scale == 0 {
		st.Scale = max(minDefaultScale, (targetWidth+w/2)/w)
	}
	if st.Scale < 0 || st.Scale > MaxScale {
		return st, fault.Of("scale", "must be between 1 and %d pixels per module, got %d", MaxScale, st.Scale)
	}
	if w*h*st.Scale*st.Scale > MaxPixels {
		return st, fault.Of("scale", "makes an image of %d × %d pixels, more than %d in all; choose a smaller one", w*st.Scale, h*st.Scale, MaxPixels)
	}
	return st, nil
}
