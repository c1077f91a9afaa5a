package render

import (
	"bytes"
	"encoding/ascii85"
	"fmt"
	"image"
	"math"
)

// Encapsulated PostScript 3.0, language level 2, 3 where there is a gradient or
// a logo: no fonts, no dates. It has no transparency: what is left out lets the
// page through, a logo's half tones stand on the background.
var eps = Format{Name: "eps", Title: "EPS", MediaType: "application/postscript", Alpha: true, write: writeEPS}

// epsProlog defines the operators of PDF.
const epsProlog = `/m/moveto load def/l/lineto load def/c/curveto load def/h/closepath load def/f/fill load def/rg/setrgbcolor load def
/re{4 2 roll moveto 1 index 0 rlineto 0 exch rlineto neg 0 rlineto closepath}bind def
`

func writeEPS(p *Picture) ([]byte, error) {
	k := p.points()
	width, height := k*float64(p.width), k*float64(p.height)
	level := 2
	if p.style.hasGradient() || p.logo != nil {
		level = 3
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%%!PS-Adobe-3.0 EPSF-3.0\n%%%%BoundingBox: 0 0 %.0f %.0f\n%%%%HiResBoundingBox: 0 0 %s %s\n%%%%LanguageLevel: %d\n%%%%Pages: 1\n%%%%EndComments\n",
		math.Ceil(width), math.Ceil(height), number(width), number(height), level)
	fmt.Fprintf(&b, "gsave\n%s0 %s translate %s %s scale newpath\n", epsProlog, number6(height), number6(k), number6(-k))
	if !p.style.Transparent {
		fmt.Fprintf(&b, "%s rg 0 0 %d %d re f\n", rgb(p.style.Background), p.width, p.height)
	}
	for _, l := range p.layers {
		writeEPSLayer(&b, l)
	}
	if p.logo != nil {
		p.writeEPSLogo(&b)
	}
	b.WriteString("grestore\nshowpage\n%%EOF\n")
	return b.Bytes(), nil
}

func writeEPSLayer(b *bytes.Buffer, l layer) {
	if l.paint.shade == nil {
		fmt.Fprintf(b, "%s rg\n%sf\n", rgb(l.paint.color), l.appendOperators(nil))
		return
	}
	fmt.Fprintf(b, "gsave\n%sclip newpath\n<<%s>>shfill\ngrestore\n", l.appendOperators(nil), shading(l.paint))
}

// writeEPSLogo writes the pixels as text, so that no program on the way harms them.
func (p *Picture) writeEPSLogo(b *bytes.Buffer) {
	background := p.style.Background
	if p.style.Transparent {
		background = White
	}
	img := p.logo.image
	w, h := img.Rect.Dx(), img.Rect.Dy()
	fmt.Fprintf(b, "gsave\n%s %s translate %s %s scale /DeviceRGB setcolorspace\n", number6(p.logo.at.X), number6(p.logo.at.Y), number6(p.logo.w), number6(p.logo.h))
	fmt.Fprintf(b, "<</ImageType 1/Width %d/Height %d/BitsPerComponent 8/Decode[0 1 0 1 0 1]/ImageMatrix[%d 0 0 %d 0 0]/DataSource currentfile/ASCII85Decode filter/FlateDecode filter>>image\n", w, h, w, h)
	packed := deflate(flatten(img, background))
	text := make([]byte, ascii85.MaxEncodedLen(len(packed)))
	text = text[:ascii85.Encode(text, packed)]
	const perLine = 100
	for len(text) > 0 {
		n := min(perLine, len(text))
		// A line must not look like a comment of the document's structure.
		if text[0] == '%' {
			b.WriteByte(' ')
		}
		b.Write(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
	b.WriteString("~>\ngrestore\n")
}

// flatten returns the colours of an image in front of a background.
func flatten(img *image.NRGBA, background Color) []byte {
	colors, alpha := planes(img)
	behind := [3]uint8{background.R, background.G, background.B}
	for i, v := range colors {
		a := uint32(alpha[i/3])
		colors[i] = uint8((uint32(v)*a + uint32(behind[i%3])*(opaque-a) + opaque/2) / opaque)
	}
	return colors
}
