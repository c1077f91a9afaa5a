package render

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"golang.org/x/image/font/sfnt"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// The SVG's unit is the module: a background, one path for all modules, and one
// for the text where there is some.
var svg = Format{Name: "svg", MediaType: "image/svg+xml", Render: renderSVG}

func renderSVG(s *symbol.Symbol, st Style) ([]byte, error) {
	text, err := outlines(s)
	if err != nil {
		return nil, err
	}
	w, h := s.Size()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">`, w*st.Scale, h*st.Scale, w, h)
	fmt.Fprintf(&b, `<path fill="%s" d="M0 0h%dv%dH0z"/>`, st.Background, w, h)
	fmt.Fprintf(&b, `<path fill="%s" shape-rendering="crispEdges" d="`, st.Foreground)
	b.Write(appendModules(nil, s))
	b.WriteString(`"/>`)
	if len(text) > 0 {
		fmt.Fprintf(&b, `<path fill="%s" d="`, st.Foreground)
		b.Write(appendOutlines(nil, text))
		b.WriteString(`"/>`)
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// appendModules draws each run of dark modules as a rectangle.
func appendModules(d []byte, s *symbol.Symbol) []byte {
	y := s.Quiet.Top
	for _, row := range s.Rows {
		for x := 0; x < len(row.Modules); {
			if !row.Modules[x] {
				x++
				continue
			}
			start := x
			for x < len(row.Modules) && row.Modules[x] {
				x++
			}
			d = appendInts(d, "M", s.Quiet.Left+start, " ", y, "h", x-start, "v", row.Height, "h", start-x, "z")
		}
		y += row.Height
	}
	return d
}

func appendInts(d []byte, parts ...any) []byte {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			d = append(d, p...)
		case int:
			d = strconv.AppendInt(d, int64(p), 10)
		}
	}
	return d
}

func appendOutlines(d []byte, strokes []stroke) []byte {
	for i, s := range strokes {
		switch s.op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				d = append(d, 'z')
			}
			d = appendPoints(append(d, 'M'), s.to[0])
		case sfnt.SegmentOpLineTo:
			d = appendPoints(append(d, 'L'), s.to[0])
		default:
			d = appendPoints(append(d, 'Q'), s.to[0], s.to[1])
		}
	}
	return append(d, 'z')
}

// appendPoints writes hundredths of a module, finer than any printer.
func appendPoints(d []byte, points ...point) []byte {
	for i, p := range points {
		if i > 0 {
			d = append(d, ' ')
		}
		d = strconv.AppendFloat(d, math.Round(p.X*100)/100, 'f', -1, 64)
		d = append(d, ' ')
		d = strconv.AppendFloat(d, math.Round(p.Y*100)/100, 'f', -1, 64)
	}
	return d
}
