package render

// point is a place in modules, from the image's top left corner.
type point struct{ X, Y float64 }

// op says what a segment of a path does.
type op uint8

const (
	moveTo op = iota
	lineTo
	// quadTo and cubicTo are Bézier curves with one and two control points.
	quadTo
	cubicTo
	closePath
)

// segment is one step of a path. Control points come first, the end last.
type segment struct {
	op op
	to [3]point
}

// path is closed contours. What lies in a contour that runs the other way is a hole.
type path []segment

// rect is a rectangle in whole modules.
type rect struct{ x, y, w, h int32 }

// kappa is how far the control points of a quarter of a circle stand from its ends.
const kappa = 0.5522847498

func (p *path) move(to point)        { *p = append(*p, segment{moveTo, [3]point{to}}) }
func (p *path) line(to point)        { *p = append(*p, segment{lineTo, [3]point{to}}) }
func (p *path) quad(c, to point)     { *p = append(*p, segment{quadTo, [3]point{c, to}}) }
func (p *path) cubic(c, d, to point) { *p = append(*p, segment{cubicTo, [3]point{c, d, to}}) }
func (p *path) close()               { *p = append(*p, segment{op: closePath}) }
func (p *path) circle(c point, r float64) {
	p.box(point{c.X - r, c.Y - r}, 2*r, 2*r, [4]float64{r, r, r, r})
}

// box adds a rectangle whose corners are round; radii run clockwise from the top left.
func (p *path) box(at point, w, h float64, radii [4]float64) {
	p.polygon([]point{at, {at.X + w, at.Y}, {at.X + w, at.Y + h}, {at.X, at.Y + h}}, func(i int, _ bool) float64 { return radii[i] })
}

// hole adds the same rectangle the other way round.
func (p *path) hole(at point, w, h float64, radii [4]float64) {
	corners := []point{at, {at.X, at.Y + h}, {at.X + w, at.Y + h}, {at.X + w, at.Y}}
	p.polygon(corners, func(i int, _ bool) float64 { return radii[(4-i)%4] })
}

// polygon adds a contour of level and upright edges with rounded corners.
// radius is asked for each corner; right says that the contour turns right there.
func (p *path) polygon(corners []point, radius func(i int, right bool) float64) {
	n := len(corners)
	for i, c := range corners {
		in, out := direction(corners[(i+n-1)%n], c), direction(c, corners[(i+1)%n])
		r := radius(i, in.X*out.Y-in.Y*out.X > 0)
		start := point{c.X - r*in.X, c.Y - r*in.Y}
		if i == 0 {
			p.move(start)
		} else {
			p.line(start)
		}
		if r == 0 {
			continue
		}
		k := r * (1 - kappa)
		p.cubic(point{c.X - k*in.X, c.Y - k*in.Y}, point{c.X + k*out.X, c.Y + k*out.Y}, point{c.X + r*out.X, c.Y + r*out.Y})
	}
	p.close()
}

// direction is the unit vector from a to b, which are level or upright.
func direction(a, b point) point {
	sign := func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	}
	return point{sign(b.X - a.X), sign(b.Y - a.Y)}
}
