package render

import (
	"image"
	"image/color"
)

// fewColors returns the image with a palette where it has 256 colours at the
// most, as all have that carry neither gradient nor logo: a third of the size.
func fewColors(img *image.RGBA) image.Image {
	const most = 256
	index := map[uint32]uint8{}
	var colors color.Palette
	out := image.NewPaletted(img.Rect, nil)
	last, lastIndex := uint32(0), -1
	for i := range out.Pix {
		px := img.Pix[4*i : 4*i+4 : 4*i+4]
		key := uint32(px[0])<<24 | uint32(px[1])<<16 | uint32(px[2])<<8 | uint32(px[3])
		if lastIndex < 0 || key != last {
			at, known := index[key]
			if !known {
				if len(colors) == most {
					return img
				}
				at = uint8(len(colors))
				index[key] = at
				colors = append(colors, color.NRGBAModel.Convert(color.RGBA{px[0], px[1], px[2], px[3]}))
			}
			last, lastIndex = key, int(at)
		}
		out.Pix[i] = uint8(lastIndex)
	}
	out.Palette = colors
	return out
}
