package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	stdpng "image/png"
	"math"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ycesproject/yces/app/internal/imagefile"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// What a logo may cost before it is made small.
const (
	MaxLogoBytes  = 1 << 20
	MaxLogoPixels = 4 << 20
	// maxLogoMemory is what a progressive JPEG of three colours and as many pixels takes.
	maxLogoMemory = 64 << 20
	// logoTime is how long decoding may take: many times what it does.
	logoTime = 2 * time.Second
	// logoEdge is what a logo is reduced to: enough for print at a fifth of the width.
	logoEdge = 512
)

// DefaultLogoSize, MinLogoSize and MaxLogoSize are per cent of the symbol's width.
const (
	DefaultLogoSize = 20
	MinLogoSize     = 5
	MaxLogoSize     = 30
)

// Logo is a picture for the middle of a QR code: pixels only, nothing else of
// the file that it came in.
type Logo struct{ image *image.NRGBA }

// decoding lets one logo at a time be decoded, so that many uploads at once
// cannot take all memory.
var decoding = semaphore.NewWeighted(1)

// ParseLogo reads a PNG, JPEG, WebP or GIF file. Its cost is known, and refused,
// before anything of its size is made. The error says what the file must be,
// unless it is that of ctx.
func ParseLogo(ctx context.Context, file []byte) (*Logo, error) {
	if len(file) > MaxLogoBytes {
		return nil, fmt.Errorf("must be %d KiB at the most, got %d", MaxLogoBytes>>10, len(file)>>10)
	}
	h, err := imagefile.Inspect(file, imagefile.Limits{Pixels: MaxLogoPixels, Memory: maxLogoMemory})
	switch {
	case errors.Is(err, imagefile.ErrTooLarge) && h.Height > MaxLogoPixels/h.Width:
		return nil, fmt.Errorf("must have %d million pixels at the most, got %d × %d", MaxLogoPixels>>20, h.Width, h.Height)
	case errors.Is(err, imagefile.ErrTooLarge):
		return nil, fmt.Errorf("must be a simpler image: %w", err)
	case err != nil, h.Format == "bmp":
		return nil, notAnImage(file)
	}
	if err := decoding.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait to decode logo: %w", err)
	}
	defer decoding.Release(1)
	ctx, cancel := context.WithTimeout(ctx, logoTime)
	defer cancel()
	img, _, err := imagefile.Decode(ctx, file)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("must be a simpler image: opening it takes too long; save it anew as a PNG")
	case errors.Is(err, imagefile.ErrBroken):
		return nil, fmt.Errorf("must be a whole image: this %s is cut off or damaged", h.Format)
	case err != nil:
		return nil, err
	}
	return &Logo{reduce(img)}, nil
}

func notAnImage(file []byte) error {
	head := bytes.ToLower(bytes.TrimLeft(file[:min(len(file), 512)], "\ufeff \t\r\n"))
	switch {
	case bytes.HasPrefix(head, []byte("<svg")), bytes.HasPrefix(head, []byte("<?xml")):
		return errors.New("must be a PNG, JPEG, WebP or GIF file; SVG may carry programs and is not taken")
	case bytes.HasPrefix(head, []byte("http")):
		return errors.New("must be a PNG, JPEG, WebP or GIF file that you upload; addresses are never fetched")
	}
	return errors.New("must be a PNG, JPEG, WebP or GIF file, whole and undamaged")
}

// reduce copies the pixels, smaller where there are more than anybody sees.
func reduce(img image.Image) *image.NRGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if longest := max(w, h); longest > logoEdge {
		w, h = max(1, w*logoEdge/longest), max(1, h*logoEdge/longest)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, resample(img, w, h), image.Point{}, draw.Src)
	return out
}

// placedLogo is a logo and where it is drawn.
type placedLogo struct {
	image *image.NRGBA
	at    point
	w, h  float64
}

// logoExtent is a logo's width and height in a symbol, in modules.
func logoExtent(width, size int, l *Logo) (w, h float64) {
	longest := float64(width) * float64(size) / 100
	w, h = float64(l.image.Rect.Dx()), float64(l.image.Rect.Dy())
	k := longest / max(w, h)
	return w * k, h * k
}

// place puts a logo in the middle of a symbol.
func (l *Logo) place(s *symbol.Symbol, size int, g *grid) *placedLogo {
	w, h := logoExtent(s.Width, size, l)
	centre := point{g.left + float64(s.Width)/2, g.top + float64(s.Width)/2}
	return &placedLogo{l.image, point{centre.X - w/2, centre.Y - h/2}, w, h}
}

// draw paints the logo over the picture.
func (l *placedLogo) draw(canvas *image.RGBA, scale int) {
	px := func(v float64) int { return int(math.Round(v * float64(scale))) }
	where := image.Rect(px(l.at.X), px(l.at.Y), px(l.at.X+l.w), px(l.at.Y+l.h))
	if where.Empty() {
		return
	}
	draw.Draw(canvas, where, resample(l.image, where.Dx(), where.Dy()), image.Point{}, draw.Over)
}

// png is the logo as a file of its own.
func (l *placedLogo) png() ([]byte, error) {
	var b bytes.Buffer
	if err := stdpng.Encode(&b, l.image); err != nil {
		return nil, fmt.Errorf("encode logo: %w", err)
	}
	return b.Bytes(), nil
}
