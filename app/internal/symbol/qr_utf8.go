package symbol

import (
	"fmt"

	"rsc.io/qr/coding"
)

// Text beyond ASCII needs an ECI designator (ISO/IEC 18004 clause 7.4.2): without
// it, readers guess the character set and often guess wrong.

// eciUTF8 is the ECI assignment number of UTF-8.
const eciUTF8 = 26

var rscLevels = map[string]coding.Level{"L": coding.L, "M": coding.M, "Q": coding.Q, "H": coding.H}

// utf8Segments is an ECI designator followed by the text in byte mode.
type utf8Segments string

// Check implements coding.Encoding.
func (utf8Segments) Check() error { return nil }

// Bits implements coding.Encoding: a mode indicator and an assignment number
// below 128 take 12 bits.
func (t utf8Segments) Bits(v coding.Version) int { return 12 + coding.String(t).Bits(v) }

// Encode implements coding.Encoding.
func (t utf8Segments) Encode(b *coding.Bits, v coding.Version) {
	b.Write(0b0111, 4)
	b.Write(eciUTF8, 8)
	coding.String(t).Encode(b, v)
}

// encodeQRUTF8 picks the smallest version that holds the text and the mask
// with the lowest penalty.
func encodeQRUTF8(text, level string) ([][]bool, error) {
	l := rscLevels[level]
	segments := utf8Segments(text)
	version := coding.Version(coding.MinVersion)
	for segments.Bits(version) > version.DataBytes(l)*8 {
		if version == coding.MaxVersion {
			return nil, tooLong(text, level)
		}
		version++
	}
	var best [][]bool
	lowest := 0
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(version, l, mask)
		if err != nil {
			return nil, fmt.Errorf("plan qr code: %w", err)
		}
		code, err := plan.Encode(segments)
		if err != nil {
			return nil, fmt.Errorf("encode qr code: %w", err)
		}
		grid := gridOf(code)
		if p := penalty(grid); best == nil || p < lowest {
			best, lowest = grid, p
		}
	}
	return best, nil
}

func gridOf(code *coding.Code) [][]bool {
	grid := make([][]bool, code.Size)
	for y := range grid {
		grid[y] = make([]bool, code.Size)
		for x := range grid[y] {
			grid[y][x] = code.Black(x, y)
		}
	}
	return grid
}
