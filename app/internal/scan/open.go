package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // the first picture of an animation
	_ "image/jpeg" // baseline and progressive
	_ "image/png"  // interlaced too
	"io"

	_ "golang.org/x/image/bmp"  // uncompressed
	_ "golang.org/x/image/webp" // lossy and lossless
)

// Formats are what Open takes, for people.
const Formats = "PNG, JPEG, GIF, WebP or BMP"

// MaxPixels is what a picture may have: a photo of 24 megapixels.
const MaxPixels = 24_000_000

// maxSide keeps out strips that no camera makes.
const maxSide = 16_384

// Reasons to refuse a picture.
var (
	ErrNotImage = errors.New("not a picture of a known kind")
	ErrTooLarge = errors.New("picture too large")
	ErrBroken   = errors.New("broken picture")
)

// Picture is one that was opened: upright and without colours.
type Picture struct{ plane *plane }

// Header is what the first bytes say.
type Header struct {
	Format        string
	Width, Height int
	// Memory is about what opening it takes at the most, in bytes.
	Memory int64
}

// Inspect reads the header only. Its error is one of ErrNotImage, ErrTooLarge
// and ErrBroken, with the reason.
func Inspect(file []byte) (Header, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case errors.Is(err, image.ErrFormat):
		return Header{}, fmt.Errorf("%w: must be %s", ErrNotImage, Formats)
	case err != nil:
		return Header{}, fmt.Errorf("%w: %w", ErrBroken, err)
	case config.Width <= 0 || config.Height <= 0:
		return Header{}, fmt.Errorf("%w: it has no pixels", ErrBroken)
	case config.Width > maxSide || config.Height > maxSide || config.Width*config.Height > MaxPixels:
		return Header{}, fmt.Errorf("%w: %d × %d pixels; at most %d million, %d a side", ErrTooLarge, config.Width, config.Height, MaxPixels/1_000_000, maxSide)
	}
	h := Header{Format: format, Width: config.Width, Height: config.Height}
	pixels := int64(config.Width) * int64(config.Height)
	opening := pixels * bytesPerPixel(format, config.ColorModel, file)
	if n := losslessBytes(file); format == "webp" && n > 0 {
		if n > maxLossless {
			return Header{}, fmt.Errorf("%w: lossless WebP may be %d KiB at most; send a PNG", ErrTooLarge, maxLossless>>10)
		}
		opening += int64(n) * treesPerByte
	}
	h.Memory = max(opening, pixels+min(pixels, workSize*workSize)*readingPerPixel)
	if h.Memory > MaxMemory {
		return Header{}, fmt.Errorf("%w: %d × %d pixels are too many for this kind of %s; make it smaller", ErrTooLarge, h.Width, h.Height, format)
	}
	return h, nil
}

const (
	// MaxMemory is the most that one picture may take.
	MaxMemory = 112 << 20
	// readingPerPixel is what searching takes: sums, and bitmaps of both polarities.
	readingPerPixel = 36
)

// bytesPerPixel is what a decoder makes of a pixel, and the luminance.
func bytesPerPixel(format string, model color.Model, file []byte) int64 {
	switch {
	case format == "jpeg":
		return 1 + jpegBytesPerPixel(file)
	case format == "webp":
		return 1 + 9 // pixels twice while a transformation is undone
	case model == color.GrayModel:
		return 1 + 1
	case model == color.Gray16Model:
		return 1 + 2
	case model == color.RGBA64Model, model == color.NRGBA64Model:
		return 1 + 8
	}
	if _, ok := model.(color.Palette); ok {
		return 1 + 1
	}
	return 1 + 4
}

// Open decodes the picture. Inspect must have taken it. When ctx ends, so does
// decoding, with ctx's error.
func Open(ctx context.Context, file []byte) (*Picture, error) {
	img, format, err := image.Decode(&untilDone{ctx, bytes.NewReader(file)})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("open picture: %w", ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	p := luminance(img)
	if p.w == 0 || p.h == 0 {
		return nil, fmt.Errorf("%w: it has no pixels", ErrBroken)
	}
	if format == "jpeg" {
		p = p.upright(orientation(file))
	}
	return &Picture{p}, nil
}

// untilDone ends a decoder by ending its input: a JPEG of thousands of scans has
// few pixels and keeps a decoder busy for minutes.
type untilDone struct {
	ctx context.Context //nolint:containedctx // a Reader has no other way to see it
	io.Reader
}

// Read implements io.Reader.
func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p[:min(len(p), 4096)])
}
