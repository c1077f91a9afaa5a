package render

import "slices"

// EyeShape is what the three finder patterns of a QR code look like.
type EyeShape struct {
	Name, Title string
	// frame and ball are the radii of the ring's outer corners and of the centre's.
	frame, ball [4]float64
}

// EyeShapes lists them, the default first. Radii run clockwise from the top
// left corner, for the eye in the symbol's top left corner; the others mirror
// it. They were found by trying: zbar and zxing-cpp lose some eyes whose ring or
// centre is a little rounder.
var EyeShapes = []EyeShape{
	{"square", "Square", [4]float64{}, [4]float64{}},
	{"rounded", "Rounded", [4]float64{2, 2, 2, 2}, [4]float64{0.9, 0.9, 0.9, 0.9}},
	{"circle", "Circle", [4]float64{3.5, 3.5, 3.5, 3.5}, [4]float64{1.3, 1.3, 1.3, 1.3}},
	{"cushion", "Square with a round centre", [4]float64{0.6, 0.6, 0.6, 0.6}, [4]float64{1, 1, 1, 1}},
	{"leaf", "Leaf", [4]float64{3, 0, 3, 0}, [4]float64{1.2, 0, 1.2, 0}},
	{"shield", "Shield", [4]float64{2.2, 2.2, 0.4, 2.2}, [4]float64{1, 1, 0.2, 1}},
}

func eyeShape(name string) (EyeShape, bool) {
	i := slices.IndexFunc(EyeShapes, func(e EyeShape) bool { return e.Name == name })
	if i < 0 {
		return EyeShape{}, false
	}
	return EyeShapes[i], true
}

// The finder pattern of ISO/IEC 18004 clause 5.3.2.1: a ring of one module
// around a light one around three by three.
const (
	eyeWidth  = 7
	ringHole  = 5
	ballWidth = 3
)

func (e EyeShape) drawAll(g *grid, p *path) {
	far := float64(g.width - eyeWidth)
	e.draw(p, point{g.left, g.top}, func(r [4]float64) [4]float64 { return r })
	e.draw(p, point{g.left + far, g.top}, func(r [4]float64) [4]float64 { return [4]float64{r[1], r[0], r[3], r[2]} })
	e.draw(p, point{g.left, g.top + far}, func(r [4]float64) [4]float64 { return [4]float64{r[3], r[2], r[1], r[0]} })
}

func (e EyeShape) draw(p *path, at point, turned func([4]float64) [4]float64) {
	frame := turned(e.frame)
	inner := frame
	for i, r := range frame {
		inner[i] = max(0, r-1)
	}
	p.box(at, eyeWidth, eyeWidth, frame)
	p.hole(point{at.X + 1, at.Y + 1}, ringHole, ringHole, inner)
	p.box(point{at.X + 2, at.Y + 2}, ballWidth, ballWidth, turned(e.ball))
}

// inEye says whether a module belongs to a finder pattern.
func inEye(x, y, width int) bool {
	far := width - eyeWidth
	return x < eyeWidth && y < eyeWidth || x >= far && y < eyeWidth || x < eyeWidth && y >= far
}
