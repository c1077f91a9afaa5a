package scan

import (
	"context"

	"github.com/makiuchi-d/gozxing"
	aztecdecoder "github.com/makiuchi-d/gozxing/aztec/decoder"
	aztecdetector "github.com/makiuchi-d/gozxing/aztec/detector"
	"github.com/makiuchi-d/gozxing/common"
	matrixdecoder "github.com/makiuchi-d/gozxing/datamatrix/decoder"
	matrixdetector "github.com/makiuchi-d/gozxing/datamatrix/detector"
)

// matrixKinds are read region by region.
var matrixKinds = []struct {
	symbology string
	read      matrixReader
}{{"datamatrix", readDataMatrix}, {"aztec", readAztec}}

// readMatrix looks for Data Matrix and Aztec symbols of both polarities.
func readMatrix(ctx context.Context, p *plane, symbologies Set) []Symbol {
	p = p.stretch()
	var found []Symbol
	for _, kind := range matrixKinds {
		if !symbologies[kind.symbology] {
			continue
		}
		for _, q := range []*plane{p, p.invert()} {
			for _, s := range q.readRegions(ctx, kind.read) {
				if s.Symbology = kind.symbology; !inside(found, s) {
					found = append(found, s)
				}
			}
		}
	}
	return found
}

func (p *plane) readRegions(ctx context.Context, read matrixReader) []Symbol {
	var found []Symbol
	for _, r := range p.adapt(p.sums(), max(8, min(p.w, p.h)/12)).regions() {
		if ctx.Err() != nil {
			break
		}
		if s, ok := p.readRegion(r, read); ok {
			found = append(found, s)
		}
	}
	return found
}

// inside says whether the symbol was found before: regions overlap.
func inside(found []Symbol, s Symbol) bool {
	m := middle(s)
	for _, f := range found {
		if d := m.minus(middle(f)).length(); f.Text == s.Text && d < f.Corners[0].minus(f.Corners[2]).length()/2 {
			return true
		}
	}
	return false
}

const (
	smallRegion = 240
	largeRegion = 900
)

type matrixReader func(*gozxing.BitMatrix) (*common.DecoderResult, []gozxing.ResultPoint, error)

// readRegion tries a region by several thresholds, enlarged where it is small.
func (p *plane) readRegion(r rectangle, read matrixReader) (Symbol, bool) {
	part, scale := p.crop(r.x, r.y, r.w, r.h).within(largeRegion)
	if max(r.w, r.h) < smallRegion {
		part, scale = part.double(), 0.5
	}
	s := part.sums()
	for _, b := range []*bitmap{part.split(), part.adapt(s, max(6, min(part.w, part.h)/6)), part.blur(1).split()} {
		result, points, ok := guard(read, b)
		if !ok {
			continue
		}
		symbol := Symbol{Text: result.GetText()}
		var content []byte
		for _, segment := range result.GetByteSegments() {
			content = append(content, segment...)
		}
		symbol.Bytes = notText(symbol.Text, content)
		for _, point := range points {
			symbol.Corners = append(symbol.Corners, Point{point.GetX()*scale + float64(r.x), point.GetY()*scale + float64(r.y)})
		}
		return symbol, true
	}
	return Symbol{}, false
}

// guard treats a reader that fails on a picture as one that finds nothing.
func guard(read matrixReader, b *bitmap) (result *common.DecoderResult, points []gozxing.ResultPoint, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	bits, err := gozxing.NewBitMatrix(b.w, b.h)
	if err != nil {
		return nil, nil, false
	}
	for i, v := range b.dark {
		if v == 1 {
			bits.Set(i%b.w, i/b.w)
		}
	}
	result, points, err = read(bits)
	return result, points, err == nil && len(points) == 4
}

func readDataMatrix(bits *gozxing.BitMatrix) (*common.DecoderResult, []gozxing.ResultPoint, error) {
	detector, err := matrixdetector.NewDetector(bits)
	if err != nil {
		return nil, nil, err
	}
	found, err := detector.Detect()
	if err != nil {
		return nil, nil, err
	}
	if !framed(found.GetBits()) {
		return nil, nil, gozxing.NewNotFoundException()
	}
	result, err := matrixdecoder.NewDecoder().Decode(found.GetBits())
	return result, found.GetPoints(), err
}

// framed says whether a Data Matrix has its finder pattern: two solid sides and
// two that alternate (ISO/IEC 16022, 5.2.1). Error correction alone takes an
// empty square for a symbol.
func framed(bits *gozxing.BitMatrix) bool {
	w, h := bits.GetWidth(), bits.GetHeight()
	good, all := 0, 0
	check := func(x, y int, dark bool) {
		all++
		if bits.Get(x, y) == dark {
			good++
		}
	}
	for x := range w {
		check(x, h-1, true)
		check(x, 0, x%2 == 0)
	}
	for y := range h {
		check(0, y, true)
		check(w-1, y, (h-1-y)%2 == 0)
	}
	const least = 0.9
	return float64(good) >= least*float64(all)
}

func readAztec(bits *gozxing.BitMatrix) (*common.DecoderResult, []gozxing.ResultPoint, error) {
	detector := aztecdetector.NewDetector(bits)
	for _, mirrored := range []bool{false, true} {
		found, err := detector.Detect(mirrored)
		if err != nil {
			continue
		}
		if result, err := aztecdecoder.NewDecoder().Decode(found); err == nil {
			return result, found.GetPoints(), nil
		}
	}
	return nil, nil, gozxing.NewNotFoundException()
}
