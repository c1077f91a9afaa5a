package symbol

import (
	"fmt"

	"github.com/boombuler/barcode/code128"
	"github.com/makiuchi-d/gozxing/oned"
)

// Code 128 by ISO/IEC 15417, quiet zones of ten modules.
var code128Encoder = Encoder{
	Name:    "code128",
	Title:   "Code 128",
	Group:   Industry,
	Hint:    "Letters, digits and signs (ASCII), 80 at the most.",
	Example: "Ab-12",
	Linear:  true,
	encode:  encodeCode128,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewCode128Reader(), nil) },
}

const code128MaxChars = 80

func encodeCode128(text string, _ Options) (*Symbol, string, error) {
	if err := checkText(text, "Code 128", code128MaxChars, "ASCII", ascii); err != nil {
		return nil, "", err
	}
	code, err := code128.Encode(text)
	if err != nil {
		return nil, "", fmt.Errorf("encode code128: %w", err)
	}
	return lineSymbol(modulesOf(code), text), text, nil
}
