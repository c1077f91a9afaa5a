package scan

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// rowReader is what gozxing's readers of linear symbologies are: they read a line.
type rowReader interface {
	DecodeRow(y int, row *gozxing.BitArray, hints map[gozxing.DecodeHintType]any) (*gozxing.Result, error)
}

// linearKind is a symbology, or several that one reader tells apart.
type linearKind struct {
	symbologies []string
	reader      func() gozxing.Reader
	// agree is how many lines must read the same: chance makes one, stripes make
	// several of what has no check digit.
	agree int
	name  func(*gozxing.Result) (symbology, text string)
}

var linearKinds = []linearKind{
	{[]string{"ean13", "upca", "ean8", "upce"}, func() gozxing.Reader { return oned.NewMultiFormatUPCEANReader(nil) }, 4, nameRetail},
	{[]string{"code128", "gs1-128"}, oned.NewCode128Reader, 3, nameCode128},
	{[]string{"code93"}, oned.NewCode93Reader, 3, named("code93")},
	{[]string{"code39"}, oned.NewCode39Reader, 6, named("code39")},
	{[]string{"itf14", "itf"}, oned.NewITFReader, 6, nameITF},
	{[]string{"codabar"}, oned.NewCodaBarReader, 6, named("codabar")},
}

func named(symbology string) func(*gozxing.Result) (string, string) {
	return func(r *gozxing.Result) (string, string) { return symbology, r.GetText() }
}

// nameRetail calls an EAN-13 that begins with 0 what it is printed as.
func nameRetail(r *gozxing.Result) (string, string) {
	text := r.GetText()
	switch {
	case r.GetBarcodeFormat() == gozxing.BarcodeFormat_EAN_8:
		return "ean8", text
	case r.GetBarcodeFormat() == gozxing.BarcodeFormat_UPC_E:
		return "upce", text
	case text[0] == '0':
		return "upca", text[1:]
	}
	return "ean13", text
}

func nameCode128(r *gozxing.Result) (string, string) {
	if text, ok := strings.CutPrefix(r.GetText(), "]C1"); ok {
		return "gs1-128", text
	}
	return "code128", r.GetText()
}

// nameITF tells ITF-14 by its length and check digit.
func nameITF(r *gozxing.Result) (string, string) {
	text := r.GetText()
	const length = 14
	if len(text) != length {
		return "itf", text
	}
	sum := 0
	for i, digit := range text {
		weight := 3
		if i%2 == 1 {
			weight = 1
		}
		sum += weight * int(digit-'0')
	}
	if sum%10 != 0 {
		return "itf", text
	}
	return "itf14", text
}

// short ones have eight digits, one of which checks the others.
var short = setOf("ean8", "upce")

var linearHints = map[gozxing.DecodeHintType]any{
	gozxing.DecodeHintType_ASSUME_GS1:               true,
	gozxing.DecodeHintType_RETURN_CODABAR_START_END: true,
}

// sighting is what neighbouring lines of one direction read alike.
type sighting struct {
	symbol Symbol
	agree  int
	lines  int
	// last is the number of the last line, start and end where it was read.
	last       int
	start, end Point
}

// maxGap is how many lines between two may read nothing: glare, dirt, noise.
const maxGap = 12

// continues says whether a line reads the same bars.
func (f *sighting) continues(line int, from, to Point) bool {
	near := f.start.minus(f.end).length() / 3
	return line-f.last <= maxGap && f.start.minus(from).length() < near && f.end.minus(to).length() < near
}

// linearSearch looks along parallel lines.
type linearSearch struct {
	plane *plane
	kinds []linearKind
	set   Set
	found []*sighting
	// line counts the lines.
	line int
}

// readLinear looks along the picture's sides, then, where nothing was found,
// along slanted lines.
func readLinear(ctx context.Context, p *plane, symbologies Set) []Symbol {
	wanted := func(k linearKind) bool {
		return slices.ContainsFunc(k.symbologies, func(name string) bool { return symbologies[name] })
	}
	s := &linearSearch{plane: p.stretch(), set: symbologies}
	for _, k := range linearKinds {
		if wanted(k) {
			s.kinds = append(s.kinds, k)
		}
	}
	if len(s.kinds) == 0 {
		return nil
	}
	for _, look := range []struct {
		lines   float64
		degrees []float64
	}{{120, []float64{0, 90}}, {60, []float64{45, 135, 22.5, 67.5, 112.5, 157.5}}} {
		for _, d := range look.degrees {
			s.along(ctx, d*math.Pi/180, look.lines)
		}
		if symbols := s.symbols(); len(symbols) > 0 {
			return symbols
		}
	}
	return nil
}

func (s *linearSearch) symbols() []Symbol {
	var symbols []Symbol
	for _, f := range s.found {
		if f.lines >= f.agree && !inside(symbols, f.symbol) {
			symbols = append(symbols, f.symbol)
		}
	}
	return symbols
}

// along reads so many parallel lines at an angle.
func (s *linearSearch) along(ctx context.Context, angle, lines float64) {
	sin, cos := math.Sincos(angle)
	direction, across := Point{cos, sin}, Point{-sin, cos}
	middle := Point{float64(s.plane.w) / 2, float64(s.plane.h) / 2}
	length := math.Abs(cos)*float64(s.plane.w) + math.Abs(sin)*float64(s.plane.h)
	height := math.Abs(sin)*float64(s.plane.w) + math.Abs(cos)*float64(s.plane.h)
	step := max(1, height/lines)
	s.line += maxGap + 1
	for off := step / 2; off < height && ctx.Err() == nil; off += step {
		s.line++
		start := middle.plus(direction, -length/2).plus(across, off-height/2)
		s.readLine(start, direction, across, int(length))
	}
}

// readLine samples a line, three pixels thick, and reads it by two thresholds.
func (s *linearSearch) readLine(start, direction, across Point, length int) {
	values := make([]float64, length)
	for i := range values {
		p := start.plus(direction, float64(i)+0.5)
		for _, off := range []float64{-1, 0, 1} {
			q := p.plus(across, off)
			values[i] += s.plane.at(q.X, q.Y) / 3
		}
	}
	seen := map[string]bool{}
	for _, radius := range []int{20, 80} {
		row := darker(values, radius)
		for range 2 {
			s.readRow(row, seen, func(x float64) Point { return start.plus(direction, x) })
			row.Reverse()
			start, direction = start.plus(direction, float64(length)), direction.scaled(-1)
		}
	}
}

// darker compares each value with the average around it.
func darker(values []float64, radius int) *gozxing.BitArray {
	sums := make([]float64, len(values)+1)
	for i, v := range values {
		sums[i+1] = sums[i] + v
	}
	row := gozxing.NewBitArray(len(values))
	for i, v := range values {
		from, to := max(i-radius, 0), min(i+radius+1, len(values))
		if v+margin < (sums[to]-sums[from])/float64(to-from) {
			row.Set(i)
		}
	}
	return row
}

// readRow gives the line to each reader; seen keeps a line from counting twice.
func (s *linearSearch) readRow(row *gozxing.BitArray, seen map[string]bool, place func(x float64) Point) {
	for _, kind := range s.kinds {
		result, ok := decodeRow(kind.reader(), row)
		if !ok {
			continue
		}
		symbology, text := kind.name(result)
		key := symbology + text
		points := result.GetResultPoints()
		if !s.set[symbology] || seen[key] || len(points) < 2 {
			continue
		}
		seen[key] = true
		agree := kind.agree
		if Weak[symbology] || short[symbology] {
			agree *= 2
		}
		s.count(symbology, text, agree, place(points[0].GetX()), place(points[len(points)-1].GetX()))
	}
}

// decodeRow treats a reader that fails on a line as one that reads nothing.
func decodeRow(reader gozxing.Reader, row *gozxing.BitArray) (result *gozxing.Result, ok bool) {
	defer func() {
		if recover() != nil {
			result, ok = nil, false
		}
	}()
	lines, ok := reader.(rowReader)
	if !ok {
		return nil, false
	}
	result, err := lines.DecodeRow(0, row, linearHints)
	return result, err == nil
}

func (s *linearSearch) count(symbology, text string, agree int, from, to Point) {
	for _, f := range s.found {
		if f.symbol.Symbology == symbology && f.symbol.Text == text && f.continues(s.line, from, to) {
			f.lines++
			f.last, f.start, f.end = s.line, from, to
			f.symbol.Corners[2], f.symbol.Corners[3] = to, from
			return
		}
	}
	symbol := Symbol{Symbology: symbology, Text: text, Bytes: notText(text, []byte(text)), Corners: []Point{from, to, to, from}}
	s.found = append(s.found, &sighting{symbol, agree, 1, s.line, from, to})
}
