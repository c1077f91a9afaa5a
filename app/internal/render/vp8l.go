package render

import (
	"image"
	"image/color"
)

// A writer of lossless WebP's bit stream (RFC 9649 section 3). It knows where
// pictures of symbols repeat themselves: the pixel before and the line above.

// vp8lPixels is what the stream carries: numbers of alpha, red, green and blue.
type vp8lPixels struct {
	argb  []uint32
	width int
}

const (
	vp8lSignature     = 0x2f
	transformGreen    = 2
	transformIndexing = 3
	// Codes of the green alphabet: 256 values and 24 prefixes of lengths.
	lengthCodes = 24
	// distanceCodes is the size of the alphabet of prefixes of distances.
	distanceCodes = 40
	// vp8lMaxMatch is the longest repetition.
	vp8lMaxMatch = 4096
	vp8lMinMatch = 3
	// nearCodes is how many short codes for pixels nearby precede the distances.
	nearCodes = 120
	codeAbove = 1
	codeLeft  = 2
)

func encodeVP8L(img *image.RGBA) []byte {
	w := &bitWriter{}
	w.bits(vp8lSignature, 8)
	w.bits(uint32(img.Rect.Dx()-1), 14)
	w.bits(uint32(img.Rect.Dy()-1), 14)
	w.flag(!img.Opaque())
	w.bits(0, 3) // version
	if indexed, ok := fewColors(img).(*image.Paletted); ok {
		writeIndexed(w, indexed)
	} else {
		writeDirect(w, img)
	}
	return w.close()
}

// writeIndexed sends a palette, and up to eight pixels in one.
func writeIndexed(w *bitWriter, img *image.Paletted) {
	n := len(img.Palette)
	w.flag(true)
	w.bits(transformIndexing, 2)
	w.bits(uint32(n-1), 8)
	colors := vp8lPixels{argb: make([]uint32, n), width: n}
	var before uint32
	for i, c := range img.Palette {
		v := argbOf(c)
		colors.argb[i] = subtract(v, before)
		before = v
	}
	writeImage(w, colors, false)
	w.flag(false) // no more transforms
	writeImage(w, bundle(img, n), true)
}

// bundle packs pixels of few colours into the green of one, lowest bits first.
func bundle(img *image.Paletted, colors int) vp8lPixels {
	bits := 8
	switch {
	case colors <= 2:
		bits = 1
	case colors <= 4:
		bits = 2
	case colors <= 16:
		bits = 4
	}
	per := 8 / bits
	width, height := img.Rect.Dx(), img.Rect.Dy()
	out := vp8lPixels{width: (width + per - 1) / per}
	out.argb = make([]uint32, out.width*height)
	for y := range height {
		for x := range width {
			v := uint32(img.Pix[y*img.Stride+x]) << (x % per * bits)
			out.argb[y*out.width+x/per] |= v << 8
		}
	}
	for i := range out.argb {
		out.argb[i] |= 0xff000000
	}
	return out
}

// writeDirect sends red and blue as differences from green.
func writeDirect(w *bitWriter, img *image.RGBA) {
	w.flag(true)
	w.bits(transformGreen, 2)
	w.flag(false)
	out := vp8lPixels{argb: make([]uint32, img.Rect.Dx()*img.Rect.Dy()), width: img.Rect.Dx()}
	for i := range out.argb {
		px := img.Pix[4*i : 4*i+4 : 4*i+4]
		v := uint32(opaque)<<24 | uint32(px[0])<<16 | uint32(px[1])<<8 | uint32(px[2])
		if px[3] != opaque {
			v = argbOf(color.RGBA{px[0], px[1], px[2], px[3]})
		}
		green := v >> 8 & 0xff
		out.argb[i] = subtract(v, green<<16|green)
	}
	writeImage(w, out, true)
}

func argbOf(c color.Color) uint32 {
	n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
	return uint32(n.A)<<24 | uint32(n.R)<<16 | uint32(n.G)<<8 | uint32(n.B)
}

// subtract works on each of the four numbers by itself.
func subtract(a, b uint32) uint32 {
	const even, odd = 0x00ff00ff, 0xff00ff00
	return ((a|odd)-(b&even))&even | ((a|even)-(b&odd))&odd
}

// token is a pixel, or a repetition of length pixels from as code says.
type token struct {
	argb   uint32
	length int
	code   int
}

// writeImage sends pixels with one set of prefix codes and no colour cache.
// whole is set for the picture itself.
func writeImage(w *bitWriter, pixels vp8lPixels, whole bool) {
	w.flag(false) // no colour cache
	if whole {
		w.flag(false) // one set of codes
	}
	tokens := pixels.tokens()
	counts := [5][]int{make([]int, 256+lengthCodes), make([]int, 256), make([]int, 256), make([]int, 256), make([]int, distanceCodes)}
	for _, t := range tokens {
		t.each(func(alphabet int, symbol, _, _ uint32) { counts[alphabet][symbol]++ })
	}
	var codes [5]prefixCode
	for i, c := range counts {
		codes[i] = newPrefixCode(c, maxCodeLength)
		codes[i].write(w)
	}
	for _, t := range tokens {
		t.each(func(alphabet int, symbol, extra, n uint32) {
			codes[alphabet].put(w, symbol)
			w.bits(extra, uint(n))
		})
	}
}

// each calls put for what a token consists of: the alphabet (green and lengths,
// red, blue, alpha, distances), the symbol in it, and extra bits.
func (t token) each(put func(alphabet int, symbol, extra, n uint32)) {
	if t.length == 0 {
		put(0, t.argb>>8&0xff, 0, 0)
		put(1, t.argb>>16&0xff, 0, 0)
		put(2, t.argb&0xff, 0, 0)
		put(3, t.argb>>24, 0, 0)
		return
	}
	symbol, extra, n := prefix(t.length)
	put(0, 256+symbol, extra, n)
	symbol, extra, n = prefix(t.code)
	put(4, symbol, extra, n)
}

// prefix splits a number from 1 on into a symbol and extra bits (section 5.2.2).
func prefix(v int) (symbol, extra, n uint32) {
	v--
	if v < 4 {
		return uint32(v), 0, 0
	}
	top := uint32(0)
	for v>>(top+1) > 0 {
		top++
	}
	n = top - 1
	return 2*top + uint32(v)>>n&1, uint32(v) & (1<<n - 1), n
}

// tokens finds runs of the pixel before and of the line above.
func (p vp8lPixels) tokens() []token {
	var out []token
	for i := 0; i < len(p.argb); {
		left, above := p.repeats(i, 1), 0
		if p.width > 1 {
			above = p.repeats(i, p.width)
		}
		switch {
		case above >= vp8lMinMatch && above >= left:
			out = append(out, token{length: above, code: codeAbove})
			i += above
		case left >= vp8lMinMatch:
			out = append(out, token{length: left, code: codeLeft})
			i += left
		default:
			out = append(out, token{argb: p.argb[i]})
			i++
		}
	}
	return out
}

// repeats is how many pixels from i on equal those that stand distance before.
func (p vp8lPixels) repeats(i, distance int) int {
	if i < distance {
		return 0
	}
	n := 0
	for n < vp8lMaxMatch && i+n < len(p.argb) && p.argb[i+n] == p.argb[i+n-distance] {
		n++
	}
	return n
}
