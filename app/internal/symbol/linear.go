package symbol

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/boombuler/barcode"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

const (
	lineBarHeight = 50
	// lineQuiet is the quiet zone that the standards of industry ask for: ten modules.
	lineQuiet    = 10
	labelAdvance = 6
)

type hints = map[gozxing.DecodeHintType]any

// lineSymbol is a linear symbol with text in the middle below it.
func lineSymbol(bars []bool, label string) *Symbol {
	return &Symbol{
		Width:  len(bars),
		Rows:   []Row{{bars, lineBarHeight}},
		Quiet:  Quiet{Top: 2, Right: lineQuiet, Bottom: 2, Left: lineQuiet},
		Linear: true,
		Labels: []Label{centred(printable(label), len(bars), lineBarHeight+1)},
	}
}

// checkText refuses text that is empty, too long or has characters that the
// symbology has not.
func checkText(text, title string, most int, alphabet string, allowed func(rune) bool) error {
	var faults fault.List
	runes := []rune(text)
	for i, r := range runes {
		if !allowed(r) {
			advice := ""
			if !ascii(r) {
				advice = "; a QR code takes any text"
			}
			faults.Add("data", "must be %s for %s, got %q at character %d%s", alphabet, title, r, i+1, advice)
			break
		}
	}
	if len(runes) == 0 {
		faults.Add("data", "must be at least 1 character for %s", title)
	}
	if len(runes) > most {
		faults.Add("data", "must be at most %d characters for %s, got %d", most, title, len(runes))
	}
	return faults.Err()
}

func ascii(r rune) bool { return r < utf8.RuneSelf }

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

// modulesOf returns the bars of a linear barcode as modules.
func modulesOf(code barcode.Barcode) []bool {
	bounds := code.Bounds()
	modules := make([]bool, bounds.Dx())
	for x := range modules {
		r, _, _, _ := code.At(bounds.Min.X+x, bounds.Min.Y).RGBA()
		modules[x] = r == 0
	}
	return modules
}

// decodeLine reads a linear symbol's tallest row, quiet zones included.
func decodeLine(s *Symbol, reader any, how hints) (string, error) {
	const pixels = 2 // the reader tells widths apart by ratios, which one pixel blurs
	line := gozxing.NewBitArray((s.Quiet.Left + s.Width + s.Quiet.Right) * pixels)
	for x, dark := range tallest(s.Rows) {
		if !dark {
			continue
		}
		for p := range pixels {
			line.Set((s.Quiet.Left+x)*pixels + p)
		}
	}
	rows, ok := reader.(oned.RowDecoder)
	if !ok {
		return "", fmt.Errorf("decode bars: %T reads no rows", reader)
	}
	result, err := rows.DecodeRow(0, line, how)
	if err != nil {
		return "", fmt.Errorf("decode bars: %w", err)
	}
	return result.GetText(), nil
}

func tallest(rows []Row) []bool {
	best := rows[0]
	for _, r := range rows {
		if r.Height > best.Height {
			best = r
		}
	}
	return best.Modules
}
