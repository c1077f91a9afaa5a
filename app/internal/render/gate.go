package render

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// ErrUnreadable says that the file does not read back as the symbol's text.
var ErrUnreadable = errors.New("picture does not read back as its text")

// Scales at which pictures are read: vectors as on a screen, and everything
// styled as a phone sees it from afar.
const (
	vectorScale = 4
	phoneScale  = 3
)

// verify reads the file back. A plain picture must show the very modules of the
// symbol, which was decoded when it was made; a styled one is decoded from its
// pixels, as they are and as a phone sees them.
func (f Format) verify(p *Picture, file []byte) error {
	switch {
	case p.plain() && f.read == nil:
		return p.compareRects()
	case p.plain() && f.Name == png.Name:
		return p.comparePNG(file)
	}
	scale := p.style.Scale
	var img image.Image
	if f.read == nil {
		scale = vectorScale
		img = p.rasterise(scale)
	} else {
		var err error
		if img, err = f.read(file, p); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	}
	light := luminance(img)
	if !p.style.shaped() && p.style.Logo == nil {
		return p.compareSamples(light, scale)
	}
	if err := p.decode(light); err != nil {
		return err
	}
	return p.decode(luminance(p.rasterise(phoneScale)))
}

// compareRects says whether the rectangles are the symbol's modules.
func (p *Picture) compareRects() error {
	found, err := p.rectModules()
	if err != nil {
		return err
	}
	for _, row := range p.symbol.Rows {
		if !slices.Equal(found[:p.symbol.Width], row.Modules) {
			return ErrUnreadable
		}
		found = found[p.symbol.Width:]
	}
	return nil
}

// rectModules returns the modules that the rectangles cover, row by row.
func (p *Picture) rectModules() ([]bool, error) {
	width := p.symbol.Width
	found := make([]bool, width*len(p.symbol.Rows))
	row, top := 0, int32(p.quiet.Top)
	for _, r := range p.layers[0].rects {
		for row < len(p.symbol.Rows) && top < r.y {
			top += int32(p.symbol.Rows[row].Height)
			row++
		}
		from, to := int(r.x)-p.quiet.Left, int(r.x+r.w)-p.quiet.Left
		if row == len(p.symbol.Rows) || top != r.y || int(r.h) != p.symbol.Rows[row].Height || from < 0 || to > width {
			return nil, ErrUnreadable
		}
		for x := from; x < to; x++ {
			found[row*width+x] = true
		}
	}
	return found, nil
}

// luminance returns the light of an image's pixels, on white where it is
// transparent, with the weights of ITU-R BT.601, as readers use them.
func luminance(img image.Image) *image.Gray {
	bounds := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	if indexed, ok := img.(*image.Paletted); ok {
		var light [256]uint8
		for i, c := range indexed.Palette {
			r, g, b, a := c.RGBA()
			light[i] = grey(r>>8, g>>8, b>>8) + uint8((0xffff-a)>>8)
		}
		for i, index := range indexed.Pix {
			out.Pix[i] = light[index]
		}
		return out
	}
	canvas, ok := img.(*image.RGBA)
	if !ok || !canvas.Opaque() {
		canvas = image.NewRGBA(out.Rect)
		draw.Draw(canvas, canvas.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(canvas, canvas.Rect, img, bounds.Min, draw.Over)
	}
	for i := range out.Pix {
		px := canvas.Pix[4*i : 4*i+3 : 4*i+3]
		out.Pix[i] = grey(uint32(px[0]), uint32(px[1]), uint32(px[2]))
	}
	return out
}

func grey(r, g, b uint32) uint8 { return uint8((299*r + 587*g + 114*b) / 1000) }

// compareSamples says whether each module's centre is as dark as the symbol says.
func (p *Picture) compareSamples(light *image.Gray, scale int) error {
	dark, bright := uint8(0), uint8(opaque)
	y := p.quiet.Top
	for _, row := range p.symbol.Rows {
		at := y*scale + scale/2 // above the text, which may stand between guard bars
		y += row.Height
		for x, module := range row.Modules {
			v := light.Pix[at*light.Stride+(2*(p.quiet.Left+x)+1)*scale/2]
			if module {
				dark = max(dark, v)
			} else {
				bright = min(bright, v)
			}
		}
	}
	if dark >= bright {
		return ErrUnreadable
	}
	return nil
}

// decode looks for the symbol as a reader does.
func (p *Picture) decode(light *image.Gray) error {
	source := gozxing.NewLuminanceSourceFromImage(light)
	how := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	last := ErrUnreadable
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bits, err := gozxing.NewBinaryBitmap(binarizer)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		result, err := qrcode.NewQRCodeReader().Decode(bits, how)
		if err == nil && result.GetText() == p.symbol.Text {
			return nil
		}
		if err != nil {
			last = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	}
	return last
}
