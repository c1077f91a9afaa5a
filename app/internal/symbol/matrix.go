package symbol

import (
	"github.com/boombuler/barcode"
	"github.com/makiuchi-d/gozxing"
)

// matrixSymbol is a symbol of square modules with the same quiet zone all around.
func matrixSymbol(code barcode.Barcode, quiet int) *Symbol {
	bounds := code.Bounds()
	s := &Symbol{Width: bounds.Dx(), Quiet: Quiet{quiet, quiet, quiet, quiet}}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		modules := make([]bool, bounds.Dx())
		for x := range modules {
			r, _, _, _ := code.At(bounds.Min.X+x, y).RGBA()
			modules[x] = r == 0
		}
		s.Rows = append(s.Rows, Row{Modules: modules, Height: 1})
	}
	return s
}

// bitmap draws a symbol with pixels pixels a module, quiet zone included.
func bitmap(s *Symbol, pixels int) (*gozxing.BitMatrix, error) {
	width, height := s.Size()
	image, err := gozxing.NewBitMatrix(width*pixels, height*pixels)
	if err != nil {
		return nil, err
	}
	for y, row := range s.Rows {
		for x, dark := range row.Modules {
			if !dark {
				continue
			}
			err = image.SetRegion((s.Quiet.Left+x)*pixels, (s.Quiet.Top+y)*pixels, pixels, pixels)
			if err != nil {
				return nil, err
			}
		}
	}
	return image, nil
}

func gridOfRows(s *Symbol) [][]bool {
	grid := make([][]bool, len(s.Rows))
	for i, r := range s.Rows {
		grid[i] = r.Modules
	}
	return grid
}
