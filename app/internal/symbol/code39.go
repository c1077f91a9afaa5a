package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/code39"
	"github.com/makiuchi-d/gozxing/oned"
)

// Code 39 by ISO/IEC 16388, without the optional check character. Only its own
// 43 characters are offered: the full ASCII form reads as other text wherever
// a scanner is not told of it.
var code39Encoder = Encoder{
	Name:    "code39",
	Title:   "Code 39",
	Group:   Industry,
	Hint:    "Capital letters, digits, space and - . $ / + %, 48 at the most.",
	Example: "SHELF 12",
	Linear:  true,
	encode:  encodeCode39,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewCode39Reader(), nil) },
}

const code39MaxChars = 48

func inCode39(r rune) bool {
	return strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%", r)
}

func encodeCode39(text string, _ Options) (*Symbol, string, error) {
	if err := checkText(text, "Code 39", code39MaxChars, "capital letters, digits, space or one of - . $ / + %", inCode39); err != nil {
		return nil, "", err
	}
	code, err := code39.Encode(text, false, false)
	if err != nil {
		return nil, "", fmt.Errorf("encode code39: %w", err)
	}
	return lineSymbol(modulesOf(code), text), text, nil
}
