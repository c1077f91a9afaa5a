package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/codabar"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Codabar by EN 798, without a check character. The start and stop characters
// A to D are part of what a reader returns; A where none are given.
var codabarEncoder = Encoder{
	Name:    "codabar",
	Title:   "Codabar",
	Group:   Industry,
	Hint:    "Digits and - $ : / . +, 2 to 48; a start and a stop letter A to D around them if you like.",
	Example: "A40156B",
	Linear:  true,
	encode:  encodeCodabar,
	decode: func(s *Symbol) (string, error) {
		return decodeLine(s, oned.NewCodaBarReader(), hints{gozxing.DecodeHintType_RETURN_CODABAR_START_END: true})
	},
}

// Readers ignore shorter ones, which show up by chance in any picture.
const (
	codabarMinChars = 2
	codabarMaxChars = 48
)

func encodeCodabar(text string, _ Options) (*Symbol, string, error) {
	full, err := codabarText(text)
	if err != nil {
		return nil, "", err
	}
	code, err := codabar.Encode(full)
	if err != nil {
		return nil, "", fmt.Errorf("encode codabar: %w", err)
	}
	return lineSymbol(modulesOf(code), full), full, nil
}

func codabarText(text string) (string, error) {
	const letters = "ABCD"
	inside, start, stop := text, "A", "A"
	if n := len(text); n >= 2 && strings.Contains(letters, text[:1]) && strings.Contains(letters, text[n-1:]) {
		inside, start, stop = text[1:n-1], text[:1], text[n-1:]
	}
	allowed := func(r rune) bool { return strings.ContainsRune("0123456789-$:/.+", r) }
	err := checkText(inside, "Codabar", codabarMaxChars, "digits or one of - $ : / . +, between two letters A to D or none,", allowed)
	if err == nil && len(inside) < codabarMinChars {
		err = fault.Of("data", "must be at least %d characters for Codabar, got %d", codabarMinChars, len(inside))
	}
	return start + inside + stop, err
}
