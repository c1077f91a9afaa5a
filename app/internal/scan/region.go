package scan

import (
	"cmp"
	"slices"
)

// rectangle is a part of a picture.
type rectangle struct{ x, y, w, h int }

// maxRegions bounds the work that a picture full of text makes.
const maxRegions = 12

// regions returns the parts with fine detail, the largest first, and the whole:
// gozxing finds a Data Matrix or Aztec symbol only around the middle of what it
// is given.
func (b *bitmap) regions() []rectangle {
	cell := max(8, max(b.w, b.h)/80)
	columns, rows := (b.w+cell-1)/cell, (b.h+cell-1)/cell
	busy := make([]bool, columns*rows)
	for i := range busy {
		busy[i] = b.detail(i%columns*cell, i/columns*cell, cell)
	}
	list := []rectangle{{0, 0, b.w, b.h}}
	for i := range busy {
		if !busy[i] {
			continue
		}
		r := flood(busy, columns, i)
		x, y := max(0, (r.x-1)*cell), max(0, (r.y-1)*cell)
		r = rectangle{x, y, min(b.w-x, (r.w+2)*cell), min(b.h-y, (r.h+2)*cell)}
		if r.w > 3*r.h*2 || r.h > 3*r.w*2 {
			continue
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b rectangle) int { return cmp.Compare(b.w*b.h, a.w*a.h) })
	return list[:min(len(list), maxRegions)]
}

// detail says whether a cell has both dark and light in fair parts.
func (b *bitmap) detail(x, y, cell int) bool {
	dark, all := 0, 0
	for j := y; j < min(y+cell, b.h); j++ {
		for i := x; i < min(x+cell, b.w); i++ {
			dark += int(b.dark[j*b.w+i])
			all++
		}
	}
	return dark*10 > all && dark*10 < all*10
}

// flood takes the cells that touch one another from start on, and returns what
// they cover, in cells.
func flood(busy []bool, columns, start int) rectangle {
	left, right := start%columns, start%columns
	top, bottom := start/columns, start/columns
	stack := []int{start}
	busy[start] = false
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		x, y := at%columns, at/columns
		left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
		eachAround(1, func(dx, dy, _ int) {
			next := at + dy*columns + dx
			if x+dx >= 0 && x+dx < columns && next >= 0 && next < len(busy) && busy[next] {
				busy[next] = false
				stack = append(stack, next)
			}
		})
	}
	return rectangle{left, top, right - left + 1, bottom - top + 1}
}
