package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/ycesproject/yces/app/internal/imagefile"
)

// Formats are what Open takes, for people.
const Formats = "PNG, JPEG, GIF, WebP or BMP"

// MaxPixels is what a picture may have: a photo of 24 megapixels.
const MaxPixels = 24_000_000

// Reasons to refuse a picture.
var (
	ErrNotImage = imagefile.ErrNotImage
	ErrTooLarge = imagefile.ErrTooLarge
	ErrBroken   = imagefile.ErrBroken
)

// Picture is one that was opened: upright and without colours.
type Picture struct{ plane *plane }

const (
	// MaxMemory is the most that one picture may take.
	MaxMemory = 112 << 20
	// readingPerPixel is what searching takes: sums, and bitmaps of both polarities.
	readingPerPixel = 36
)

// Inspect returns about what opening and reading a picture takes at the most, in
// bytes, by its first bytes. Its error is one of ErrNotImage, ErrTooLarge and
// ErrBroken, with the reason.
func Inspect(file []byte) (memory int64, err error) {
	h, err := imagefile.Inspect(file, imagefile.Limits{Pixels: MaxPixels, Memory: MaxMemory})
	if errors.Is(err, ErrNotImage) {
		return 0, fmt.Errorf("%w: must be %s", err, Formats)
	}
	if err != nil {
		return 0, err
	}
	// The luminance is a byte a pixel.
	pixels := int64(h.Width) * int64(h.Height)
	return min(MaxMemory, pixels+max(h.Memory, min(pixels, workSize*workSize)*readingPerPixel)), nil
}

// Open decodes the picture. Inspect must have taken it. When ctx ends, so does
// decoding, with ctx's error.
func Open(ctx context.Context, file []byte) (*Picture, error) {
	img, format, err := imagefile.Decode(ctx, file)
	if err != nil {
		return nil, err
	}
	p := luminance(img)
	if format == "jpeg" {
		p = p.upright(imagefile.Orientation(file))
	}
	return &Picture{p}, nil
}
