package scan

// upright undoes an EXIF orientation.
func (p *plane) upright(orientation int) *plane {
	turns := [9]int{3: 2, 4: 2, 5: 1, 6: 1, 7: 3, 8: 3}[orientation]
	for range turns {
		p = p.turn()
	}
	switch orientation {
	case 2, 4, 5, 7:
		p = p.mirror()
	}
	return p
}

// mirror swaps left and right.
func (p *plane) mirror() *plane {
	out := newPlane(p.w, p.h)
	for y := range p.h {
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			out.pix[y*p.w+p.w-1-x] = v
		}
	}
	return out
}
