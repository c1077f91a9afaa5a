package scan

import "sync"

// template holds what every QR code of a size has in common: the modules of
// finder, timing and alignment patterns (ISO/IEC 18004, 6.3).
type template struct {
	size    int
	modules []known
}

// known is a module whose colour is fixed.
type known struct {
	x, y float64 // its middle
	dark bool
	// timing is set outside of the finder patterns, which any three squares have.
	timing bool
}

var templates = struct {
	sync.Mutex
	bySize map[int]*template
}{bySize: map[int]*template{}}

// templateOf returns the template of symbols with size modules a side.
func templateOf(size int) *template {
	templates.Lock()
	defer templates.Unlock()
	t := templates.bySize[size]
	if t == nil {
		t = drawTemplate(size)
		templates.bySize[size] = t
	}
	return t
}

func drawTemplate(size int) *template {
	t := &template{size: size}
	add := func(x, y int, dark, timing bool) {
		t.modules = append(t.modules, known{float64(x) + 0.5, float64(y) + 0.5, dark, timing})
	}
	for _, corner := range [3][2]int{{3, 3}, {size - 4, 3}, {3, size - 4}} {
		eachAround(4, func(dx, dy, ring int) {
			x, y := corner[0]+dx, corner[1]+dy
			if x >= 0 && y >= 0 && x < size && y < size {
				add(x, y, ring != 2 && ring != 4, false)
			}
		})
	}
	for i := 8; i < size-8; i++ {
		add(i, 6, i%2 == 0, true)
		add(6, i, i%2 == 0, true)
	}
	for _, m := range alignmentPatterns(size) {
		eachAround(2, func(dx, dy, ring int) { add(m[0]+dx, m[1]+dy, ring != 1, true) })
	}
	return t
}

// alignmentPatterns returns the middles of all but those that finder patterns
// would cover.
func alignmentPatterns(size int) [][2]int {
	middles := alignmentMiddles(size)
	var all [][2]int
	for i, y := range middles {
		for j, x := range middles {
			last := len(middles) - 1
			if i == 0 && (j == 0 || j == last) || i == last && j == 0 {
				continue
			}
			all = append(all, [2]int{x, y})
		}
	}
	return all
}

// eachAround visits a square, ring by ring seen from its middle.
func eachAround(radius int, visit func(dx, dy, ring int)) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			visit(dx, dy, max(dx, -dx, dy, -dy))
		}
	}
}

// alignmentMiddles are the rows and columns of alignment patterns: annex E, whose
// table is even steps back from the last, but for version 32.
func alignmentMiddles(size int) []int {
	version := (size - 17) / 4
	if version < 2 {
		return nil
	}
	count := version/7 + 2
	step := 26
	if version != 32 {
		step = (version*4 + count*2 + 1) / (count*2 - 2) * 2
	}
	middles := make([]int, count)
	middles[0] = 6
	for i, at := count-1, size-7; i > 0; i, at = i-1, at-step {
		middles[i] = at
	}
	return middles
}
