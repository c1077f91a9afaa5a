package scan

import (
	"math"
	"math/rand/v2"
	"testing"
)

// examples are a text for each symbology that a picture of it is read of.
var examples = map[string]string{
	"qr": "Grüße", "datamatrix": "Part 7/4", "aztec": "TICKET 42",
	"ean13": "4006381333931", "ean8": "96385074", "upca": "036000291452", "upce": "01234565",
	"code128": "Ab-12", "code39": "SHELF 12", "code93": "Lot-9",
	"itf": "123456", "itf14": "15400141288763", "codabar": "A40156B",
}

func TestReadsEverySymbology(t *testing.T) {
	all, err := ParseSet("all")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range examples {
		for _, turn := range []float64{0.1, math.Pi} {
			s := shot{side: 480, fill: 0.88, turn: turn, light: 230, dark: 30, noise: 4}
			img := s.take(rand.New(rand.NewPCG(1, 2)), draw(t, name, text, ""))
			found := Read(t.Context(), &Picture{luminance(img)}, all)
			if len(found) != 1 || found[0].Symbology != name || found[0].Text != text {
				t.Errorf("%s turned by %.1f: read %+v", name, turn, found)
			}
		}
	}
}
