package render

import "image"

// bitmap is a plain picture in pixels, one bit each, the leftmost pixel in the
// highest bit.
type bitmap struct {
	picture       *Picture
	scale         int
	width, height int
	// stride is the number of bytes of a line.
	stride int
	// text is how much of each pixel from the line textTop on is covered by text.
	text    *image.Alpha
	textTop int
}

func newBitmap(p *Picture) *bitmap {
	scale := p.style.Scale
	b := &bitmap{picture: p, scale: scale, width: p.width * scale, height: p.height * scale}
	b.stride = (b.width + 7) / 8
	b.textTop = b.height
	for _, l := range p.symbol.Labels {
		b.textTop = min(b.textTop, (p.quiet.Top+l.Y)*scale)
	}
	if b.textTop < b.height {
		b.text = p.layers[1].path.mask(b.width, b.height-b.textTop, float32(scale), float32(b.textTop))
	}
	return b
}

// each calls line for the image's lines from top to bottom: the pixels and how
// many equal lines follow one another. The pixels are valid during the call only.
func (b *bitmap) each(line func(pixels []byte, times int)) {
	pixels := make([]byte, b.stride)
	y := 0
	for rects := b.picture.layers[0].rects; len(rects) > 0; {
		n := 1
		for n < len(rects) && rects[n].y == rects[0].y {
			n++
		}
		y = b.emit(line, pixels, y, int(rects[0].y)*b.scale)
		for _, r := range rects[:n] {
			setBits(pixels, int(r.x)*b.scale, int(r.x+r.w)*b.scale)
		}
		y = b.emit(line, pixels, y, int(rects[0].y+rects[0].h)*b.scale)
		clear(pixels)
		rects = rects[n:]
	}
	b.emit(line, pixels, y, b.height)
}

// emit writes the lines from y to end and returns end.
func (b *bitmap) emit(line func([]byte, int), pixels []byte, y, end int) int {
	if plain := min(end, b.textTop) - y; plain > 0 {
		line(pixels, plain)
		y += plain
	}
	with := make([]byte, b.stride)
	for ; y < end; y++ {
		copy(with, pixels)
		b.paintText(with, y-b.textTop)
		line(with, 1)
	}
	return end
}

// setBits sets the bits from one to another, which is excluded.
func setBits(pixels []byte, from, to int) {
	first, last := from>>3, (to-1)>>3
	head, tail := byte(0xff)>>(from&7), byte(0xff)<<(7-(to-1)&7)
	if first == last {
		pixels[first] |= head & tail
		return
	}
	pixels[first] |= head
	for i := first + 1; i < last; i++ {
		pixels[i] = 0xff
	}
	pixels[last] |= tail
}

func (b *bitmap) paintText(pixels []byte, y int) {
	const half = 0x80
	for x, cover := range b.text.Pix[y*b.text.Stride : y*b.text.Stride+b.width] {
		if cover >= half {
			pixels[x>>3] |= 0x80 >> (x & 7)
		}
	}
}
