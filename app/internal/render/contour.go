package render

// contours returns the outlines of the dark modules, edge by edge: clockwise
// around what is dark, the other way around holes. Modules that touch at a
// corner only stay apart.
func (g *grid) contours() [][]point {
	done := map[corner]bool{}
	var all [][]point
	for y := range g.height {
		for x := range g.width {
			start := corner{x, y, east}
			if g.dark(x, y) && !g.dark(x, y-1) && !done[start] {
				all = append(all, g.follow(start, done))
			}
		}
	}
	return all
}

// corner is a corner of a module and where the outline goes from there.
type corner struct {
	x, y int
	way  way
}

// way is a direction; adding one turns right.
type way int

const (
	east way = iota
	south
	west
	north
)

var steps = [4]struct{ x, y int }{east: {1, 0}, south: {0, 1}, west: {-1, 0}, north: {0, -1}}

// ahead are the modules to the left and to the right of a step in a direction,
// seen from its start.
var ahead = [4]struct{ left, right struct{ x, y int } }{
	east:  {left: struct{ x, y int }{0, -1}, right: struct{ x, y int }{0, 0}},
	south: {left: struct{ x, y int }{0, 0}, right: struct{ x, y int }{-1, 0}},
	west:  {left: struct{ x, y int }{-1, 0}, right: struct{ x, y int }{-1, -1}},
	north: {left: struct{ x, y int }{-1, -1}, right: struct{ x, y int }{0, -1}},
}

func (g *grid) follow(start corner, done map[corner]bool) []point {
	var corners []point
	at := start
	for {
		if at.way == east {
			done[at] = true
		}
		step := steps[at.way]
		at.x, at.y = at.x+step.x, at.y+step.y
		next := g.turn(at)
		if next != at.way {
			corners = append(corners, point{g.left + float64(at.x), g.top + float64(at.y)})
		}
		at.way = next
		if at == start {
			return corners
		}
	}
}

// turn keeps the dark to the right: to the right where the outline's own module
// ends, to the left where another one stands in the way.
func (g *grid) turn(at corner) way {
	a := ahead[at.way]
	switch {
	case !g.dark(at.x+a.right.x, at.y+a.right.y):
		return (at.way + 1) % 4
	case g.dark(at.x+a.left.x, at.y+a.left.y):
		return (at.way + 3) % 4
	}
	return at.way
}
