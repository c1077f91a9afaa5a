package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math"
)

// JPEG with a JFIF header, which carries the resolution.
var jpeg = Format{Name: "jpg", Title: "JPEG", MediaType: "image/jpeg", Raster: true, Lossy: true, write: writeJPEG, read: readJPEG}

// DefaultQuality, MinQuality and MaxQuality are those of JPEG; below the least, edges blur.
const (
	DefaultQuality = 90
	MinQuality     = 30
	MaxQuality     = 100
)

func writeJPEG(p *Picture) ([]byte, error) {
	quality := p.style.Quality
	if quality == 0 {
		quality = DefaultQuality
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, withoutColor(p.rasterise(p.style.Scale)), &stdjpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode jpeg: %w", err)
	}
	const startOfImage = 2
	file := b.Bytes()
	out := append(make([]byte, 0, len(file)+18), file[:startOfImage]...)
	return append(append(out, jfif(p)...), file[startOfImage:]...), nil
}

// jfif is the APP0 segment of ECMA TR/98, version 1.02: no thumbnail, dots per
// inch or, where no size in print is known, square pixels.
func jfif(p *Picture) []byte {
	const perInch = 1
	unit, density := byte(0), uint16(1)
	if d := p.pixelsPerMetre(); d > 0 {
		unit, density = perInch, uint16(math.Round(d*millimetresPerInch/1000))
	}
	out := append([]byte{0xff, 0xe0, 0, 16}, "JFIF\x00\x01\x02"...)
	out = binary.BigEndian.AppendUint16(append(out, unit), density)
	return append(binary.BigEndian.AppendUint16(out, density), 0, 0)
}

// withoutColor returns an image of greys where there is nothing else: a third
// of the work, and edges that no colour blurs.
func withoutColor(img *image.RGBA) image.Image {
	grey := image.NewGray(img.Rect)
	for i := range grey.Pix {
		px := img.Pix[4*i : 4*i+4 : 4*i+4]
		if px[0] != px[1] || px[1] != px[2] {
			return img
		}
		grey.Pix[i] = px[0]
	}
	return grey
}

func readJPEG(file []byte, _ *Picture) (image.Image, error) {
	img, err := stdjpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("decode jpeg: %w", err)
	}
	return img, nil
}
