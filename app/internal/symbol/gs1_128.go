package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/code128"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// GS1-128 by GS1 General Specifications section 5.4: Code 128 that begins with
// FNC1 and carries element strings.
var gs1128 = Encoder{
	Name:    "gs1-128",
	Title:   "GS1-128",
	Group:   Industry,
	Hint:    "Application identifiers in brackets: (01)09501101530003(17)261231(10)AB-123.",
	Example: "(01)09501101530003(17)261231(10)AB-123",
	Linear:  true,
	encode:  encodeGS1128,
	decode:  decodeGS1128,
}

const (
	// gs1MaxChars is what one symbol may hold, separators included.
	gs1MaxChars = 48
	// separator is what readers return for FNC1 between elements (GS).
	separator = "\x1d"
	// gs1Identifier is the symbology identifier that FNC1 at the start stands for.
	gs1Identifier = "]C1"
)

func encodeGS1128(text string, _ Options) (*Symbol, string, error) {
	elements, err := parseElements(text)
	if err != nil {
		return nil, "", err
	}
	content := elementString(elements)
	if n := len(content); n > gs1MaxChars {
		return nil, "", fault.Of("data", "must be at most %d characters for GS1-128, brackets not counted, got %d; use two symbols", gs1MaxChars, n)
	}
	code, err := code128.Encode(string(code128.FNC1) + strings.ReplaceAll(content, separator, string(code128.FNC1)))
	if err != nil {
		return nil, "", fmt.Errorf("encode gs1-128: %w", err)
	}
	return lineSymbol(modulesOf(code), text), content, nil
}

// elementString joins the elements; a separator stands only where the reader
// could not know that a value ends.
func elementString(elements []element) string {
	var b strings.Builder
	for i, e := range elements {
		b.WriteString(e.ai + e.value)
		if i < len(elements)-1 && !hasPredefinedLength(e.ai) {
			b.WriteString(separator)
		}
	}
	return b.String()
}

func decodeGS1128(s *Symbol) (string, error) {
	text, err := decodeLine(s, oned.NewCode128Reader(), hints{gozxing.DecodeHintType_ASSUME_GS1: true})
	if err != nil {
		return "", err
	}
	content, ok := strings.CutPrefix(text, gs1Identifier)
	if !ok {
		return "", fmt.Errorf("decode gs1-128: no FNC1 at the start")
	}
	// The reader takes a check character whose value is FNC1's for one; no
	// element string ends with a separator.
	return strings.TrimSuffix(content, separator), nil
}
