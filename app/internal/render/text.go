package render

import (
	"fmt"
	"sync"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// Text is drawn as outlines, so that an image looks the same where no fonts are
// installed and an SVG needs none.

const (
	// emSize is the type size in modules where the cells are wide enough.
	emSize = 10.5
	// emAdvance is the width of every character of Go Mono, in ems.
	emAdvance = 0.6
	// baseline is the distance from a cell's top to the baseline, in modules.
	baseline = 7.8
	// unitsPerEm is the resolution in which outlines are read, in 1/64.
	unitsPerEm = 1024
)

var monospace = sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(gomono.TTF) })

// point is a place in modules, from the image's top left corner.
type point struct{ X, Y float64 }

// stroke is one part of an outline: a move, a line or a quadratic curve.
type stroke struct {
	op sfnt.SegmentOp
	// to holds one point, or a control point and the end of a curve.
	to [2]point
}

// outlines returns the labels' characters as closed shapes.
func outlines(s *symbol.Symbol) ([]stroke, error) {
	if len(s.Labels) == 0 {
		return nil, nil
	}
	face, err := monospace()
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	var strokes []stroke
	for _, l := range s.Labels {
		size := min(emSize, l.Advance/emAdvance)
		x := float64(s.Quiet.Left) + l.X + (l.Advance-size*emAdvance)/2
		y := float64(s.Quiet.Top+l.Y) + baseline
		for _, r := range l.Text {
			if strokes, err = appendGlyph(strokes, face, r, point{x, y}, size); err != nil {
				return nil, err
			}
			x += l.Advance
		}
	}
	return strokes, nil
}

func appendGlyph(strokes []stroke, face *sfnt.Font, r rune, origin point, size float64) ([]stroke, error) {
	var buf sfnt.Buffer
	index, err := face.GlyphIndex(&buf, r)
	if err != nil {
		return nil, fmt.Errorf("find glyph of %q: %w", r, err)
	}
	segments, err := face.LoadGlyph(&buf, index, fixed.I(unitsPerEm), nil)
	if err != nil {
		return nil, fmt.Errorf("load glyph of %q: %w", r, err)
	}
	at := func(p fixed.Point26_6) point {
		k := size / unitsPerEm / 64
		return point{origin.X + float64(p.X)*k, origin.Y + float64(p.Y)*k}
	}
	for _, seg := range segments {
		strokes = append(strokes, stroke{seg.Op, [2]point{at(seg.Args[0]), at(seg.Args[1])}})
	}
	return strokes, nil
}
