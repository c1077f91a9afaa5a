package render

import "slices"

// ModuleShape is what the dark modules of a symbol look like.
type ModuleShape struct {
	// Name is what the API calls it, Title what people do.
	Name, Title string
	draw        func(g *grid, l *layer)
}

// ModuleShapes lists them, the default first.
var ModuleShapes = []ModuleShape{
	{"square", "Square", drawSquares},
	{"rounded", "Rounded", drawContours(0.5, 0)},
	{"fluid", "Fluid", drawContours(0.5, 0.5)},
	{"dot", "Dots", drawDots},
	{"mosaic", "Mosaic", drawMosaic},
	{"vertical", "Upright bars", drawUpright},
	{"horizontal", "Level bars", drawLevel},
}

func moduleShape(name string) (ModuleShape, bool) {
	i := slices.IndexFunc(ModuleShapes, func(m ModuleShape) bool { return m.Name == name })
	if i < 0 {
		return ModuleShape{}, false
	}
	return ModuleShapes[i], true
}

const (
	// dotRadius, barWidth and tileWidth leave as little light between modules as
	// the eye needs: scanners see a module's colour around its centre.
	dotRadius = 0.46
	barWidth  = 0.82
	tileWidth = 0.86
	tileRound = 0.12
)

// drawSquares joins the modules of a row to rectangles.
func drawSquares(g *grid, l *layer) {
	y := int32(g.top)
	for _, row := range g.symbol.Rows {
		height := int32(row.Height)
		for x := 0; x < len(row.Modules); {
			if !row.Modules[x] {
				x++
				continue
			}
			start := x
			for x < len(row.Modules) && row.Modules[x] {
				x++
			}
			l.rects = append(l.rects, rect{int32(g.left) + int32(start), y, int32(x - start), height})
		}
		y += height
	}
}

// drawContours rounds the corners of areas of modules: those that stand out and
// those between two modules.
func drawContours(outer, inner float64) func(*grid, *layer) {
	return func(g *grid, l *layer) {
		for _, contour := range g.contours() {
			l.path.polygon(contour, func(_ int, right bool) float64 {
				if right {
					return outer
				}
				return inner
			})
		}
	}
}

func drawDots(g *grid, l *layer) {
	g.each(func(x, y float64) { l.path.circle(point{x + 0.5, y + 0.5}, dotRadius) })
}

func drawMosaic(g *grid, l *layer) {
	const gap = (1 - tileWidth) / 2
	g.each(func(x, y float64) {
		l.path.box(point{x + gap, y + gap}, tileWidth, tileWidth, [4]float64{tileRound, tileRound, tileRound, tileRound})
	})
}

func drawUpright(g *grid, l *layer) {
	for x := range g.width {
		runs(g.height, func(y int) bool { return g.dark(x, y) }, func(y, n int) {
			drawBar(l, point{g.left + float64(x) + (1-barWidth)/2, g.top + float64(y)}, barWidth, float64(n))
		})
	}
}

func drawLevel(g *grid, l *layer) {
	for y := range g.height {
		runs(g.width, func(x int) bool { return g.dark(x, y) }, func(x, n int) {
			drawBar(l, point{g.left + float64(x), g.top + float64(y) + (1-barWidth)/2}, float64(n), barWidth)
		})
	}
}

func drawBar(l *layer, at point, w, h float64) {
	const r = barWidth / 2
	l.path.box(at, w, h, [4]float64{r, r, r, r})
}

// runs calls found for each run of dark modules of a line.
func runs(length int, dark func(int) bool, found func(start, n int)) {
	for i := 0; i < length; {
		if !dark(i) {
			i++
			continue
		}
		start := i
		for i < length && dark(i) {
			i++
		}
		found(start, i-start)
	}
}
