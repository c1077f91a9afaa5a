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
}

// finders collects them over several bitmaps of one picture.
type finders struct{ all []finder }

// maxFinders bounds the work that a hostile picture can make: forty codes have 120.
const maxFinders = 120

// best returns the likeliest ones that look so in the round too.
func (f *finders) best(c *canvas) []finder {
	slices.SortStableFunc(f.all, func(a, b finder) int { return cmp.Compare(b.seen, a.seen) })
	few := slices.DeleteFunc(slices.Clone(f.all), func(one finder) bool {
		return one.seen < 2 || float64(one.seen) < one.module/2 || !c.concentric(one)
	})
	return few[:min(len(few), maxFinders)]
}

// concentric looks along circles, which stay within the pattern's squares
// however it is turned.
func (c *canvas) concentric(f finder) bool {
	const places, least = 16, 12
	ring := func(modules float64) float64 {
		sum := 0.0
		for i := range places {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / places)
			p := f.at.plus(Point{cos, sin}, modules*f.module)
			sum += c.sums.mean(int(p.X), int(p.Y), int(f.module*0.35))
		}
		return sum / places
	}
	dark, light, outer := ring(0.8), ring(2.2), ring(3.1)
	return light-dark > least && light-outer > least/2
}

// add joins a sighting with the one that it repeats.
func (f *finders) add(at Point, module float64) {
	for i := range f.all {
		c := &f.all[i]
		near := max(c.module, module) * 1.5
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
		f.all = append(f.all, finder{at, module, 1})
	}
}

// collect looks along every line for the ratio 1:1:3:1:1 of ISO/IEC 18004, 6.3.3;
// scale leads from the bitmap's coordinates to those of the finders.
func (f *finders) collect(b *bitmap, scale float64) {
	edges := make([]int, 0, b.w+1)
	for y := range b.h {
		line := b.dark[y*b.w : (y+1)*b.w]
		edges = edges[:0]
		last := byte(0)
		for x, v := range line {
			if v != last {
				edges = append(edges, x)
				last = v
			}
		}
		if last == 1 {
			edges = append(edges, b.w)
		}
		// Runs that start dark begin at even indices.
		for i := 0; i+5 < len(edges); i += 2 {
			var runs [5]float64
			for k := range runs {
				runs[k] = float64(edges[i+k+1] - edges[i+k])
			}
			if looksLikeFinder(runs) {
				f.crossCheck(b, float64(edges[i+2]+edges[i+3])/2, y, runs, scale)
			}
		}
	}
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
