package render

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	stdpng "image/png"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

func encodeLevel(t testing.TB, text, level string) *symbol.Symbol {
	t.Helper()
	e, _ := symbol.ByName("qr")
	s, err := e.Encode(text, symbol.Options{Level: level})
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return s
}

// picture is an image of a size that nobody would mistake for a symbol.
func disc(size int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			if dx, dy := 2*x-size, 2*y-size; dx*dx+dy*dy < size*size {
				img.Set(x, y, color.NRGBA{0xd0, 0x30, 0x20, 0xff})
			}
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := stdpng.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func logoOf(t testing.TB, img image.Image) *Logo {
	t.Helper()
	l, err := ParseLogo(t.Context(), pngOf(t, img))
	if err != nil {
		t.Fatalf("parse logo: %v", err)
	}
	return l
}

// faultOf returns the detail of the only fault of err, at the field.
func faultOf(t *testing.T, err error, field string) string {
	t.Helper()
	var faults fault.List
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Field != field {
		t.Fatalf("error %v, want one fault of %s", err, field)
	}
	return faults[0].Detail
}

// TestABrokenRendererIsRefusedInEveryFormat draws no third row of modules.
func TestABrokenRendererIsRefusedInEveryFormat(t *testing.T) {
	whole := ModuleShapes[0]
	t.Cleanup(func() { ModuleShapes[0] = whole })
	styles := map[string]Style{
		"plain":   {Background: White, Scale: 4},
		"styled":  {Background: White, Scale: 4, Eye: "rounded"},
		"colours": {Background: White, Scale: 4, Gradient: "radial", Second: Color{0x40, 0, 0}},
	}
	for _, f := range Formats {
		for name, st := range styles {
			s := encodeLevel(t, "https://example.org/broken", "L")
			ModuleShapes[0] = whole
			if _, err := f.Render(t.Context(), s, st); err != nil {
				t.Fatalf("%s %s: the whole renderer is refused: %v", f.Name, name, err)
			}
			ModuleShapes[0].draw = func(g *grid, l *layer) {
				whole.draw(g, l)
				kept := l.rects[:0]
				for _, r := range l.rects {
					if r.y%3 != 0 {
						kept = append(kept, r)
					}
				}
				l.rects = kept
			}
			var faults fault.List
			if file, err := f.Render(t.Context(), s, st); !errors.Is(err, ErrUnreadable) || errors.As(err, &faults) || file != nil {
				t.Errorf("%s %s: %d bytes left a broken renderer, error %v", f.Name, name, len(file), err)
			}
		}
	}
}

func TestABrokenFileIsRefused(t *testing.T) {
	p, err := NewPicture(encode(t, "qr", "https://example.org"), Style{Background: White, Scale: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats {
		if f.read == nil {
			continue
		}
		file, err := f.write(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.verify(p, file); err != nil {
			t.Errorf("%s: a whole file is refused: %v", f.Name, err)
		}
		if err := f.verify(p, file[:len(file)*2/3]); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: two thirds of a file: %v", f.Name, err)
		}
		other, _ := NewPicture(encode(t, "qr", "https://example.com"), Style{Background: White, Scale: 4})
		if err := f.verify(other, file); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: the file of another symbol: %v", f.Name, err)
		}
	}
}

func TestWhatWouldNotScanIsRefusedWithWhatDoes(t *testing.T) {
	s := encodeLevel(t, "https://example.org/path?x=1&y=2&z=three4", "M")
	logo := logoOf(t, disc(200))
	tests := []struct {
		format      string
		style       Style
		field, says string
	}{
		{"png", Style{Logo: logo, LogoSize: 30, Scale: 6}, "logosize", "choose logosize 20 or choose level H"},
		{"svg", Style{Logo: logo, LogoSize: 50, Scale: 6}, "logosize", "between 5 and 30"},
		{"png", Style{Module: "dot", Scale: 1}, "scale", "must be 2"},
		{"jpg", Style{Transparent: true, Scale: 4}, "bg", "no transparency"},
		{"png", Style{Quality: 50, Scale: 4}, "quality", "is for JPEG"},
		{"webp", Style{Module: "dot", Scale: 70}, "scale", "SVG or PDF"},
		{"png", Style{Module: "dot", Scale: 4, Foreground: Color{0x70, 0x70, 0x70}, EyeColor: &Color{0xff, 0xff, 0xff}}, "eyecolor", "#808080 would scan"},
		{"pdf", Style{Module: "dot", Scale: 4, EyeColor: &Color{0xff, 0xff, 0xff}}, "eyecolor", "#808080 would scan"},
	}
	for _, tt := range tests {
		f, _ := ByName(tt.format)
		tt.style.Background = White
		_, err := f.Render(t.Context(), s, tt.style)
		if detail := faultOf(t, err, tt.field); !strings.Contains(detail, tt.says) {
			t.Errorf("%s: %q does not say %q", tt.format, detail, tt.says)
		}
	}
}

func TestStylesThatASymbologyCannotBear(t *testing.T) {
	red := Color{0x80, 0, 0}
	st := Style{Background: White, Module: "dot", Eye: "leaf", EyeColor: &red, Logo: logoOf(t, disc(9))}
	for _, e := range symbol.Encoders {
		var faults fault.List
		err := st.Check(e)
		if e.Name == styledSymbology {
			if err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
			continue
		}
		if !errors.As(err, &faults) || len(faults) < 4 {
			t.Errorf("%s: %v, want a fault of each field", e.Name, err)
		}
	}
	s := encode(t, "datamatrix", "x")
	if _, err := NewPicture(s, st); err == nil {
		t.Error("a picture is drawn in a style that nobody checked")
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	e, _ := symbol.ByName("qr")
	var faults fault.List
	if err := (Style{Background: White, Module: "x", Eye: "y", Gradient: "z"}).Check(e); !errors.As(err, &faults) || len(faults) != 3 {
		t.Errorf("%v, want three faults", err)
	}
}

func TestContrastOfEveryColourCounts(t *testing.T) {
	yellow := Color{0xff, 0xff, 0}
	tests := map[string]Style{
		"fg2":      {Background: White, Gradient: "radial", Second: yellow},
		"eyecolor": {Background: White, EyeColor: &yellow},
		"fg":       {Background: Black, Transparent: true, Foreground: yellow},
	}
	for field, st := range tests {
		if detail := faultOf(t, st.CheckContrast(false), field); !strings.Contains(detail, "would do") {
			t.Errorf("%s: %q names no colour", field, detail)
		}
	}
	if err := (Style{Background: Black, Transparent: true}).CheckContrast(true); err != nil {
		t.Errorf("black on transparent: %v", err)
	}
}

// TestTheNearestColourScans takes the advice and asks again.
func TestTheNearestColourScans(t *testing.T) {
	for _, linearSymbol := range []bool{false, true} {
		for _, c := range []Color{{0xff, 0xff, 0}, {0xff, 0, 0}, {0xcc, 0xcc, 0xcc}, {0, 0xff, 0}} {
			st := Style{Foreground: c, Background: White}
			err := st.CheckContrast(linearSymbol)
			if err == nil {
				continue
			}
			detail := faultOf(t, err, "fg")
			_, advice, _ := strings.Cut(detail, "; ")
			if st.Foreground, err = ParseColor(strings.TrimSuffix(advice, " would do")); err != nil {
				t.Fatalf("%q: %v", advice, err)
			}
			if err := st.CheckContrast(linearSymbol); err != nil {
				t.Errorf("%s: the advice %s is refused: %v", c, st.Foreground, err)
			}
		}
	}
}

func TestLogosThatAreNotTaken(t *testing.T) {
	var cut bytes.Buffer
	if err := stdjpeg.Encode(&cut, disc(300), nil); err != nil {
		t.Fatal(err)
	}
	bomb := pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(bomb[16:], []byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30}) // 30 000 × 30 000
	copy(bomb[29:], crcOf(bomb[12:29]))
	tests := map[string]struct {
		file []byte
		says string
	}{
		"svg":         {[]byte(" <svg xmlns='http://www.w3.org/2000/svg'/>"), "SVG may carry programs"},
		"address":     {[]byte("https://example.org/logo.png"), "never fetched"},
		"noise":       {[]byte("GIF89 and no more"), "whole and undamaged"},
		"nothing":     {nil, "whole and undamaged"},
		"bomb":        {bomb, "30000 × 30000"},
		"large":       {make([]byte, MaxLogoBytes+1), "1024 KiB at the most"},
		"cut":         {cut.Bytes()[:cut.Len()/2], "cut off or damaged"},
		"empty":       {mustBase64(t, "R0lGODlhAAAAAAAAACw="), "must"},
		"many pixels": {pngOf(t, image.NewGray(image.Rect(0, 0, 2049, 2048))), "2049 × 2048"},
	}
	for name, tt := range tests {
		if _, err := ParseLogo(t.Context(), tt.file); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

func mustBase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzLogo(f *testing.F) {
	f.Add(pngOf(f, disc(20)))
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, disc(20), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(encodeWebPFile(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := ParseLogo(t.Context(), file)
		if err == nil && (l.image.Rect.Empty() || l.image.Rect.Dx() > logoEdge || l.image.Rect.Dy() > logoEdge) {
			t.Errorf("a logo of %v is taken", l.image.Rect)
		}
	})
}

func encodeWebPFile(t testing.TB) []byte {
	t.Helper()
	p, err := NewPicture(encode(t, "qr", "x"), Style{Background: White, Scale: 2})
	if err != nil {
		t.Fatal(err)
	}
	file, err := writeWebP(p)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// BenchmarkFormats is the whole way of a file, read back: plain and styled.
func BenchmarkFormats(b *testing.B) {
	s := encodeLevel(b, "https://example.org/path?x=1&y=2&z=three4", "H")
	styles := map[string]Style{
		"plain":  plain,
		"styled": {Background: White, Module: "rounded", Eye: "circle", Gradient: "diagonal", Second: Color{0, 0, 0x60}, Logo: logoOf(b, disc(200))},
	}
	for name, st := range styles {
		for _, f := range Formats {
			b.Run(name+"/"+f.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					renderAs(b, f.Name, s, st)
				}
			})
		}
	}
}

func TestAnImageDoesNotWaitForOthersWhenNobodyWantsItAnyMore(t *testing.T) {
	if err := canvases.Acquire(t.Context(), maxSmoothPixels); err != nil {
		t.Fatal(err)
	}
	defer canvases.Release(maxSmoothPixels)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := encode(t, "qr", "HELLO")
	st, err := plain.Fit(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jpeg.Render(ctx, s, st); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := png.Render(ctx, s, st); err != nil {
		t.Errorf("two colours need no canvas: %v", err)
	}
}
