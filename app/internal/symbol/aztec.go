package symbol

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/aztec"
	"github.com/makiuchi-d/gozxing/aztec/decoder"
	"github.com/makiuchi-d/gozxing/aztec/detector"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Aztec code by ISO/IEC 24778 with the error correction that it recommends.
// The standard needs no quiet zone; two modules keep a dark frame off. Of longer
// texts zxing-cpp misreads some, and the library takes long over them.
var aztecEncoder = Encoder{
	Name:    "aztec",
	Title:   "Aztec",
	Group:   Matrix,
	Hint:    "ASCII text, up to 800 characters.",
	Example: "TICKET 42",
	encode:  encodeAztec,
	decode:  decodeAztec,
}

const (
	aztecQuiet = 2
	// aztecCorrection is the share of check codewords in percent; three more come on top.
	aztecCorrection = 23
	aztecMaxChars   = 800
)

func encodeAztec(text string, _ Options) (*Symbol, string, error) {
	if err := checkText(text, "Aztec", aztecMaxChars, "ASCII", ascii); err != nil {
		return nil, "", err
	}
	if strings.HasPrefix(text, separator) {
		return nil, "", fault.Of("data", "must not begin with the control character GS for Aztec: readers take it for the mark of GS1 data and drop it")
	}
	code, err := aztec.Encode([]byte(text), aztecCorrection, aztec.DEFAULT_LAYERS)
	if err != nil {
		return nil, "", fmt.Errorf("encode aztec: %w", err)
	}
	return matrixSymbol(code, aztecQuiet), text, nil
}

func decodeAztec(s *Symbol) (string, error) {
	const pixels = 3 // the detector walks along edges, which needs some pixels a module
	image, err := bitmap(s, pixels)
	if err != nil {
		return "", fmt.Errorf("draw aztec: %w", err)
	}
	found, err := detector.NewDetector(image).Detect(false)
	if err != nil {
		return "", fmt.Errorf("find aztec: %w", err)
	}
	result, err := decoder.NewDecoder().Decode(found)
	if err != nil {
		return "", fmt.Errorf("decode aztec: %w", err)
	}
	return result.GetText(), nil
}
