package scan

// warp maps a symbol's modules to a picture: straight lines stay straight.
// (x·m0 + y·m1 + m2, x·m3 + y·m4 + m5) / (x·m6 + y·m7 + 1).
type warp [8]float64

func (m *warp) at(x, y float64) Point {
	d := x*m[6] + y*m[7] + 1
	return Point{(x*m[0] + y*m[1] + m[2]) / d, (x*m[3] + y*m[4] + m[5]) / d}
}

// quad is a quadrilateral, its corners in the order of a square's: left upper,
// right upper, right lower, left lower.
type quad [4]Point

// warpTo maps the square of that size onto the quadrilateral (Heckbert,
// Fundamentals of Texture Mapping, 1989, 2.2.3); false where it has no area.
func (q quad) warpTo(size float64) (warp, bool) {
	d1, d2 := q[1].minus(q[2]), q[3].minus(q[2])
	s := q[0].minus(q[1]).plus(q[2], 1).minus(q[3])
	area := d1.cross(d2)
	if area > -1e-9 && area < 1e-9 {
		return warp{}, false
	}
	g, h := s.cross(d2)/area, d1.cross(s)/area
	m := warp{
		q[1].X - q[0].X + g*q[1].X, q[3].X - q[0].X + h*q[3].X, q[0].X,
		q[1].Y - q[0].Y + g*q[1].Y, q[3].Y - q[0].Y + h*q[3].Y, q[0].Y,
		g, h,
	}
	for _, i := range []int{0, 1, 3, 4, 6, 7} {
		m[i] /= size
	}
	return m, true
}
