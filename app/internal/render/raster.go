package render

import (
	"image"
	"image/draw"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// raster is a symbol in pixels, one bit each, the leftmost pixel in the highest bit.
type raster struct {
	symbol        *symbol.Symbol
	scale         int
	width, height int
	// stride is the number of bytes of a line.
	stride int
	// text is how much of each pixel from the line textTop on is covered by text.
	text    *image.Alpha
	textTop int
}

func newRaster(s *symbol.Symbol, scale int) (*raster, error) {
	w, h := s.Size()
	r := &raster{symbol: s, scale: scale, width: w * scale, height: h * scale}
	r.stride = (r.width + 7) / 8
	r.textTop = r.height
	if len(s.Labels) == 0 {
		return r, nil
	}
	strokes, err := outlines(s)
	if err != nil {
		return nil, err
	}
	for _, l := range s.Labels {
		r.textTop = min(r.textTop, (s.Quiet.Top+l.Y)*scale)
	}
	r.text = fillOutlines(strokes, r.width, r.height-r.textTop, float32(scale), float32(r.textTop))
	return r, nil
}

func fillOutlines(strokes []stroke, width, height int, scale, top float32) *image.Alpha {
	fill := vector.NewRasterizer(width, height)
	at := func(p point) (x, y float32) { return float32(p.X) * scale, float32(p.Y)*scale - top }
	for _, s := range strokes {
		x, y := at(s.to[0])
		switch s.op {
		case sfnt.SegmentOpMoveTo:
			fill.ClosePath()
			fill.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			fill.LineTo(x, y)
		default:
			endX, endY := at(s.to[1])
			fill.QuadTo(x, y, endX, endY)
		}
	}
	fill.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, width, height))
	fill.DrawOp = draw.Src
	fill.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	return mask
}

// each calls line for the image's lines from top to bottom: the pixels and how
// many equal lines follow one another. The pixels are valid during the call only.
func (r *raster) each(line func(pixels []byte, times int)) {
	s := r.symbol
	pixels := make([]byte, r.stride)
	y := 0
	emit := func(modules []bool, height int) {
		clear(pixels)
		r.paint(pixels, modules)
		end := y + height*r.scale
		if plain := min(end, r.textTop) - y; plain > 0 {
			line(pixels, plain)
			y += plain
		}
		scratch := make([]byte, r.stride)
		for ; y < end; y++ {
			copy(scratch, pixels)
			r.paintText(scratch, y-r.textTop)
			line(scratch, 1)
		}
	}
	emit(nil, s.Quiet.Top)
	painted := s.Quiet.Top
	for _, row := range s.Rows {
		emit(row.Modules, row.Height)
		painted += row.Height
	}
	_, h := s.Size()
	emit(nil, h-painted)
}

func (r *raster) paint(pixels []byte, modules []bool) {
	for m, dark := range modules {
		if !dark {
			continue
		}
		from := (r.symbol.Quiet.Left + m) * r.scale
		for x := from; x < from+r.scale; x++ {
			pixels[x>>3] |= 0x80 >> (x & 7)
		}
	}
}

func (r *raster) paintText(pixels []byte, y int) {
	const half = 0x80
	for x, cover := range r.text.Pix[y*r.text.Stride : y*r.text.Stride+r.width] {
		if cover >= half {
			pixels[x>>3] |= 0x80 >> (x & 7)
		}
	}
}
