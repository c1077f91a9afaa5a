package scan

import "math"

// canvas is a plane prepared for fitting symbols to it.
type canvas struct {
	*plane
	sums *sums
	// work counts the modules that were rated.
	work int
}

// lightness returns how much lighter a place is than its surroundings.
func (c *canvas) lightness(p Point, radius int) float64 {
	return c.at(p.X, p.Y) - c.sums.mean(int(p.X), int(p.Y), radius)
}

// pose is a symbol's place in a picture.
type pose struct {
	template *template
	corners  quad
	// radius is what a module's surroundings are, in pixels.
	radius int
	// bend is how far the corner opposite the patterns' lies from making a
	// parallelogram. Version 1 has nothing there to fit, so that it stays.
	bend Point
	// fit is the mean contrast in the right direction of the known modules.
	fit float64
}

// rate returns the mean contrast of the template's modules, those in the wrong
// direction negative. An outlier, such as a highlight, counts no more than limit.
func (c *canvas) rate(t *template, q quad, radius int) float64 {
	const limit = 60
	m, ok := q.warpTo(float64(t.size))
	if !ok {
		return -limit
	}
	c.work += len(t.modules)
	sum, weights := 0.0, 0.0
	for i := range t.modules {
		k := &t.modules[i]
		v := min(max(c.lightness(m.at(k.x, k.y), radius), -limit), limit)
		if k.dark {
			v = -v
		}
		weight := 1.0
		if k.timing {
			weight = 2
		}
		sum += weight * v
		weights += weight
	}
	return sum / weights
}

// agreement is the share of modules that are what they should be, of those in
// the finder patterns and of all others.
func (c *canvas) agreement(p pose) (finders, timing float64) {
	m, ok := p.corners.warpTo(float64(p.template.size))
	if !ok {
		return 0, 0
	}
	var right, count [2]float64
	for _, k := range p.template.modules {
		part := 0
		if k.timing {
			part = 1
		}
		count[part]++
		if c.lightness(m.at(k.x, k.y), p.radius) < 0 == k.dark {
			right[part]++
		}
	}
	return right[0] / count[0], right[1] / count[1]
}

// swing moves the corner that no finder pattern holds to where the template
// fits best.
func (c *canvas) swing(p pose) pose {
	p.fit = c.rate(p.template, p.corners, p.radius)
	p.bend = p.corners[2].minus(p.corners[1]).minus(p.corners[3]).plus(p.corners[0], 1)
	if p.rigid() {
		return p
	}
	reach := max(2, float64(p.template.size)/14)
	step := max(0.8, reach/6)
	best := p
	for dy := -reach; dy <= reach; dy += step {
		for dx := -reach; dx <= reach; dx += step {
			try := p
			try.corners[2] = p.corners[2].plus(Point{dx, dy}, p.module())
			if try.fit = c.rate(try.template, try.corners, try.radius); try.fit > best.fit {
				best = try
			}
		}
	}
	return best
}

// rigid says that nothing but finder and timing patterns tells where it lies.
func (p pose) rigid() bool { return p.template.size == 21 }

func (p pose) module() float64 {
	return p.corners[0].minus(p.corners[1]).length() / float64(p.template.size)
}

// refine moves all corners in ever smaller steps.
func (c *canvas) refine(p pose) pose {
	module := p.module()
	for step := 0.6; step > 0.05; step /= 2 {
		p = c.climb(p, step*module)
	}
	return p
}

// climb moves single corners by a step as long as that helps.
func (c *canvas) climb(p pose, step float64) pose {
	for range 4 {
		moved := false
		for i := range p.corners {
			for _, d := range []Point{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
				try := p.moved(i, d)
				if try.fit = c.rate(try.template, try.corners, try.radius); try.fit > p.fit {
					p, moved = try, true
				}
			}
		}
		if !moved {
			break
		}
	}
	return p
}

// moved is the pose with one corner moved; a rigid one's fourth corner follows.
func (p pose) moved(corner int, by Point) pose {
	p.corners[corner] = p.corners[corner].plus(by, 1)
	if p.rigid() {
		p.corners[2] = p.corners[1].plus(p.corners[3], 1).minus(p.corners[0]).plus(p.bend, 1)
	}
	return p
}

// guess places the symbol of that size by its finder patterns alone. How their
// modules' sizes differ says how the symbol is inclined: under a perspective map
// a line's mean scale is the geometric mean of those at its ends.
func guess(corner, right, down Point, leanX, leanY float64, t *template) pose {
	span := float64(t.size - 7)
	gx, hy := 1+leanX, 1+leanY
	a := Point{(right.X*gx - corner.X) / span, (right.Y*gx - corner.Y) / span}
	b := Point{(down.X*hy - corner.X) / span, (down.Y*hy - corner.Y) / span}
	place := func(x, y float64) Point {
		x, y = x-3.5, y-3.5
		d := 1 + x*leanX/span + y*leanY/span
		return corner.plus(a, x).plus(b, y).scaled(1 / d)
	}
	size := float64(t.size)
	return pose{template: t, corners: quad{place(0, 0), place(size, 0), place(size, size), place(0, size)}}
}

func (p Point) scaled(times float64) Point { return Point{p.X * times, p.Y * times} }

// span measures a finder pattern through its middle along a direction, in
// pixels: seven modules. 0 where the edges are not clear.
func (b *bitmap) span(at, direction Point, longest float64) float64 {
	total := 0.0
	for _, sign := range []float64{-1, 1} {
		edges, dark := 0, true
		r := 0.0
		for ; edges < 3; r += 0.5 {
			if r > longest {
				return 0
			}
			p := at.plus(direction, sign*r)
			if b.get(int(math.Floor(p.X)), int(math.Floor(p.Y))) != dark {
				edges++
				dark = !dark
			}
		}
		total += r - 0.75
	}
	return total
}
