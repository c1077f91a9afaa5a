package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/ean"
	"github.com/makiuchi-d/gozxing/oned"
)

// UPC-A: the bars of an EAN-13 whose first digit is 0, other text and guards:
// the first and the last digit stand beside the bars, theirs are as long as
// guards. Quiet zones of 9 modules.
var upca = Encoder{
	Name:    "upca",
	Title:   "UPC-A",
	Group:   Retail,
	Hint:    "11 digits, or 12 with the check digit.",
	Example: "036000291452",
	Linear:  true,
	encode:  encodeUPCA,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewUPCAReader(), nil) },
}

func encodeUPCA(text string, _ Options) (*Symbol, string, error) {
	digits, err := withCheckDigit(text, 12, "UPC-A")
	if err != nil {
		return nil, "", err
	}
	code, err := ean.Encode("0" + digits)
	if err != nil {
		return nil, "", fmt.Errorf("encode upca: %w", err)
	}
	s := retailSymbol(modulesOf(code), eanBarHeight,
		[]span{{0, 10}, {45, 50}, {85, 95}}, Quiet{Top: 2, Right: 9, Bottom: 2, Left: 9},
		Label{Text: digits[:1], X: -8, Advance: upcSideWidth},
		Label{Text: digits[1:6], X: 10, Advance: eanDigitWidth},
		Label{Text: digits[6:11], X: 50, Advance: eanDigitWidth},
		Label{Text: digits[11:], X: 97, Advance: upcSideWidth})
	return s, digits, nil
}
