package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	stdpng "image/png"
	"math"
	"strings"
	"testing"
)

func crcOf(data []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)) }

func fit(t *testing.T, symbology, text string, st Style) (*Picture, error) {
	t.Helper()
	st.Background = White
	s := encode(t, symbology, text)
	st, err := st.Fit(s)
	if err != nil {
		return nil, err
	}
	p, err := NewPicture(s, st)
	if err != nil {
		t.Fatal(err)
	}
	return p, nil
}

func TestPrintSizeIsMadeOfWholePixels(t *testing.T) {
	p, err := fit(t, "qr", "https://example.org", Style{Millimetres: 40, DPI: 600}) // 33 modules
	if err != nil {
		t.Fatal(err)
	}
	// 40 mm are 944.9 dots, of which 28 × 33 = 924 fit.
	if p.style.Scale != 28 {
		t.Errorf("scale %d, want 28", p.style.Scale)
	}
	file, err := png.write(p)
	if err != nil {
		t.Fatal(err)
	}
	body, err := chunk(file, "pHYs")
	if err != nil {
		t.Fatal(err)
	}
	density := binary.BigEndian.Uint32(body)
	if got := 924 / float64(density) * 1000; math.Abs(got-40) > 0.01 || body[8] != 1 {
		t.Errorf("%d pixels a metre make %.3f mm, want 40", density, got)
	}
	if img, err := stdpng.Decode(bytes.NewReader(file)); err != nil || img.Bounds().Dx() != 924 {
		t.Errorf("the image is %v, %v", img.Bounds(), err)
	}
}

func TestVectorsHaveTheExactSize(t *testing.T) {
	p, err := fit(t, "ean13", "4006381333931", Style{Millimetres: 37.29})
	if err != nil {
		t.Fatal(err)
	}
	height := 37.29 * float64(p.height) / float64(p.width)
	for _, tt := range []struct{ format, want string }{
		{"svg", fmt.Sprintf(`width="37.29mm" height="%smm"`, number(height))},
		{"pdf", fmt.Sprintf("/MediaBox[0 0 %s %s]", number(points(37.29)), number(points(height)))},
		{"eps", fmt.Sprintf("%%%%HiResBoundingBox: 0 0 %s %s\n", number(points(37.29)), number(points(height)))},
		{"eps", fmt.Sprintf("%%%%BoundingBox: 0 0 %.0f %.0f\n", math.Ceil(points(37.29)), math.Ceil(points(height)))},
	} {
		f, _ := ByName(tt.format)
		file, err := f.write(p)
		if err != nil || !bytes.Contains(file, []byte(tt.want)) {
			t.Errorf("%s has no %q, %v", tt.format, tt.want, err)
		}
	}
}

func TestJPEGSaysItsResolution(t *testing.T) {
	for dpi, want := range map[int][]byte{0: {0, 0, 1, 0, 1}, 300: {1, 1, 44, 1, 44}} {
		p, err := fit(t, "qr", "x", Style{DPI: dpi})
		if err != nil {
			t.Fatal(err)
		}
		file, err := jpeg.write(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := file[13:18]; string(file[6:10]) != "JFIF" || !bytes.Equal(got, want) {
			t.Errorf("%d dpi: unit and densities %v, want %v", dpi, got, want)
		}
	}
}

func TestSizesThatCannotBePrinted(t *testing.T) {
	tests := []struct {
		symbology, text string
		style           Style
		field, says     string
	}{
		{"qr", "https://example.org", Style{Millimetres: 5}, "mm", "at least 8.3 mm wide"},
		{"ean13", "4006381333931", Style{Millimetres: 20}, "mm", "at least 29.9 mm wide"},
		{"qr", "https://example.org", Style{Millimetres: 20, DPI: 40}, "dpi", "at least 42 dpi"},
		{"qr", "x", Style{Scale: 2, DPI: 1200}, "scale", "at least 12"},
		{"qr", "x", Style{Scale: 2, DPI: 300, Millimetres: 40}, "scale", "together with mm and dpi"},
		{"qr", "x", Style{Quiet: 3}, "quiet", "quiet zone of 4"},
		{"ean13", "4006381333931", Style{Quiet: 10}, "quiet", "quiet zone of 11"},
		{"qr", "x", Style{Millimetres: 2000, DPI: 1200}, "dpi", "choose a smaller one"},
	}
	for _, tt := range tests {
		_, err := fit(t, tt.symbology, tt.text, tt.style)
		if detail := faultOf(t, err, tt.field); !strings.Contains(detail, tt.says) {
			t.Errorf("%s %+v: %q does not say %q", tt.symbology, tt.style, detail, tt.says)
		}
	}
}

func TestAPosterIsMadeSmallEnoughWhereNobodySaysHow(t *testing.T) {
	p, err := fit(t, "qr", "x", Style{Millimetres: 2000})
	if err != nil || p.width*p.height*p.style.Scale*p.style.Scale > MaxPixels || p.style.Scale < 100 {
		t.Errorf("scale %d, %v", p.style.Scale, err)
	}
}

func TestQuietZone(t *testing.T) {
	for _, tt := range []struct {
		symbology, text string
		width, height   int // what is added to the modules
	}{{"qr", "x", 20, 20}, {"code128", "x", 20, 0}} {
		wide, err := fit(t, tt.symbology, tt.text, Style{Quiet: 20})
		if err != nil {
			t.Fatal(err)
		}
		plain, _ := fit(t, tt.symbology, tt.text, Style{})
		q := plain.symbol.Quiet
		if wide.width-plain.width != 40-q.Left-q.Right || (tt.height == 0) != (wide.height == plain.height) {
			t.Errorf("%s: %d × %d, plain %d × %d", tt.symbology, wide.width, wide.height, plain.width, plain.height)
		}
		if err := png.verify(wide, mustWrite(t, png, wide)); err != nil {
			t.Errorf("%s: %v", tt.symbology, err)
		}
	}
}

func mustWrite(t *testing.T, f Format, p *Picture) []byte {
	t.Helper()
	file, err := f.write(p)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
