package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/code93"
	"github.com/makiuchi-d/gozxing/oned"
)

// Code 93 by AIM USS-93: both check characters are always there and readers
// take them away; its shift characters reach all of ASCII.
var code93Encoder = Encoder{
	Name:    "code93",
	Title:   "Code 93",
	Group:   Industry,
	Hint:    "Letters, digits and signs (ASCII), 48 at the most.",
	Example: "Lot-9",
	Linear:  true,
	encode:  encodeCode93,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewCode93Reader(), nil) },
}

const code93MaxChars = 48

func encodeCode93(text string, _ Options) (*Symbol, string, error) {
	if err := checkText(text, "Code 93", code93MaxChars, "ASCII", ascii); err != nil {
		return nil, "", err
	}
	code, err := code93.Encode(text, true, true)
	if err != nil {
		return nil, "", fmt.Errorf("encode code93: %w", err)
	}
	return lineSymbol(modulesOf(code), text), text, nil
}
