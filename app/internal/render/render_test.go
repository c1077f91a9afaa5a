package render

import (
	"bytes"
	"compress/zlib"
	"flag"
	"image"
	stdpng "image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/ycesproject/yces/app/internal/symbol"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var plain = Style{Foreground: Black, Background: White}

func encode(t testing.TB, name, text string) *symbol.Symbol {
	t.Helper()
	e, ok := symbol.ByName(name)
	if !ok {
		t.Fatalf("no encoder %q", name)
	}
	s, err := e.Encode(text, symbol.Options{})
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return s
}

func renderAs(t testing.TB, format string, s *symbol.Symbol, st Style) []byte {
	t.Helper()
	f, ok := ByName(format)
	if !ok {
		t.Fatalf("no format %q", format)
	}
	st, err := st.Fit(s)
	if err != nil {
		t.Fatalf("fit: %v", err)
	}
	out, err := f.Render(t.Context(), s, st)
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	return out
}

func TestGoldenFiles(t *testing.T) {
	texts := map[string]string{"qr": "https://example.org", "ean13": "4006381333931", "code128": "Yces-128 (gjpqy)"}
	for name, text := range texts {
		for _, format := range Formats {
			got := renderAs(t, format.Name, encode(t, name, text), Style{Foreground: Color{0x1b, 0x2a, 0x49}, Background: White})
			path := filepath.Join("testdata", name+"."+format.Name)
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what it was; look at it, then run with -update", path)
			}
		}
	}
}

// TestPNGIsWhatTheSymbolSays compares every module's every pixel with the symbol.
func TestPNGIsWhatTheSymbolSays(t *testing.T) {
	s := encode(t, "qr", "Grüße")
	for _, scale := range []int{1, 2, 3, 7, 16} {
		st := Style{Foreground: Color{1, 2, 3}, Background: Color{250, 251, 252}, Scale: scale}
		img, err := stdpng.Decode(bytes.NewReader(renderAs(t, "png", s, st)))
		if err != nil {
			t.Fatalf("scale %d: %v", scale, err)
		}
		w, h := s.Size()
		if img.Bounds() != image.Rect(0, 0, w*scale, h*scale) {
			t.Fatalf("scale %d: bounds %v", scale, img.Bounds())
		}
		for y := range h * scale {
			for x := range w * scale {
				row, col := y/scale-s.Quiet.Top, x/scale-s.Quiet.Left
				dark := row >= 0 && row < len(s.Rows) && col >= 0 && col < s.Width && s.Rows[row].Modules[col]
				want := st.Background
				if dark {
					want = st.Foreground
				}
				if r, g, b, _ := img.At(x, y).RGBA(); uint8(r) != want.R || uint8(g) != want.G || uint8(b) != want.B {
					t.Fatalf("scale %d: pixel %d,%d is wrong", scale, x, y)
				}
			}
		}
	}
}

// generated returns a text that the symbology takes, and what must be read back.
func generated(name string, random *rand.Rand) (text, want string) {
	pick := func(letters string, n int) string {
		runes := []rune(letters)
		out := make([]rune, n)
		for i := range out {
			out[i] = runes[random.IntN(len(runes))]
		}
		return string(out)
	}
	switch name {
	case "ean13":
		// A leading zero would be read as UPC-A.
		text = "4" + pick("0123456789", 11)
		e, _ := symbol.ByName(name)
		s, _ := e.Encode(text, symbol.Options{})
		return text, s.Labels[0].Text + s.Labels[1].Text + s.Labels[2].Text
	case "code128":
		text = "x" + pick("0123456789ABCxyz -./$%", 1+random.IntN(30)) + "x"
	default:
		text = "x" + pick([]string{"0123456789", "https://EXAMPLE.org/?=&", "äöüßñé€ abc", "日本語"}[random.IntN(4)], 1+random.IntN(80)) + "x"
	}
	return text, text
}

// TestZbarReadsWhatWasWritten gives a few hundred PNGs to a decoder written by
// others in another language.
func TestZbarReadsWhatWasWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	var files []string
	wants := map[string]string{}
	for i := range 240 {
		name := []string{"qr", "ean13", "code128"}[i%3]
		text, want := generated(name, random)
		st := plain
		st.Scale = 2 + i%4
		path := filepath.Join(dir, string(rune('a'+i/26))+string(rune('a'+i%26))+".png")
		if err := os.WriteFile(path, renderAs(t, "png", encode(t, name, text), st), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
		wants[path] = want
	}
	for _, path := range files {
		out, err := exec.Command("zbarimg", "--quiet", "--raw", path).Output()
		if err != nil {
			t.Errorf("zbarimg reads nothing in the image of %q: %v", wants[path], err)
		} else if got := strings.TrimSuffix(string(out), "\n"); got != wants[path] {
			t.Errorf("zbarimg reads %q, want %q", got, wants[path])
		}
	}
}

func TestGozxingReadsWhatWasWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	readers := map[string]gozxing.Reader{"qr": qrcode.NewQRCodeReader(), "ean13": oned.NewEAN13Reader(), "code128": oned.NewCode128Reader()}
	for range 60 {
		for name, reader := range readers {
			text, want := generated(name, random)
			img, err := stdpng.Decode(bytes.NewReader(renderAs(t, "png", encode(t, name, text), plain)))
			if err != nil {
				t.Fatal(err)
			}
			bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
			if err != nil {
				t.Fatal(err)
			}
			result, err := reader.Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: name == "qr"})
			if err != nil || result.GetText() != want {
				t.Errorf("%s: read %v, %v, want %q", name, result, err, want)
			}
		}
	}
}

func TestDefaultScaleMakesReasonableImages(t *testing.T) {
	for _, text := range []string{"x", strings.Repeat("x", 300), strings.Repeat("x", 2331)} {
		s := encode(t, "qr", text)
		st, err := plain.Fit(s)
		if err != nil {
			t.Fatal(err)
		}
		if w, _ := s.Size(); st.Scale < 3 || w*st.Scale < 300 || w*st.Scale > 560 {
			t.Errorf("%d bytes: %d modules at scale %d", len(text), w, st.Scale)
		}
	}
}

func TestTooLargeIsRefused(t *testing.T) {
	s := encode(t, "qr", "x")
	for _, scale := range []int{-1, MaxScale + 1} {
		if _, err := (Style{Scale: scale}).Fit(s); err == nil {
			t.Errorf("scale %d is allowed", scale)
		}
	}
	if _, err := (Style{Scale: MaxScale}).Fit(encode(t, "qr", strings.Repeat("x", 2000))); err == nil {
		t.Error("an image of more than 16 megapixels is allowed")
	}
}

func TestColors(t *testing.T) {
	for text, want := range map[string]Color{"#0af": {0, 0xaa, 0xff}, "0af": {0, 0xaa, 0xff}, "#102030": {16, 32, 48}, "102030": {16, 32, 48}, "Navy": {0, 0, 128}} {
		if got, err := ParseColor(text); err != nil || got != want {
			t.Errorf("%s = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "#", "#12", "#1234", "#12345", "#1234567", "+12345", "0x1234", "pinkish"} {
		if c, err := ParseColor(text); err == nil {
			t.Errorf("%q is taken as %v", text, c)
		}
	}
}

func TestColorsThatWouldNotScanAreRefused(t *testing.T) {
	tests := []struct {
		fg, bg string
		linear bool
		says   string
	}{
		{"black", "white", true, ""},
		{"navy", "white", true, ""},
		{"red", "white", false, ""},
		{"red", "white", true, "red light"},
		{"white", "black", false, "inverted"},
		{"yellow", "white", false, "symbol contrast"},
		{"black", "#777", false, "symbol contrast"},
		{"black", "black", false, "symbol contrast"},
	}
	for _, tt := range tests {
		fg, _ := ParseColor(tt.fg)
		bg, _ := ParseColor(tt.bg)
		err := Style{Foreground: fg, Background: bg}.CheckContrast(tt.linear)
		if (err == nil) != (tt.says == "") || (err != nil && !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s on %s: %v, want %q", tt.fg, tt.bg, err, tt.says)
		}
	}
}

func FuzzDeflater(f *testing.F) {
	f.Add([]byte("abcabcaaaaaaaaa"), uint8(3), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, stride, times uint8) {
		n := int(stride) + minMatch
		d := newDeflater(n)
		var want []byte
		for len(data) >= n {
			copies := 1 + int(times)%9
			d.line(data[:n], copies)
			want = append(want, bytes.Repeat(data[:n], copies)...)
			data = data[n:]
		}
		r, err := zlib.NewReader(bytes.NewReader(d.close()))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("inflated %d bytes, %v, want %d", len(got), err, len(want))
		}
	})
}

func BenchmarkPNG(b *testing.B) {
	for _, name := range []string{"qr", "ean13"} {
		b.Run(name, func(b *testing.B) {
			s := encode(b, name, "4006381333931")
			for b.Loop() {
				renderAs(b, "png", s, plain)
			}
		})
	}
}
