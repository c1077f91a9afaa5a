package render

import (
	"image"
	"image/draw"

	"golang.org/x/image/vector"
)

// rasterise draws the picture with scale pixels a module and smooth edges.
func (p *Picture) rasterise(scale int) *image.RGBA {
	canvas := image.NewRGBA(image.Rect(0, 0, p.width*scale, p.height*scale))
	if !p.style.Transparent {
		draw.Draw(canvas, canvas.Rect, image.NewUniform(p.style.Background), image.Point{}, draw.Src)
	}
	for _, l := range p.layers {
		l.fill(canvas, scale)
	}
	if p.logo != nil {
		p.logo.draw(canvas, scale)
	}
	return canvas
}

func (l layer) fill(canvas *image.RGBA, scale int) {
	for _, r := range l.rects {
		l.paint.fillRect(canvas, r, scale)
	}
	if len(l.path) == 0 {
		return
	}
	mask := l.path.mask(canvas.Rect.Dx(), canvas.Rect.Dy(), float32(scale), 0)
	for y := range canvas.Rect.Dy() {
		line := mask.Pix[y*mask.Stride : y*mask.Stride+canvas.Rect.Dx()]
		for x, cover := range line {
			if cover > 0 {
				l.paint.blend(canvas, x, y, scale, cover)
			}
		}
	}
}

func (p paint) fillRect(canvas *image.RGBA, r rect, scale int) {
	k := int32(scale)
	where := image.Rect(int(r.x*k), int(r.y*k), int((r.x+r.w)*k), int((r.y+r.h)*k))
	if p.shade == nil {
		draw.Draw(canvas, where, image.NewUniform(p.color), image.Point{}, draw.Src)
		return
	}
	for y := where.Min.Y; y < where.Max.Y; y++ {
		for x := where.Min.X; x < where.Max.X; x++ {
			p.blend(canvas, x, y, scale, opaque)
		}
	}
}

const opaque = 0xff

// blend covers a pixel by so many parts of 255.
func (p paint) blend(canvas *image.RGBA, x, y, scale int, cover uint8) {
	c := p.color
	if p.shade != nil {
		c = p.at(point{(float64(x) + 0.5) / float64(scale), (float64(y) + 0.5) / float64(scale)})
	}
	px := canvas.Pix[canvas.PixOffset(x, y):]
	over := func(old, new uint8) uint8 {
		return uint8((uint32(new)*uint32(cover) + uint32(old)*uint32(opaque-cover) + opaque/2) / opaque)
	}
	px[0], px[1], px[2], px[3] = over(px[0], c.R), over(px[1], c.G), over(px[2], c.B), over(px[3], opaque)
}

// mask is how much of each pixel the path covers, from the line top on.
func (p path) mask(width, height int, scale, top float32) *image.Alpha {
	fill := vector.NewRasterizer(width, height)
	at := func(q point) (x, y float32) { return float32(q.X) * scale, float32(q.Y)*scale - top }
	for _, s := range p {
		ax, ay := at(s.to[0])
		bx, by := at(s.to[1])
		switch s.op {
		case moveTo:
			fill.MoveTo(ax, ay)
		case lineTo:
			fill.LineTo(ax, ay)
		case quadTo:
			fill.QuadTo(ax, ay, bx, by)
		case cubicTo:
			cx, cy := at(s.to[2])
			fill.CubeTo(ax, ay, bx, by, cx, cy)
		default:
			fill.ClosePath()
		}
	}
	mask := image.NewAlpha(image.Rect(0, 0, width, height))
	fill.DrawOp = draw.Src
	fill.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	return mask
}
