// Package render turns symbols into files: SVG, PDF and EPS in vectors, PNG,
// JPEG and WebP in whole pixels per module. A symbol becomes a Picture, which a
// format writes, and which is read back before the file leaves. Each format is
// one file and one entry of Formats.
package render

import (
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
var Formats = []Format{png, svg, pdf, eps, jpeg}

// ByName returns the format with that extension.
func ByName(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}

// maxSmoothPixels bounds images that are drawn with more than two colours,
// which need some twelve bytes a pixel while they are made.
const maxSmoothPixels = 4 << 20

// Render returns the file, which was read back. The style must have passed Fit.
// The error is a fault.List where the style does not suit the format or would
// not scan.
func (f Format) Render(s *symbol.Symbol, st Style) ([]byte, error) {
	if err := f.check(s, st); err != nil {
		return nil, err
	}
	p, err := NewPicture(s, st)
	if err != nil {
		return nil, err
	}
	file, err := f.write(p)
	if err != nil {
		return nil, err
	}
	if err := f.verify(p, file); err != nil {
		return nil, f.advise(s, st, err)
	}
	return file, nil
}

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
	w, h := sizeWith(s, st.quiet(s))
	smooth := f.Raster && (st.styled() || f.Name != png.Name)
	if pixels := w * h * st.Scale * st.Scale; smooth && pixels > maxSmoothPixels {
		faults.Add("scale", "makes an image of %d × %d pixels, more than %d in all for this style and format; choose a smaller one, or SVG or PDF for print",
			w*st.Scale, h*st.Scale, maxSmoothPixels)
	}
	return faults.Err()
}
