package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/datamatrix"
	"github.com/makiuchi-d/gozxing/datamatrix/decoder"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Data Matrix by ISO/IEC 16022, ECC 200, squares of 10 to 132 modules, quiet
// zone of one module that the standard asks for at the least. The library's
// 144 modules do not read, and it has no way to name a character set.
var dataMatrix = Encoder{
	Name:    "datamatrix",
	Title:   "Data Matrix",
	Group:   Matrix,
	Hint:    "ASCII text, up to 1304 characters or 2608 digits.",
	Example: "Part 7/4",
	encode:  encodeDataMatrix,
	decode: func(s *Symbol) (string, error) {
		result, err := decoder.NewDecoder().DecodeBoolMap(gridOfRows(s))
		if err != nil {
			return "", fmt.Errorf("decode data matrix: %w", err)
		}
		return result.GetText(), nil
	},
}

const (
	dataMatrixQuiet = 1
	// dataMatrixCodewords is what 132 × 132 modules hold.
	dataMatrixCodewords = 1304
)

func encodeDataMatrix(text string, _ Options) (*Symbol, string, error) {
	if err := checkText(text, "Data Matrix", 2*dataMatrixCodewords, "ASCII", ascii); err != nil {
		return nil, "", err
	}
	if n := dataMatrixLength(text); n > dataMatrixCodewords {
		return nil, "", fault.Of("data", "is too long for Data Matrix: it needs %d codewords of %d, one for each character or pair of digits; shorten it or use a QR code", n, dataMatrixCodewords)
	}
	code, err := datamatrix.Encode(text)
	if err != nil {
		return nil, "", fmt.Errorf("encode data matrix: %w", err)
	}
	return matrixSymbol(code, dataMatrixQuiet), text, nil
}

// dataMatrixLength counts codewords: two digits in a row share one.
func dataMatrixLength(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		if i+1 < len(text) && isDigits(text[i:i+2]) {
			i++
		}
		n++
	}
	return n
}
