package render

import (
	"fmt"
	"sync"
	"unicode"

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

// outlines returns the labels' characters as closed shapes.
func outlines(s *symbol.Symbol, q symbol.Quiet) (path, error) {
	face, err := monospace()
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	var text path
	for _, l := range s.Labels {
		size := min(emSize, l.Advance/emAdvance)
		x := float64(q.Left) + l.X + (l.Advance-size*emAdvance)/2
		y := float64(q.Top+l.Y) + baseline
		for _, r := range l.Text {
			if err := text.glyph(face, r, point{x, y}, size); err != nil {
				return nil, err
			}
			x += l.Advance
		}
	}
	return text, nil
}

// glyph adds a character. TrueType outlines consist of lines and quadratic curves.
func (p *path) glyph(face *sfnt.Font, r rune, origin point, size float64) error {
	var buf sfnt.Buffer
	index, err := face.GlyphIndex(&buf, r)
	if err != nil {
		return fmt.Errorf("find glyph of %q: %w", r, err)
	}
	segments, err := face.LoadGlyph(&buf, index, fixed.I(unitsPerEm), nil)
	if err != nil {
		return fmt.Errorf("load glyph of %q: %w", r, err)
	}
	at := func(p fixed.Point26_6) point {
		k := size / unitsPerEm / 64
		return point{origin.X + float64(p.X)*k, origin.Y + float64(p.Y)*k}
	}
	for i, seg := range segments {
		switch seg.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				p.close()
			}
			p.move(at(seg.Args[0]))
		case sfnt.SegmentOpLineTo:
			p.line(at(seg.Args[0]))
		default:
			p.quad(at(seg.Args[0]), at(seg.Args[1]))
		}
	}
	if len(segments) > 0 {
		p.close()
	}
	return nil
}

// captionLength bounds a line of a label, in characters.
const captionLength = 48

// printable replaces what the font lacks, and shortens what is too long to read.
func printable(face *sfnt.Font, text string) string {
	var buf sfnt.Buffer
	runes := []rune(text)
	for i, r := range runes {
		if index, err := face.GlyphIndex(&buf, r); err != nil || index == 0 || unicode.IsControl(r) {
			runes[i] = '·'
		}
	}
	if len(runes) > captionLength {
		runes = append(runes[:captionLength-1], '…')
	}
	return string(runes)
}
