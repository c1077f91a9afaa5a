package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/ean"
	"github.com/makiuchi-d/gozxing/oned"
)

// EAN-8: bars of 18.23 mm at an X dimension of 0.33 mm, quiet zones of 7 modules.
var ean8 = Encoder{
	Name:    "ean8",
	Title:   "EAN-8",
	Group:   Retail,
	Hint:    "7 digits, or 8 with the check digit.",
	Example: "9638507",
	Linear:  true,
	encode:  encodeEAN8,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewEAN8Reader(), nil) },
}

const ean8BarHeight = 55

func encodeEAN8(text string, _ Options) (*Symbol, string, error) {
	digits, err := withCheckDigit(text, 8, "EAN-8")
	if err != nil {
		return nil, "", err
	}
	code, err := ean.Encode(digits)
	if err != nil {
		return nil, "", fmt.Errorf("encode ean8: %w", err)
	}
	s := retailSymbol(modulesOf(code), ean8BarHeight,
		[]span{{0, 3}, {31, 36}, {64, 67}}, Quiet{Top: 2, Right: 7, Bottom: 2, Left: 7},
		Label{Text: digits[:4], X: 3, Advance: eanDigitWidth},
		Label{Text: digits[4:], X: 36, Advance: eanDigitWidth})
	return s, digits, nil
}
