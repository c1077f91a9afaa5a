package scan

import (
	"image"
	"image/color"
)

// luminance takes the light of a picture; what is transparent is white, as on paper.
func luminance(img image.Image) *plane {
	bounds := img.Bounds()
	p := newPlane(bounds.Dx(), bounds.Dy())
	line := lineReader(img)
	for y := range p.h {
		line(bounds.Min.Y+y, p.pix[y*p.w:(y+1)*p.w])
	}
	return p
}

// lineReader returns what fills one line; pictures of the common kinds are read
// without making a colour of every pixel.
func lineReader(img image.Image) func(y int, out []byte) {
	left := img.Bounds().Min.X
	switch m := img.(type) {
	case *image.Gray:
		return func(y int, out []byte) { copy(out, m.Pix[m.PixOffset(left, y):]) }
	case *image.YCbCr:
		return func(y int, out []byte) { copy(out, m.Y[m.YOffset(left, y):]) }
	case *image.RGBA: // opaque: only files without transparency decode to it
		return func(y int, out []byte) {
			from := m.Pix[m.PixOffset(left, y):]
			for x := range out {
				out[x] = light(from[4*x], from[4*x+1], from[4*x+2], 255)
			}
		}
	case *image.NRGBA:
		return func(y int, out []byte) {
			from := m.Pix[m.PixOffset(left, y):]
			for x := range out {
				out[x] = light(from[4*x], from[4*x+1], from[4*x+2], from[4*x+3])
			}
		}
	case *image.Paletted:
		var table [256]byte
		for i, c := range m.Palette {
			table[i] = lightOf(c)
		}
		return func(y int, out []byte) {
			for x, v := range m.Pix[m.PixOffset(left, y):][:len(out)] {
				out[x] = table[v]
			}
		}
	}
	return func(y int, out []byte) {
		for x := range out {
			out[x] = lightOf(img.At(left+x, y))
		}
	}
}

func lightOf(c color.Color) byte {
	n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
	return light(n.R, n.G, n.B, n.A)
}

// light weighs the channels as Rec. 601 does.
func light(r, g, b, a byte) byte {
	v := (299*uint32(r) + 587*uint32(g) + 114*uint32(b)) / 1000
	return byte((v*uint32(a) + 255*(255-uint32(a))) / 255)
}
