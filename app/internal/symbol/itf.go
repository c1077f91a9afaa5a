package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/twooffive"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Interleaved 2 of 5 by ISO/IEC 16390: pairs of digits, quiet zones of ten modules.
var itf = Encoder{
	Name:    "itf",
	Title:   "Interleaved 2 of 5",
	Group:   Industry,
	Hint:    "An even number of digits, 6 to 48.",
	Example: "123456",
	Linear:  true,
	encode:  encodeITF,
	decode:  decodeITF,
}

// ITF-14 by GS1 General Specifications section 5.3: 14 digits, bearer bars of
// twice the narrow bar or more above and below.
var itf14 = Encoder{
	Name:    "itf14",
	Title:   "ITF-14",
	Group:   Industry,
	Hint:    "13 digits, or 14 with the check digit (GTIN of a case).",
	Example: "1540014128876",
	Linear:  true,
	encode:  encodeITF14,
	decode:  decodeITF,
}

// A part of an ITF symbol may look like a shorter one, so that readers ignore
// short ones.
const (
	itfMinDigits = 6
	itfMaxDigits = 48
	bearerHeight = 4
)

func decodeITF(s *Symbol) (string, error) { return decodeLine(s, oned.NewITFReader(), nil) }

func encodeITF(text string, _ Options) (*Symbol, string, error) {
	switch n := len(text); {
	case !isDigits(text):
		return nil, "", fault.Of("data", "must be digits only for Interleaved 2 of 5")
	case n < itfMinDigits || n > itfMaxDigits:
		return nil, "", fault.Of("data", "must be %d to %d digits for Interleaved 2 of 5, got %d", itfMinDigits, itfMaxDigits, n)
	case n%2 == 1:
		return nil, "", fault.Of("data", "must be an even number of digits for Interleaved 2 of 5, got %d; put a 0 before them", n)
	}
	bars, err := itfBars(text)
	if err != nil {
		return nil, "", err
	}
	return lineSymbol(bars, text), text, nil
}

func encodeITF14(text string, _ Options) (*Symbol, string, error) {
	digits, err := withCheckDigit(text, 14, "ITF-14")
	if err != nil {
		return nil, "", err
	}
	bars, err := itfBars(digits)
	if err != nil {
		return nil, "", err
	}
	// Grouped as GS1 prints it: indicator, prefix, item, check digit.
	s := lineSymbol(bars, digits[:1]+" "+digits[1:3]+" "+digits[3:8]+" "+digits[8:13]+" "+digits[13:])
	bearer := make([]bool, len(bars))
	for i := range bearer {
		bearer[i] = true
	}
	s.Rows = []Row{{bearer, bearerHeight}, {bars, lineBarHeight}, {bearer, bearerHeight}}
	s.Labels[0].Y += 2 * bearerHeight
	return s, digits, nil
}

func itfBars(digits string) ([]bool, error) {
	code, err := twooffive.Encode(digits, true)
	if err != nil {
		return nil, fmt.Errorf("encode itf: %w", err)
	}
	return modulesOf(code), nil
}
