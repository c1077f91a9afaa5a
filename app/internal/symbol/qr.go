package symbol

import (
	"fmt"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/skip2/go-qrcode"
	"rsc.io/qr/coding"

	"github.com/ycesproject/yces/app/internal/fault"
)

// QR codes by ISO/IEC 18004, quiet zone of clause 5.3.8: four modules.
var qr = Encoder{
	Name:    "qr",
	Title:   "QR code",
	Group:   Matrix,
	Hint:    "Any text in any language.",
	Example: "https://example.org/Grüße",
	Levels:  []string{"M", "L", "Q", "H"},
	encode:  encodeQR,
	decode:  decodeQR,
}

const qrQuiet = 4

// The library's names stand one step apart from the standard's: its High is Q.
var skip2Levels = [...]qrcode.RecoveryLevel{coding.L: qrcode.Low, coding.M: qrcode.Medium, coding.Q: qrcode.High, coding.H: qrcode.Highest}

var qrLevels = map[string]coding.Level{"L": coding.L, "M": coding.M, "Q": coding.Q, "H": coding.H}

func encodeQR(text string, o Options) (*Symbol, string, error) {
	if text == "" {
		return nil, "", fault.Of("data", "must be at least 1 character for a QR code")
	}
	prefix := 0
	if !isASCII(text) {
		prefix = eciBits
	}
	version, segments, fits := smallest(text, qrLevels[o.Level], prefix)
	if !fits {
		return nil, "", tooLong(text, o.Level)
	}
	grid, err := drawQR(text, version, qrLevels[o.Level], segments)
	if err != nil {
		return nil, "", err
	}
	s := &Symbol{Width: len(grid), Rows: make([]Row, len(grid)), Quiet: Quiet{qrQuiet, qrQuiet, qrQuiet, qrQuiet}}
	for y, modules := range grid {
		s.Rows[y] = Row{Modules: modules, Height: 1}
	}
	return s, text, nil
}

// skip2Versions is up to which version skip2 draws. It rates masks a module at a
// time: beyond, that takes longer than all the rest of a request, ten times what
// rating whole rows does.
const skip2Versions = 2

// drawQR leaves small symbols of ASCII to skip2. It has no ECI, and cuts text into
// segments greedily, which makes one symbol in twenty-five larger than it need be.
func drawQR(text string, version coding.Version, level coding.Level, segments []segment) ([][]bool, error) {
	if version <= skip2Versions && isASCII(text) {
		code, err := qrcode.New(text, skip2Levels[level])
		if err == nil && code.VersionNumber == int(version) {
			code.DisableBorder = true
			return code.Bitmap(), nil
		}
	}
	layout, err := layoutOf(version, level)
	if err != nil {
		return nil, err
	}
	return layout.draw(encodings(text, segments)...)
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
	result, err := decoder.NewDecoder().DecodeBoolMapWithoutHint(gridOfRows(s))
	if err != nil {
		return "", fmt.Errorf("decode qr matrix: %w", err)
	}
	return result.GetText(), nil
}
