//go:build integration

package render

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/symbol"
)

//go:embed testdata/flatten.py
var flattenScript string

// run returns what a program prints.
func run(t *testing.T, stdin, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Stdin = strings.NewReader(stdin)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("run %s: %v: %s", name, err, complaints.String())
	}
	return string(out) + complaints.String()
}

// opened has each file drawn by a program written by others and returns the
// images: poppler for PDF, Ghostscript for EPS, librsvg for SVG, Pillow for pixels.
func opened(t *testing.T, set []sample) []sample {
	t.Helper()
	images := append([]sample(nil), set...)
	var pixels []string
	for i, s := range set {
		images[i].path = s.path + ".png"
		switch filepath.Ext(s.path) {
		case ".pdf":
			run(t, "", "pdftoppm", "-png", "-r", "200", "-singlefile", s.path, s.path)
		case ".eps":
			run(t, "", "gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-r200", "-sDEVICE=png16m", "-dGraphicsAlphaBits=4", "-sOutputFile="+images[i].path, s.path)
		case ".svg":
			run(t, "", "rsvg-convert", "--background-color", "white", "--zoom", "2", "--output", images[i].path, s.path)
		default:
			pixels = append(pixels, s.path)
		}
	}
	if len(pixels) > 0 {
		resolutions(t, pixels)
	}
	return images
}

// resolutions opens images of pixels and returns the dots per inch that they name.
func resolutions(t *testing.T, paths []string) []float64 {
	t.Helper()
	var found []float64
	if err := json.Unmarshal([]byte(run(t, strings.Join(paths, "\n"), "/usr/bin/python3", "-c", flattenScript)), &found); err != nil {
		t.Fatalf("parse resolutions: %v", err)
	}
	return found
}

// readByAll fails for each file that zbar or zxing-cpp do not read as they should.
func readByAll(t *testing.T, set []sample) {
	t.Helper()
	images := opened(t, set)
	for reader, texts := range map[string][]string{"zbar": zbarRead(t, images, nil), "zxing-cpp": zxingRead(t, images)} {
		for i, got := range texts {
			if got != set[i].want {
				t.Errorf("%s: %s reads %q, want %q", filepath.Base(set[i].path), reader, got, set[i].want)
			}
		}
	}
}

func writeSample(t *testing.T, dir, name string, f Format, s *symbol.Symbol, st Style) sample {
	t.Helper()
	st, err := st.Fit(s)
	if err != nil {
		t.Fatalf("%s: fit: %v", name, err)
	}
	file, err := f.Render(t.Context(), s, st)
	if err != nil {
		t.Fatalf("%s: render: %v", name, err)
	}
	path := filepath.Join(dir, name+"."+f.Name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return sample{path: path, text: s.Text, want: s.Text}
}

// TestEveryStyleScans combines all shapes, eyes and gradients, each in one of
// the formats; in full in all of them.
func TestEveryStyleScans(t *testing.T) {
	dir := t.TempDir()
	var set []sample
	eye := Color{0x80, 0x10, 0x20}
	contents := []string{"x", "https://example.org/path?x=1&y=2&z=three4", strings.Repeat("N:Doe;Jane;;; TEL:+4912345678 ", 8)}
	for _, m := range ModuleShapes {
		for _, e := range EyeShapes {
			for _, g := range Gradients {
				n := len(set)
				formats := Formats
				if !full {
					formats = Formats[n%len(Formats) : n%len(Formats)+1]
				}
				for _, f := range formats {
					st := Style{
						Foreground: Color{0x1b, 0x2a, 0x49}, Second: Color{0x7a, 0x1f, 0xa2}, Background: White,
						Module: m.Name, Eye: e.Name, Gradient: g.Name, Scale: 2 + n%9, Transparent: n%4 == 0 && f.Alpha,
					}
					if n%3 == 0 {
						st.EyeColor = &eye
					}
					s := encode(t, "qr", contents[n%len(contents)])
					set = append(set, writeSample(t, dir, fmt.Sprintf("%03d-%s-%s-%s-%d", n, m.Name, e.Name, g.Name, st.Scale), f, s, st))
				}
			}
		}
	}
	readByAll(t, set)
}

func TestEveryLogoScans(t *testing.T) {
	dir := t.TempDir()
	var set []sample
	logo := logoOf(t, disc(300))
	for i, f := range Formats {
		for size, level := range map[int]string{10: "M", 20: "Q", 25: "H", 28: "H"} {
			s := encodeLevel(t, "https://example.org/path?x=1&y=2&z=three4", level)
			st := Style{Background: White, Logo: logo, LogoSize: size, Scale: 6, Module: ModuleShapes[i%len(ModuleShapes)].Name}
			set = append(set, writeSample(t, dir, fmt.Sprintf("%s-%d-%s", st.Module, size, level), f, s, st))
		}
	}
	readByAll(t, set)
}

// TestEveryFormatOfEverySymbology draws all symbologies in all formats.
func TestEveryFormatOfEverySymbology(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(11, 12))
	var set []sample
	for _, e := range symbol.Encoders {
		for _, f := range Formats {
			text, _ := texts[e.Name](random, 4)
			st := Style{Foreground: Color{0, 0, 0x60}, Second: Color{0, 0x30, 0}, Background: White, Gradient: "horizontal"}
			s := writeSample(t, dir, e.Name, f, encode(t, e.Name, text), st)
			if e.Name == "codabar" {
				s.want = s.want[1 : len(s.want)-1]
			}
			set = append(set, s)
		}
	}
	for i, got := range zxingRead(t, opened(t, set)) {
		if got != set[i].want {
			t.Errorf("%s: zxing-cpp reads %q, want %q", filepath.Base(set[i].path), got, set[i].want)
		}
	}
}

func TestSizesInPrint(t *testing.T) {
	dir := t.TempDir()
	const wide = 37.29
	s := encode(t, "ean13", "4006381333931")
	// Ghostscript measures what is not white.
	st := Style{Background: Color{0xee, 0xee, 0xee}, Millimetres: wide, DPI: 600}
	var pixels []string
	for _, f := range Formats {
		file := writeSample(t, dir, "size", f, s, st).path
		switch f.Name {
		case "pdf":
			size := regexp.MustCompile(`Page size:\s+([\d.]+) x`).FindStringSubmatch(run(t, "", "pdfinfo", file))
			checkSize(t, "pdf", size, pointsPerInch, wide)
		case "eps":
			out := run(t, "", "gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=bbox", file)
			checkSize(t, "eps", regexp.MustCompile(`HiResBoundingBox: -?0\.0\d+ -?0\.0\d+ ([\d.]+)`).FindStringSubmatch(out), pointsPerInch, wide)
		case "png", "jpg":
			pixels = append(pixels, file)
		}
	}
	for i, dpi := range resolutions(t, pixels) {
		// 113 modules of 7 pixels each
		if mm := 791 / dpi * millimetresPerInch; math.Abs(mm-wide) > 0.05 {
			t.Errorf("%s is %.2f mm wide, want %.2f", filepath.Base(pixels[i]), mm, wide)
		}
	}
}

func checkSize(t *testing.T, format string, match []string, perInch, want float64) {
	t.Helper()
	if match == nil {
		t.Errorf("%s: no size is reported", format)
		return
	}
	v, err := strconv.ParseFloat(match[1], 64)
	if mm := v / perInch * millimetresPerInch; err != nil || math.Abs(mm-want) > 0.02 {
		t.Errorf("%s is %.3f mm wide, want %.2f", format, mm, want)
	}
}

// TestASheetOfLabelsScans reads all symbols of all pages.
func TestASheetOfLabelsScans(t *testing.T) {
	var b bytes.Buffer
	labels := NewLabels(&b, a4)
	want := map[string]bool{}
	for i := range 30 {
		text := fmt.Sprintf("https://example.org/item/%04d", i)
		want[text] = true
		st := Style{Background: White, Module: ModuleShapes[i%len(ModuleShapes)].Name, Gradient: Gradients[i%len(Gradients)].Name, Second: Color{0, 0, 0x60}}
		if err := labels.Add(encode(t, "qr", text), st, fmt.Sprintf("Item %04d – Größe 7", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := labels.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", "pdftoppm", "-png", "-r", "200", path, path)
	pages, err := filepath.Glob(path + "-*.png")
	if err != nil || len(pages) != 2 {
		t.Fatalf("%d pages, %v, want 2", len(pages), err)
	}
	out := run(t, "", "zbarimg", append([]string{"--quiet", "--raw"}, pages...)...)
	for _, line := range strings.Split(out, "\n") {
		delete(want, line)
	}
	if len(want) > 0 {
		t.Errorf("zbar does not find %v", want)
	}
}
