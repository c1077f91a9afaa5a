package render

import "math"

// logoMargin is the least free space around a logo, in modules.
const logoMargin = 0.6

// visible is the opacity from which on a logo's pixel needs free space.
const visible = 0x10

// clearing is the modules that a logo needs for itself: its outline and a
// margin, in the middle of the symbol. The zero value is none.
type clearing struct {
	left, top, width int
	modules          []bool
}

func (c clearing) holds(x, y int) bool {
	x, y = x-c.left, y-c.top
	return x >= 0 && x < c.width && y >= 0 && y*c.width < len(c.modules) && c.modules[y*c.width+x]
}

func (c clearing) count() int {
	n := 0
	for _, m := range c.modules {
		if m {
			n++
		}
	}
	return n
}

// clears returns what a logo needs in a symbol of a width. Round logos clear
// round places; what lies within an outline is cleared too.
func (l *Logo) clears(width, size int) clearing {
	w, h := logoExtent(width, size, l)
	// Symbols have an odd number of modules, so that the middle one stays in the middle.
	half := func(extent float64) int { return max(0, int(math.Ceil((extent+2*logoMargin-1)/2))) }
	x, y := half(w), half(h)
	c := clearing{left: width/2 - x, top: width/2 - y, width: 2*x + 1}
	c.modules = make([]bool, c.width*(2*y+1))
	pixel := w / float64(l.image.Rect.Dx())
	left, top := (float64(c.width)-w)/2, (float64(2*y+1)-h)/2
	for py := range l.image.Rect.Dy() {
		for px := range l.image.Rect.Dx() {
			if l.image.Pix[py*l.image.Stride+4*px+3] >= visible {
				c.mark(left+float64(px)*pixel, top+float64(py)*pixel, pixel)
			}
		}
	}
	for row := 0; row < len(c.modules); row += c.width {
		fill(c.modules[row : row+c.width])
	}
	return c
}

// mark clears what a pixel and its margin touch.
func (c clearing) mark(x, y, pixel float64) {
	last := len(c.modules)/c.width - 1
	for my := max(0, int(math.Floor(y-logoMargin))); my <= min(last, int(y+pixel+logoMargin)); my++ {
		for mx := max(0, int(math.Floor(x-logoMargin))); mx <= min(c.width-1, int(x+pixel+logoMargin)); mx++ {
			c.modules[my*c.width+mx] = true
		}
	}
}

// fill closes what lies between a line's first and last module.
func fill(line []bool) {
	first, last := -1, -1
	for i, m := range line {
		if m {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	for i := max(first, 0); i <= last; i++ {
		line[i] = true
	}
}
