// Package imagefile opens image files of strangers. What one costs is known,
// and refused, by what its first bytes say, before anything of its size is made;
// decoding ends with its context.
package imagefile

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

// Reasons to refuse a file.
var (
	ErrNotImage = errors.New("not a picture of a known kind")
	ErrTooLarge = errors.New("picture too large")
	ErrBroken   = errors.New("broken picture")
)

// maxSide keeps out strips that no camera makes.
const maxSide = 16_384

// maxScans is many times what encoders of progressive JPEGs write. Each scan
// costs as much as the whole picture, and takes a few bytes.
const maxScans = 64

// Limits are what a file may cost.
type Limits struct {
	Pixels int
	// Memory is in bytes.
	Memory int64
}

// Header is what a file says of itself.
type Header struct {
	// Format is named as in package image.
	Format        string
	Width, Height int
	// Memory is about what decoding takes at the most, in bytes.
	Memory int64
}

// Inspect reads what is needed to know a file's cost. Its error is one of
// ErrNotImage, ErrTooLarge and ErrBroken, with the reason; with ErrTooLarge the
// format and size are known all the same.
func Inspect(file []byte, limits Limits) (Header, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	h := Header{Format: format, Width: config.Width, Height: config.Height}
	switch {
	case errors.Is(err, image.ErrFormat):
		return Header{}, ErrNotImage
	case err != nil:
		return Header{}, fmt.Errorf("%w: %w", ErrBroken, err)
	case h.Width <= 0 || h.Height <= 0:
		return Header{}, fmt.Errorf("%w: it has no pixels", ErrBroken)
	case h.Width > maxSide || h.Height > maxSide || h.Width*h.Height > limits.Pixels:
		return h, fmt.Errorf("%w: %d × %d pixels; at most %d million, %d a side", ErrTooLarge, h.Width, h.Height, limits.Pixels/1_000_000, maxSide)
	}
	perPixel := bytesPerPixel(config.ColorModel)
	switch format {
	case "jpeg":
		if n := jpegScans(file); n > maxScans {
			return h, fmt.Errorf("%w: it has %d scans, at most %d; save it anew as a PNG or baseline JPEG", ErrTooLarge, n, maxScans)
		}
		perPixel = jpegBytesPerPixel(file)
	case "webp":
		perPixel = 9 // pixels twice while a transformation is undone
		if h.Memory, err = webpMemory(file, h.Width, h.Height); err != nil {
			return Header{}, fmt.Errorf("%w: %w", ErrBroken, err)
		}
	}
	h.Memory += int64(h.Width) * int64(h.Height) * perPixel
	if h.Memory > limits.Memory {
		return h, fmt.Errorf("%w: opening this %s of %d × %d pixels takes too much memory; make it smaller, or send a PNG", ErrTooLarge, format, h.Width, h.Height)
	}
	return h, nil
}

// bytesPerPixel is what the decoders of PNG, GIF and BMP make of a pixel.
func bytesPerPixel(model color.Model) int64 {
	switch model {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := model.(color.Palette); ok {
		return 1
	}
	return 4
}

// Decode decodes a file that Inspect has taken, and names its format. When ctx
// ends, so does decoding, with ctx's error; others are ErrBroken.
func Decode(ctx context.Context, file []byte) (image.Image, string, error) {
	img, format, err := image.Decode(&untilDone{ctx, bytes.NewReader(file)})
	if ctx.Err() != nil {
		return nil, "", fmt.Errorf("open picture: %w", ctx.Err())
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if img.Bounds().Empty() {
		return nil, "", fmt.Errorf("%w: it has no pixels", ErrBroken)
	}
	return img, format, nil
}

// untilDone ends a decoder by ending its input.
type untilDone struct {
	ctx context.Context //nolint:containedctx // a Reader has no other way to see it
	io.Reader
}

// Read implements io.Reader.
func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p[:min(len(p), 1024)])
}
