package render

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"io"
	"math"
	"strconv"
	"sync"
)

// PDF 1.4 (Adobe's reference, third edition): one page of the exact size, all
// shapes in vectors, no fonts, no dates.
var pdf = Format{Name: "pdf", Title: "PDF", MediaType: "application/pdf", Alpha: true, write: writePDF}

func writePDF(p *Picture) ([]byte, error) {
	var b bytes.Buffer
	d := newDocument(&b)
	k := p.points()
	page := d.newPage(k*float64(p.width), k*float64(p.height))
	if err := page.draw(p, 0, 0, k); err != nil {
		return nil, err
	}
	page.end()
	err := d.end()
	return b.Bytes(), err
}

// document writes a PDF's objects as they come.
type document struct {
	out     io.Writer
	written int64
	err     error
	// offsets are where the objects begin; the first two are the catalogue and
	// the list of pages, which come last.
	offsets []int64
	pages   []int
	// images are the objects of pictures that were written, which symbols share.
	images map[*image.NRGBA]int
}

const (
	catalogue = 1
	pageTree  = 2
)

func newDocument(out io.Writer) *document {
	d := &document{out: out, offsets: make([]int64, pageTree), images: map[*image.NRGBA]int{}}
	// Four bytes beyond ASCII tell programs that copy files that this is no text.
	d.print("%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n")
	return d
}

func (d *document) print(format string, args ...any) {
	if d.err != nil {
		return
	}
	n, err := fmt.Fprintf(d.out, format, args...)
	d.written += int64(n)
	d.err = err
}

// object writes the next object and returns its number.
func (d *document) object(format string, args ...any) int {
	d.offsets = append(d.offsets, d.written)
	d.print("%d 0 obj\n"+format+"\nendobj\n", append([]any{len(d.offsets)}, args...)...)
	return len(d.offsets)
}

// stream writes a compressed stream; entries are those of its dictionary.
func (d *document) stream(entries string, body []byte) int {
	packed := deflate(body)
	return d.object("<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream", entries, len(packed), packed)
}

// deflaters are large, and costly to make.
var deflaters = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

func deflate(body []byte) []byte {
	var b bytes.Buffer
	w, _ := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	w.Reset(&b)
	_, _ = w.Write(body) // to memory, which does not fail
	_ = w.Close()
	return b.Bytes()
}

// end writes what refers to all else.
func (d *document) end() error {
	fixed := func(n int, format string, args ...any) {
		d.offsets[n-1] = d.written
		d.print("%d 0 obj\n"+format+"\nendobj\n", append([]any{n}, args...)...)
	}
	kids := ""
	for _, p := range d.pages {
		kids += fmt.Sprintf("%d 0 R ", p)
	}
	fixed(catalogue, "<</Type/Catalog/Pages %d 0 R>>", pageTree)
	fixed(pageTree, "<</Type/Pages/Kids[%s]/Count %d>>", kids, len(d.pages))
	start := d.written
	d.print("xref\n0 %d\n0000000000 65535 f \n", len(d.offsets)+1)
	for _, at := range d.offsets {
		d.print("%010d 00000 n \n", at)
	}
	d.print("trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(d.offsets)+1, catalogue, start)
	if d.err != nil {
		return fmt.Errorf("write pdf: %w", d.err)
	}
	return nil
}

// pdfPage collects what a page shows.
type pdfPage struct {
	document      *document
	width, height float64
	content       []byte
	// patterns and images are the page's resources, by the numbers in their names.
	patterns, images []int
}

func (d *document) newPage(width, height float64) *pdfPage {
	return &pdfPage{document: d, width: width, height: height}
}

// draw puts a picture on the page: the place of its top left corner, from the
// page's, and the length of a module, in points.
func (g *pdfPage) draw(p *Picture, x, y, k float64) error {
	// From here on, y runs downwards and the unit is the module.
	matrix := fmt.Sprintf("%s 0 0 %s %s %s", number6(k), number6(-k), number6(x), number6(g.height-y))
	g.content = fmt.Appendf(g.content, "q %s cm\n", matrix)
	if !p.style.Transparent {
		g.content = fmt.Appendf(g.content, "%s rg 0 0 %d %d re f\n", rgb(p.style.Background), p.width, p.height)
	}
	for _, l := range p.layers {
		if l.paint.shade == nil {
			g.content = fmt.Appendf(g.content, "%s rg\n", rgb(l.paint.color))
		} else {
			g.patterns = append(g.patterns, g.document.gradient(l.paint, matrix))
			g.content = fmt.Appendf(g.content, "/Pattern cs /P%d scn\n", len(g.patterns)-1)
		}
		g.content = append(l.appendOperators(g.content), "f\n"...)
	}
	if p.logo != nil {
		g.images = append(g.images, g.document.image(p.logo.image))
		g.content = fmt.Appendf(g.content, "q %s 0 0 %s %s %s cm /I%d Do Q\n",
			number6(p.logo.w), number6(-p.logo.h), number6(p.logo.at.X), number6(p.logo.at.Y+p.logo.h), len(g.images)-1)
	}
	g.content = append(g.content, "Q\n"...)
	return g.document.err
}

func (g *pdfPage) end() {
	d := g.document
	body := d.stream("", g.content)
	resources := ""
	if len(g.patterns) > 0 {
		resources += "/Pattern<<" + references("P", g.patterns) + ">>"
	}
	if len(g.images) > 0 {
		resources += "/XObject<<" + references("I", g.images) + ">>"
	}
	d.pages = append(d.pages, d.object("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources<<%s>>/Contents %d 0 R>>",
		pageTree, number(g.width), number(g.height), resources, body))
}

func references(prefix string, objects []int) string {
	all := ""
	for i, n := range objects {
		all += fmt.Sprintf("/%s%d %d 0 R", prefix, i, n)
	}
	return all
}

// gradient writes a shading pattern; matrix leads from modules to the page.
func (d *document) gradient(of paint, matrix string) int {
	return d.object("<</PatternType 2/Matrix[%s]/Shading<<%s>>>>", matrix, shading(of))
}

// shading is what PDF and PostScript call a gradient, in the entries of a dictionary.
func shading(of paint) string {
	s := of.shade
	kind, place := 2, fmt.Sprintf("%s %s %s %s", number6(s.from.X), number6(s.from.Y), number6(s.to.X), number6(s.to.Y))
	if s.radial {
		kind, place = 3, fmt.Sprintf("%s %s 0 %s %s %s", number6(s.from.X), number6(s.from.Y), number6(s.from.X), number6(s.from.Y), number6(s.radius()))
	}
	return fmt.Sprintf("/ShadingType %d/ColorSpace/DeviceRGB/Coords[%s]/Extend[true true]/Function<</FunctionType 2/Domain[0 1]/C0[%s]/C1[%s]/N 1>>",
		kind, place, rgb(of.color), rgb(of.second))
}

// image writes a picture of pixels, its transparency as a soft mask, or returns
// the object that holds it already.
func (d *document) image(img *image.NRGBA) int {
	if _, written := d.images[img]; !written {
		d.images[img] = d.newImage(img)
	}
	return d.images[img]
}

func (d *document) newImage(img *image.NRGBA) int {
	colors, alpha := planes(img)
	size := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8", img.Rect.Dx(), img.Rect.Dy())
	mask := d.stream(size+"/ColorSpace/DeviceGray", alpha)
	return d.stream(fmt.Sprintf("%s/ColorSpace/DeviceRGB/SMask %d 0 R", size, mask), colors)
}

func planes(img *image.NRGBA) (colors, alpha []byte) {
	for i := 0; i < len(img.Pix); i += 4 {
		colors = append(colors, img.Pix[i], img.Pix[i+1], img.Pix[i+2])
		alpha = append(alpha, img.Pix[i+3])
	}
	return colors, alpha
}

// rgb writes a colour as three parts of one.
func rgb(c Color) string {
	part := func(v uint8) string { return number(float64(v) / opaque) }
	return part(c.R) + " " + part(c.G) + " " + part(c.B)
}

// number6 writes a length so that a whole page stays exact.
func number6(v float64) string {
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64)
}

// appendOperators writes the shapes with the operators of PDF; EPS files define
// them too.
func (l layer) appendOperators(d []byte) []byte {
	for _, r := range l.rects {
		for _, v := range []int32{r.x, r.y, r.w, r.h} {
			d = append(strconv.AppendInt(d, int64(v), 10), ' ')
		}
		d = append(d, "re\n"...)
	}
	var at point
	for _, s := range l.path {
		if s.op == closePath {
			d = append(d, "h\n"...)
			continue
		}
		s = s.asCubic(at)
		points := s.points()
		for _, to := range points {
			d = append(appendThousandths(d, to.X), ' ')
			d = append(appendThousandths(d, to.Y), ' ')
		}
		d = append(d, pdfOperators[s.op]...)
		at = points[len(points)-1]
	}
	return d
}

var pdfOperators = [...]string{moveTo: "m\n", lineTo: "l\n", cubicTo: "c\n"}

// asCubic raises the degree of a quadratic curve: PDF and PostScript have none.
func (s segment) asCubic(from point) segment {
	if s.op != quadTo {
		return s
	}
	third := func(a, c point) point { return point{a.X + (c.X-a.X)*2/3, a.Y + (c.Y-a.Y)*2/3} }
	return segment{cubicTo, [3]point{third(from, s.to[0]), third(s.to[1], s.to[0]), s.to[1]}}
}

func appendThousandths(d []byte, v float64) []byte {
	return strconv.AppendFloat(d, math.Round(v*1000)/1000, 'f', -1, 64)
}
