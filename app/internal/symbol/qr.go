package symbol

import (
	"fmt"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/skip2/go-qrcode"

	"github.com/ycesproject/yces/app/internal/fault"
)

// QR codes by ISO/IEC 18004, quiet zone of clause 5.3.8: four modules.
var qr = Encoder{
	Name:   "qr",
	Title:  "QR code",
	Group:  Matrix,
	Hint:   "Any text in any language.",
	Levels: []string{"M", "L", "Q", "H"},
	encode: encodeQR,
	decode: decodeQR,
}

const qrQuiet = 4

// The library's names stand one step apart from the standard's: its High is Q.
var skip2Levels = map[string]qrcode.RecoveryLevel{
	"L": qrcode.Low,
	"M": qrcode.Medium,
	"Q": qrcode.High,
	"H": qrcode.Highest,
}

func encodeQR(text string, o Options) (*Symbol, string, error) {
	if text == "" {
		return nil, "", fault.Of("data", "must be at least 1 character for a QR code")
	}
	var grid [][]bool
	var err error
	if isASCII(text) {
		grid, err = encodeQRASCII(text, o.Level)
	} else {
		grid, err = encodeQRUTF8(text, o.Level)
	}
	if err != nil {
		return nil, "", err
	}
	s := &Symbol{Width: len(grid), Quiet: Quiet{qrQuiet, qrQuiet, qrQuiet, qrQuiet}}
	for _, row := range grid {
		s.Rows = append(s.Rows, Row{Modules: row, Height: 1})
	}
	return s, text, nil
}

func encodeQRASCII(text, level string) ([][]bool, error) {
	code, err := qrcode.New(text, skip2Levels[level])
	if err != nil {
		return nil, tooLong(text, level)
	}
	code.DisableBorder = true
	return code.Bitmap(), nil
}

func tooLong(text, level string) error {
	return fault.Of("data", "is too long for a QR code with error correction %s: %d bytes; shorten it or choose a lower level", level, len(text))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func decodeQR(s *Symbol) (string, error) {
	grid := make([][]bool, len(s.Rows))
	for i, r := range s.Rows {
		grid[i] = r.Modules
	}
	result, err := decoder.NewDecoder().DecodeBoolMapWithoutHint(grid)
	if err != nil {
		return "", fmt.Errorf("decode qr matrix: %w", err)
	}
	return result.GetText(), nil
}
