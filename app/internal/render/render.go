// Package render turns symbols into files: SVG, PDF and EPS in vectors, PNG,
// JPEG and WebP in whole pixels per module. A symbol becomes a Picture, which a
// format writes, and which is read back before the file leaves. Each format is
// one file and one entry of Formats.
package render

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Format is a kind of file.
type Format struct {
	// Name is the file's extension, Title what people call it.
	Name, Title string
	MediaType   string
	// Raster is set for images of pixels, Alpha for those that can be
	// transparent, Lossy for those with a quality.
	Raster, Alpha, Lossy bool
	write                func(*Picture) ([]byte, error)
	// read returns the pixels that a viewer shows; nil for vectors, whose picture
	// is rasterised.
	read func([]byte, *Picture) (image.Image, error)
}

// Formats lists the kinds of files.
var Formats = []Format{png, svg, pdf, eps, jpeg, webpFormat}

// ByName returns the format with that extension.
func ByName(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}

// Render returns the file, which was read back. The style must have passed Fit.
// The error is a fault.List where the style does not suit the format or would
// not scan, and the context's where it ended while other large images were made.
func (f Format) Render(ctx context.Context, s *symbol.Symbol, st Style) ([]byte, error) {
	if err := f.check(s, st); err != nil {
		return nil, err
	}
	if f.smooth(st) {
		w, h := sizeWith(s, st.quiet(s))
		pixels := int64(w * h * st.Scale * st.Scale)
		if err := canvases.Acquire(ctx, pixels); err != nil {
			return nil, fmt.Errorf("wait for other large images: %w", err)
		}
		defer canvases.Release(pixels)
	}
	file, err := f.draw(s, st)
	if errors.Is(err, ErrUnreadable) && (st.styled() || f.Lossy) {
		return nil, f.advise(s, st, err)
	}
	return file, err
}

// picture returns what the file of a format would show, read back.
func (f Format) picture(s *symbol.Symbol, st Style) (*Picture, error) {
	p, err := NewPicture(s, st)
	if err != nil {
		return nil, err
	}
	if err := f.verify(p, nil); err != nil {
		return nil, f.advise(s, st, err)
	}
	return p, nil
}

func (f Format) draw(s *symbol.Symbol, st Style) ([]byte, error) {
	p, err := NewPicture(s, st)
	if err != nil {
		return nil, err
	}
	file, err := f.write(p)
	if err != nil {
		return nil, err
	}
	if err := f.verify(p, file); err != nil {
		return nil, fmt.Errorf("read %s back: %w", f.Name, err)
	}
	return file, nil
}

// smooth says that pixels of many colours are made.
func (f Format) smooth(st Style) bool { return f.Raster && (st.styled() || f.Name != png.Name) }

// minShapedScale is the least at which zbar reads what gozxing does.
const minShapedScale = 2

// check refuses what the format cannot do.
func (f Format) check(s *symbol.Symbol, st Style) error {
	var faults fault.List
	if st.Transparent && !f.Alpha {
		faults.Add("bg", "must be a colour in %s, which has no transparency", f.Title)
	}
	if st.Quality != 0 {
		switch {
		case !f.Lossy:
			faults.Add("quality", "is for JPEG; %s loses nothing", f.Title)
		case st.Quality < MinQuality || st.Quality > MaxQuality:
			faults.Add("quality", "must be between %d and %d, got %d", MinQuality, MaxQuality, st.Quality)
		}
	}
	if f.Raster && st.Scale < minShapedScale && st.shaped() {
		faults.Add("scale", "must be %d pixels per module at the least for shapes, got %d: fewer show no more than squares", minShapedScale, st.Scale)
	}
	w, h := sizeWith(s, st.quiet(s))
	if w*h*st.Scale*st.Scale > maxSmoothPixels && f.smooth(st) {
		faults.Add("scale", "makes an image of %d × %d pixels, more than %d in all for this style and format; choose a smaller one, or SVG or PDF for print",
			w*st.Scale, h*st.Scale, maxSmoothPixels)
	}
	return faults.Err()
}
