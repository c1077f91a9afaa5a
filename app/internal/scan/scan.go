// Package scan reads the symbols in a picture: QR codes with a detector of its
// own, everything else with gozxing's. It refuses by its header what would cost
// too much, and looks at the context between passes. It knows nothing of HTTP.
package scan

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Symbol is one that was read.
type Symbol struct {
	// Symbology is named as in package symbol.
	Symbology string `json:"symbology"`
	// Text is the content. Where it is no text, every byte is a character.
	Text string `json:"text"`
	// Bytes is the content where it is no text; base64 in JSON.
	Bytes []byte `json:"bytes,omitempty"`
	// Corners run around the symbol, in pixels of the upright picture; of a linear
	// symbol they are the ends of a line through its bars.
	Corners []Point `json:"corners"`
}

// Point is a place in a picture, from its left upper corner.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// workSize is the longest side of what is searched: four modules a pixel more
// cost time and find nothing.
const workSize = 1600

// Read returns the symbols of the picture, from top to bottom. When ctx ends it
// returns what it has.
func Read(ctx context.Context, p *Picture, symbologies Set) []Symbol {
	base, scale := p.plane.within(workSize)
	var found []Symbol
	for _, look := range []func(context.Context, *plane, Set) []Symbol{readQR, readLinear, readMatrix} {
		if ctx.Err() != nil {
			break
		}
		found = append(found, look(ctx, base, symbologies)...)
	}
	for _, s := range found {
		for i := range s.Corners {
			s.Corners[i].X = round(s.Corners[i].X * scale)
			s.Corners[i].Y = round(s.Corners[i].Y * scale)
		}
	}
	slices.SortStableFunc(found, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(middle(a).Y, middle(b).Y), cmp.Compare(middle(a).X, middle(b).X))
	})
	return found
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

func middle(s Symbol) Point {
	var m Point
	for _, c := range s.Corners {
		m = m.plus(c, 1/float64(len(s.Corners)))
	}
	return m
}

// plus returns p moved by times q.
func (p Point) plus(q Point, times float64) Point {
	return Point{p.X + q.X*times, p.Y + q.Y*times}
}

func (p Point) minus(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }

func (p Point) length() float64 { return math.Hypot(p.X, p.Y) }

func (p Point) cross(q Point) float64 { return p.X*q.Y - p.Y*q.X }

func (p Point) dot(q Point) float64 { return p.X*q.X + p.Y*q.Y }
