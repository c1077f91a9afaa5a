package symbol

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestPDF417Example is the worked example of ISO/IEC 15438: PDF417 at level 1.
func TestPDF417Example(t *testing.T) {
	data := compact("PDF417")
	if want := []int{453, 178, 121, 239}; !slices.Equal(data, want) {
		t.Errorf("codewords %v, want %v", data, want)
	}
	if got, want := checkWords(append([]int{5}, data...), 4), []int{452, 327, 657, 619}; !slices.Equal(got, want) {
		t.Errorf("check codewords %v, want %v", got, want)
	}
}

// Each pattern has four bars and four spaces of one to six modules, and its
// cluster follows from the bars' widths (clause 5.3.1).
func TestPDF417PatternsBelongToTheirClusters(t *testing.T) {
	for c, patterns := range pdf417Patterns {
		for word, pattern := range patterns {
			var widths []int
			last := uint32(2)
			for i := patternModules - 1; i >= 0; i-- {
				if bit := pattern >> i & 1; bit != last {
					widths, last = append(widths, 0), bit
				}
				widths[len(widths)-1]++
			}
			if len(widths) != 8 || slices.Max(widths) > 6 || (widths[0]-widths[2]+widths[4]-widths[6]+9)%9 != 3*c {
				t.Errorf("cluster %d, codeword %d: widths %v", 3*c, word, widths)
			}
		}
		if len(pdf417Values[c]) != pdf417Codewords {
			t.Errorf("cluster %d has %d different patterns", 3*c, len(pdf417Values[c]))
		}
	}
}

func TestPDF417IsFilledToTheLastCodeword(t *testing.T) {
	// 928 less the length and 64 check codewords, two letters each.
	const most = 2 * (pdf417Most - 1 - 64)
	s := mustEncode(t, "pdf417", strings.Repeat("A", most), Options{})
	if words := len(s.Rows) * ((s.Width-stopModules)/patternModules - 3); words != pdf417Most {
		t.Errorf("%d codewords, want %d", words, pdf417Most)
	}
	if _, err := pdf417.Encode(strings.Repeat("A", most+1), Options{}); err == nil {
		t.Error("a symbol holds more than the standard allows")
	}
}

// Readers as old as ZXing 3.4 stumble over symbols of one data codeword.
func TestPDF417HasTwoDataCodewords(t *testing.T) {
	for _, text := range []string{"7", "A", "Ab"} {
		s := mustEncode(t, "pdf417", text, Options{})
		words, err := readPDF417Row(s.Rows[0].Modules, 0)
		if err != nil || words[1] < 3 {
			t.Errorf("%q: row %v, %v", text, words, err)
		}
	}
}

// Any module that changes is seen.
func TestPDF417ReaderSeesEveryModule(t *testing.T) {
	s := mustEncode(t, "pdf417", "Hello, PDF417 x", Options{})
	for y, row := range s.Rows {
		for x := range row.Modules {
			row.Modules[x] = !row.Modules[x]
			if text, err := decodePDF417(s); !errors.Is(err, errPDF417) {
				t.Errorf("module %d of row %d turned: read %q, %v", x, y, text, err)
			}
			row.Modules[x] = !row.Modules[x]
		}
	}
}

func TestEverySubModeOfTextReadsBack(t *testing.T) {
	var all strings.Builder
	for _, from := range subModes {
		for _, to := range subModes {
			for i := range len(to) {
				all.WriteString(from[i%10:i%10+2] + to[i:i+1])
			}
		}
	}
	letters := strings.ReplaceAll(all.String(), "\x00", "")
	for len(letters) > 0 {
		n := min(100, len(letters))
		mustEncode(t, "pdf417", letters[:n], Options{})
		letters = letters[n:]
	}
}
