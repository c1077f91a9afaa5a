package render

import (
	"bytes"
	stdpng "image/png"
	"os"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// gozxing reads the images of linear symbols; the grids of matrix symbols it
// reads before Encode returns them.
func TestGozxingReadsEveryLinearSymbology(t *testing.T) {
	readers := map[string]gozxing.Reader{
		"ean13": oned.NewEAN13Reader(), "ean8": oned.NewEAN8Reader(), "upca": oned.NewUPCAReader(), "upce": oned.NewUPCEReader(),
		"code128": oned.NewCode128Reader(), "code39": oned.NewCode39Reader(), "code93": oned.NewCode93Reader(),
		"itf": oned.NewITFReader(), "itf14": oned.NewITFReader(), "codabar": oned.NewCodaBarReader(),
	}
	how := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_RETURN_CODABAR_START_END: true}
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			for _, s := range samples(t, name) {
				file, err := os.ReadFile(s.path)
				if err != nil {
					t.Fatal(err)
				}
				img, err := stdpng.Decode(bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				picture, err := gozxing.NewBinaryBitmapFromImage(img)
				if err != nil {
					t.Fatal(err)
				}
				result, err := reader.Decode(picture, how)
				if err != nil || result.GetText() != s.want {
					t.Errorf("%q: gozxing reads %v, %v, want %q", s.text, result, err, s.want)
				}
			}
		})
	}
}
