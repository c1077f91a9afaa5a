package symbol

import (
	"fmt"

	"github.com/boombuler/barcode"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// modulesOf returns the bars of a linear barcode as modules.
func modulesOf(code barcode.Barcode) []bool {
	bounds := code.Bounds()
	modules := make([]bool, bounds.Dx())
	for x := range modules {
		r, _, _, _ := code.At(bounds.Min.X+x, bounds.Min.Y).RGBA()
		modules[x] = r == 0
	}
	return modules
}

// decodeLine reads a linear symbol's first row, quiet zones included.
func decodeLine(s *Symbol, reader any) (string, error) {
	const pixels = 2 // the reader tells widths apart by ratios, which one pixel blurs
	line := gozxing.NewBitArray((s.Quiet.Left + s.Width + s.Quiet.Right) * pixels)
	for x, dark := range s.Rows[0].Modules {
		if !dark {
			continue
		}
		for p := range pixels {
			line.Set((s.Quiet.Left+x)*pixels + p)
		}
	}
	rows, ok := reader.(oned.RowDecoder)
	if !ok {
		return "", fmt.Errorf("decode bars: %T reads no rows", reader)
	}
	result, err := rows.DecodeRow(0, line, nil)
	if err != nil {
		return "", fmt.Errorf("decode bars: %w", err)
	}
	return result.GetText(), nil
}
