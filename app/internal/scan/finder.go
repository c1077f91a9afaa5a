package scan

import (
	"cmp"
	"math"
	"slices"
)

// finder is a place that looks like a finder pattern of a QR code.
type finder struct {
	at Point
	// module is the edge of a module in pixels, about.
	module float64
	// seen counts the lines that crossed it.
	seen int
	// look shows its edges best.
	look look
}

// look is a bitmap to find patterns in, and what its coordinates must be
// multiplied with to be the canvas's.
type look struct {
	bitmap *bitmap
	scale  float64
}

// finders collects them over several bitmaps of one picture.
type finders struct {
	all   []finder
	looks []look
}

// maxFinders bounds the work that a hostile picture can make: twenty-six codes have 78.
const maxFinders = 80

// best returns the likeliest ones that look so in the round too, their sizes
// measured along their sides.
func (f *finders) best(c *canvas) []finder {
	slices.SortStableFunc(f.all, func(a, b finder) int { return cmp.Compare(b.seen, a.seen) })
	var few []finder
	for _, one := range f.all {
		if one.seen < 2 || float64(one.seen) < one.module/2 || len(few) == maxFinders {
			continue
		}
		if one, ok := f.measure(c, one); ok {
			few = append(few, one)
		}
	}
	return few
}

// measure finds the directions of a pattern's sides, in the first of the bitmaps
// that shows them clearly. Lines across a pattern that is turned are longer than
// its sides.
func (f *finders) measure(c *canvas, one finder) (finder, bool) {
	for _, l := range f.looks {
		u, v, ok := l.sides(one)
		if ok && c.concentric(one.at, u, v) {
			one.module, one.look = math.Sqrt(u.length()*v.length()), l
			return one, true
		}
	}
	one.look = f.looks[0]
	for _, module := range []float64{one.module, one.module * 0.75} {
		if c.concentric(one.at, Point{module, 0}, Point{0, module}) {
			one.module = module
			return one, true
		}
	}
	return one, false
}

// sides returns the edges of a module: the pattern is shortest along its sides.
func (l look) sides(f finder) (u, v Point, ok bool) {
	const directions = 16
	shortest := math.Inf(1)
	for i := range directions {
		sin, cos := math.Sincos(math.Pi * float64(i) / directions)
		s, ok := l.module(f, Point{cos, sin})
		if !ok {
			return u, v, false
		}
		if s < shortest {
			shortest = s
			u = Point{cos, sin}.scaled(s)
		}
	}
	across := Point{-u.Y, u.X}.scaled(1 / shortest)
	s, ok := l.module(f, across)
	return u, across.scaled(s), ok
}

// module measures a finder pattern along a direction; false where noise or
// neighbours make its edges unclear.
func (l look) module(f finder, direction Point) (float64, bool) {
	s := l.bitmap.span(f.at.scaled(1/l.scale), direction, f.module*7/l.scale) * l.scale / 7
	return s, s > f.module*0.45 && s < f.module*2.2
}

// concentric looks along circles, which stay within the pattern's squares
// however it is turned; u and v are about the edges of a module.
func (c *canvas) concentric(at, u, v Point) bool {
	const places, least = 16, 5
	radius := int(min(u.length(), v.length()) * 0.35)
	ring := func(modules float64) float64 {
		sum := 0.0
		for i := range places {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / places)
			p := at.plus(u, cos*modules).plus(v, sin*modules)
			sum += c.sums.mean(int(p.X), int(p.Y), radius)
		}
		return sum / places
	}
	dark, light, outer := ring(0.8), ring(2.2), ring(3.1)
	return light-dark > least && light-outer > least*0.6
}

// add joins a sighting with the one that it repeats.
func (f *finders) add(at Point, module float64) {
	for i := range f.all {
		c := &f.all[i]
		near := max(c.module, module)
		if math.Abs(c.at.X-at.X) > near || math.Abs(c.at.Y-at.Y) > near || c.module > 1.6*module || module > 1.6*c.module {
			continue
		}
		n := float64(c.seen)
		c.at = Point{(c.at.X*n + at.X) / (n + 1), (c.at.Y*n + at.Y) / (n + 1)}
		c.module = (c.module*n + module) / (n + 1)
		c.seen++
		return
	}
	if len(f.all) < 4*maxFinders {
		f.all = append(f.all, finder{at: at, module: module, seen: 1})
	}
}

// collect looks along every line for the ratio 1:1:3:1:1 of ISO/IEC 18004, 6.3.3.
func (f *finders) collect(l look) {
	f.looks = append(f.looks, l)
	b := l.bitmap
	edges := make([]int, 0, b.w+1)
	for y := range b.h {
		edges = appendEdges(edges[:0], b.dark[y*b.w:(y+1)*b.w])
		// Runs that start dark begin at even indices.
		for i := 0; i+5 < len(edges); i += 2 {
			var runs [5]float64
			for k := range runs {
				runs[k] = float64(edges[i+k+1] - edges[i+k])
			}
			if looksLikeFinder(runs) {
				f.crossCheck(b, float64(edges[i+2]+edges[i+3])/2, y, runs, l.scale)
			}
		}
	}
}

// appendEdges appends where a line changes between light and dark, from its
// first dark pixel on.
func appendEdges(edges []int, line []byte) []int {
	last := byte(0)
	for x, v := range line {
		if v != last {
			edges = append(edges, x)
			last = v
		}
	}
	if last == 1 {
		edges = append(edges, len(line))
	}
	return edges
}

// slack is what a run may be off by, whatever its length: edges fall between pixels.
const slack = 0.8

func looksLikeFinder(runs [5]float64) bool {
	total := runs[0] + runs[1] + runs[2] + runs[3] + runs[4]
	if total < 7 {
		return false
	}
	module := total / 7
	off := module*0.5 + slack
	for i, want := range [5]float64{1, 1, 3, 1, 1} {
		if math.Abs(runs[i]-want*module) > off*max(1, want/2) {
			return false
		}
	}
	return true
}

func sum5(runs [5]float64) float64 { return runs[0] + runs[1] + runs[2] + runs[3] + runs[4] }

// crossCheck looks along the column, and along the line through the column's middle.
func (f *finders) crossCheck(b *bitmap, x float64, y int, across [5]float64, scale float64) {
	longest := int(sum5(across) * 2)
	down, yMiddle, ok := b.runsThrough(int(x), y, 0, 1, longest)
	if !ok || !looksLikeFinder(down) {
		return
	}
	again, xMiddle, ok := b.runsThrough(int(x), int(yMiddle), 1, 0, longest)
	if !ok || !looksLikeFinder(again) {
		return
	}
	height, width := sum5(down), sum5(again)
	if height > 2.5*width || width > 2.5*height {
		return
	}
	f.add(Point{xMiddle * scale, yMiddle * scale}, (height+width)/14*scale)
}

// runsThrough measures the five runs around a dark pixel along a direction, and
// the middle of the third.
func (b *bitmap) runsThrough(x, y, dx, dy, longest int) (runs [5]float64, middle float64, ok bool) {
	if !b.get(x, y) {
		return runs, 0, false
	}
	var back, forth [3]int
	for i, counts := range []*[3]int{&back, &forth} {
		side, px, py := 2*i-1, x, y
		for k := range counts {
			for steps := 0; b.get(px, py) == (k != 1) && steps < longest; steps++ {
				if px < 0 || py < 0 || px >= b.w || py >= b.h {
					return runs, 0, false
				}
				counts[k]++
				px += side * dx
				py += side * dy
			}
		}
	}
	runs = [5]float64{float64(back[2]), float64(back[1]), float64(back[0] + forth[0] - 1), float64(forth[1]), float64(forth[2])}
	start := x*dx + y*dy
	return runs, float64(start) + float64(forth[0]-back[0])/2 + 0.5, true
}
