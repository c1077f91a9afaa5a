package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/code128"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Code 128 by ISO/IEC 15417, quiet zones of ten modules.
var code128Encoder = Encoder{
	Name:   "code128",
	Title:  "Code 128",
	Linear: true,
	encode: encodeCode128,
	decode: func(s *Symbol) (string, error) { return decodeLine(s, oned.NewCode128Reader()) },
}

const (
	code128MaxChars  = 80
	code128BarHeight = 50
	labelAdvance     = 6
)

func encodeCode128(text string, _ Options) (*Symbol, string, error) {
	if err := checkCode128(text); err != nil {
		return nil, "", err
	}
	code, err := code128.Encode(text)
	if err != nil {
		return nil, "", fmt.Errorf("encode code128: %w", err)
	}
	bars := modulesOf(code)
	return &Symbol{
		Width:  len(bars),
		Rows:   []Row{{bars, code128BarHeight}},
		Quiet:  Quiet{Top: 2, Right: 10, Bottom: 2, Left: 10},
		Linear: true,
		Labels: []Label{centred(printable(text), len(bars), code128BarHeight+1)},
	}, text, nil
}

func checkCode128(text string) error {
	var faults fault.List
	for i, r := range []rune(text) {
		if r > 0x7f {
			faults.Add("data", "must be ASCII for Code 128, got %q at character %d; a QR code takes any text", r, i+1)
			break
		}
	}
	if n := len([]rune(text)); n > code128MaxChars {
		faults.Add("data", "must be at most %d characters for Code 128, got %d", code128MaxChars, n)
	}
	return faults.Err()
}

// printable shows control characters as spaces.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text)
}

// centred returns text in the middle of the bars, narrower cells where it
// would be wider than they are.
func centred(text string, width, y int) Label {
	advance := min(labelAdvance, float64(width)/float64(len(text)))
	return Label{Text: text, X: (float64(width) - advance*float64(len(text))) / 2, Y: y, Advance: advance}
}
