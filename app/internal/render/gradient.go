package render

import (
	"math"
	"slices"
)

// Gradient is how the foreground runs from one colour to another.
type Gradient struct {
	Name, Title string
	radial      bool
	// from and to are where it starts and ends, in parts of the symbol's width and height.
	from, to point
}

// Gradients lists them, the default first.
var Gradients = []Gradient{
	{Name: "none", Title: "None"},
	{Name: "horizontal", Title: "Left to right", to: point{1, 0}},
	{Name: "vertical", Title: "Top to bottom", to: point{0, 1}},
	{Name: "diagonal", Title: "Corner to corner", to: point{1, 1}},
	{Name: "radial", Title: "From the centre", radial: true, from: point{0.5, 0.5}, to: point{1, 1}},
}

func gradientByName(name string) (Gradient, bool) {
	i := slices.IndexFunc(Gradients, func(g Gradient) bool { return g.Name == name })
	if i < 0 {
		return Gradient{}, false
	}
	return Gradients[i], true
}

// paint fills a shape: with a colour, or with one that becomes another.
type paint struct {
	color Color
	// second is the colour at the gradient's end; shade is nil without one.
	second Color
	shade  *shade
}

// shade is where a gradient lies, in modules.
type shade struct {
	radial   bool
	from, to point
}

// over places a gradient over a box.
func (g Gradient) over(at point, w, h float64) *shade {
	place := func(p point) point { return point{at.X + p.X*w, at.Y + p.Y*h} }
	return &shade{g.radial, place(g.from), place(g.to)}
}

// radius is that of a radial gradient.
func (s *shade) radius() float64 { return math.Hypot(s.to.X-s.from.X, s.to.Y-s.from.Y) }

// share is how much of the second colour there is at a point, 0 to 1.
func (s *shade) share(p point) float64 {
	dx, dy := s.to.X-s.from.X, s.to.Y-s.from.Y
	x, y := p.X-s.from.X, p.Y-s.from.Y
	t := (x*dx + y*dy) / (dx*dx + dy*dy)
	if s.radial {
		t = math.Hypot(x, y) / s.radius()
	}
	return min(1, max(0, t))
}

// at is the colour at a point.
func (p paint) at(where point) Color {
	if p.shade == nil {
		return p.color
	}
	return mix(p.color, p.second, p.shade.share(where))
}

// mix blends as all file formats do: the sRGB values, not the light.
func mix(a, b Color, share float64) Color {
	m := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	return Color{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B)}
}
