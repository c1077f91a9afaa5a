package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/ean"
	"github.com/makiuchi-d/gozxing/oned"
)

// EAN-13: quiet zones of 11 and 7 modules.
var ean13 = Encoder{
	Name:    "ean13",
	Title:   "EAN-13",
	Group:   Retail,
	Hint:    "12 digits, or 13 with the check digit.",
	Example: "4006381333931",
	Linear:  true,
	encode:  encodeEAN13,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewEAN13Reader(), nil) },
}

func encodeEAN13(text string, _ Options) (*Symbol, string, error) {
	digits, err := withCheckDigit(text, 13, "EAN-13")
	if err != nil {
		return nil, "", err
	}
	code, err := ean.Encode(digits)
	if err != nil {
		return nil, "", fmt.Errorf("encode ean13: %w", err)
	}
	s := retailSymbol(modulesOf(code), eanBarHeight,
		[]span{{0, 3}, {45, 50}, {92, 95}}, Quiet{Top: 2, Right: 7, Bottom: 2, Left: 11},
		// Each digit stands below its own bars, the first one before them all.
		Label{Text: digits[:1], X: -10, Advance: eanDigitWidth},
		Label{Text: digits[1:7], X: 3, Advance: eanDigitWidth},
		Label{Text: digits[7:], X: 50, Advance: eanDigitWidth})
	return s, digits, nil
}
