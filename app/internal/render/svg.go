package render

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
)

// SVG 1.1, whose unit is the module: a background, one path for all modules, and
// one for the text where there is some.
var svg = Format{Name: "svg", Title: "SVG", MediaType: "image/svg+xml", Alpha: true, write: writeSVG}

func writeSVG(p *Picture) ([]byte, error) {
	var b bytes.Buffer
	width, height := p.svgSize()
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %d %d">`, width, height, p.width, p.height)
	if !p.style.Transparent {
		fmt.Fprintf(&b, `<path fill="%s" d="M0 0h%dv%dH0z"/>`, p.style.Background, p.width, p.height)
	}
	for _, l := range p.layers {
		fill := l.paint.color.String()
		if l.paint.shade != nil {
			p.svgGradient(&b, l.paint)
			fill = "url(#g)"
		}
		if len(l.rects) > 0 {
			fmt.Fprintf(&b, `<path fill="%s" shape-rendering="crispEdges" d="`, fill)
			b.Write(appendRects(nil, l.rects))
			b.WriteString(`"/>`)
		}
		if len(l.path) > 0 {
			fmt.Fprintf(&b, `<path fill="%s" d="`, fill)
			b.Write(l.path.appendSVG(nil))
			b.WriteString(`"/>`)
		}
	}
	if p.logo != nil {
		if err := p.svgLogo(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// svgSize is in pixels, or in millimetres where a size in print was asked for.
func (p *Picture) svgSize() (width, height string) {
	if p.pixelsPerMetre() == 0 {
		return strconv.Itoa(p.width * p.style.Scale), strconv.Itoa(p.height * p.style.Scale)
	}
	mm := p.millimetres()
	return number(mm) + "mm", number(mm*float64(p.height)/float64(p.width)) + "mm"
}

// number writes a measure of the page in thousandths.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// svgGradient defines the gradient g, of which a picture has one at the most;
// the text repeats it.
func (p *Picture) svgGradient(b *bytes.Buffer, of paint) {
	if bytes.Contains(b.Bytes(), []byte(`id="g"`)) {
		return
	}
	name, s := "linearGradient", of.shade
	b.WriteString("<defs>")
	if s.radial {
		name = "radialGradient"
		fmt.Fprintf(b, `<radialGradient id="g" gradientUnits="userSpaceOnUse" cx="%s" cy="%s" r="%s">`, number(s.from.X), number(s.from.Y), number(s.radius()))
	} else {
		fmt.Fprintf(b, `<linearGradient id="g" gradientUnits="userSpaceOnUse" x1="%s" y1="%s" x2="%s" y2="%s">`, number(s.from.X), number(s.from.Y), number(s.to.X), number(s.to.Y))
	}
	fmt.Fprintf(b, `<stop stop-color="%s"/><stop offset="1" stop-color="%s"/></%s></defs>`, of.color, of.second, name)
}

func (p *Picture) svgLogo(b *bytes.Buffer) error {
	file, err := p.logo.png()
	if err != nil {
		return err
	}
	fmt.Fprintf(b, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" href="data:image/png;base64,%s"/>`,
		number(p.logo.at.X), number(p.logo.at.Y), number(p.logo.w), number(p.logo.h), base64.StdEncoding.EncodeToString(file))
	return nil
}

func appendRects(d []byte, rects []rect) []byte {
	for _, r := range rects {
		d = strconv.AppendInt(append(d, 'M'), int64(r.x), 10)
		d = strconv.AppendInt(append(d, ' '), int64(r.y), 10)
		d = strconv.AppendInt(append(d, 'h'), int64(r.w), 10)
		d = strconv.AppendInt(append(d, 'v'), int64(r.h), 10)
		d = strconv.AppendInt(append(d, 'h'), -int64(r.w), 10)
		d = append(d, 'z')
	}
	return d
}

var svgLetters = [...]byte{moveTo: 'M', lineTo: 'L', quadTo: 'Q', cubicTo: 'C', closePath: 'z'}

func (p path) appendSVG(d []byte) []byte {
	for _, s := range p {
		d = append(d, svgLetters[s.op])
		for i, to := range s.points() {
			if i > 0 {
				d = append(d, ' ')
			}
			d = appendHundredths(d, to.X)
			d = appendHundredths(append(d, ' '), to.Y)
		}
	}
	return d
}

// points are those that the segment uses.
func (s segment) points() []point {
	switch s.op {
	case moveTo, lineTo:
		return s.to[:1]
	case quadTo:
		return s.to[:2]
	case cubicTo:
		return s.to[:3]
	}
	return nil
}

// appendHundredths writes hundredths of a module, finer than any printer.
func appendHundredths(d []byte, v float64) []byte {
	return strconv.AppendFloat(d, math.Round(v*100)/100, 'f', -1, 64)
}
