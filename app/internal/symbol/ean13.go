package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/ean"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// EAN-13 by GS1 General Specifications section 5.2: bars of 22.85 mm at an X
// dimension of 0.33 mm, guard bars five modules longer, quiet zones of 11 and 7.
var ean13 = Encoder{
	Name:   "ean13",
	Title:  "EAN-13",
	Linear: true,
	encode: encodeEAN13,
	decode: func(s *Symbol) (string, error) { return decodeLine(s, oned.NewEAN13Reader()) },
}

const (
	eanBarHeight   = 69
	eanGuardHeight = 5
	eanDigitWidth  = 7
)

func encodeEAN13(text string, _ Options) (*Symbol, string, error) {
	digits, err := ean13Digits(text)
	if err != nil {
		return nil, "", err
	}
	code, err := ean.Encode(digits)
	if err != nil {
		return nil, "", fmt.Errorf("encode ean13: %w", err)
	}
	bars := modulesOf(code)
	return &Symbol{
		Width:  len(bars),
		Rows:   []Row{{bars, eanBarHeight}, {ean13Guards(bars), eanGuardHeight}},
		Quiet:  Quiet{Top: 2, Right: 7, Bottom: 2, Left: 11},
		Linear: true,
		// Each digit stands below its own bars, the first one before them all.
		Labels: []Label{
			{Text: digits[:1], X: -10, Y: eanBarHeight + 1, Advance: eanDigitWidth},
			{Text: digits[1:7], X: 3, Y: eanBarHeight + 1, Advance: eanDigitWidth},
			{Text: digits[7:], X: 50, Y: eanBarHeight + 1, Advance: eanDigitWidth},
		},
	}, digits, nil
}

// ean13Digits returns all 13 digits; spaces and hyphens between them are for people.
func ean13Digits(text string) (string, error) {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if !isDigits(digits) {
		return "", fault.Of("data", "must be 12 or 13 digits for EAN-13")
	}
	switch len(digits) {
	case 12:
		return digits + string(gs1CheckDigit(digits)), nil
	case 13:
		if right := gs1CheckDigit(digits[:12]); digits[12] != right {
			return "", fault.Of("data", "has the wrong check digit: the last digit must be %c, got %c", right, digits[12])
		}
		return digits, nil
	}
	return "", fault.Of("data", "must be 12 or 13 digits for EAN-13, got %d", len(digits))
}

// ean13Guards keeps the start, centre and end guard bars and clears the rest.
func ean13Guards(bars []bool) []bool {
	guards := make([]bool, len(bars))
	for _, span := range [][2]int{{0, 3}, {45, 50}, {92, 95}} {
		copy(guards[span[0]:span[1]], bars[span[0]:span[1]])
	}
	return guards
}
