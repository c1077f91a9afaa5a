package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strings"

	"github.com/boombuler/barcode"
	boomqr "github.com/boombuler/barcode/qr"
	"github.com/skip2/go-qrcode"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// width is about how many pixels wide the images are.
const width = 512

// load is a text to encode.
type load struct {
	name, level, text string
	// modules is the symbol's width, quiet zone included.
	modules int
	// goals are how many times less CPU ours should take than skip2's Encode and
	// than the faster Python library; 0 for none.
	skip2Goal, pythonGoal float64
}

func (l load) scale() int { return max(1, (width+l.modules/2)/l.modules) }

const contact = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Jane Example\r\nN:Example;Jane;;;\r\nORG:Example Ltd\r\nTITLE:Head of Logistics\r\n" +
	"TEL;TYPE=work:tel:+44-20-7946-0123\r\nTEL;TYPE=cell:tel:+44-7700-900123\r\nEMAIL:jane.example@example.org\r\n" +
	"ADR:;;12 Example Street;London;;EC1A 1BB;UK\r\nURL:https://example.org/jane\r\nEND:VCARD\r\n"

func loads() ([]load, error) {
	all := []load{
		{name: "URL", level: "M", text: "https://example.org/path?x=1&y=2&z=three", skip2Goal: 8, pythonGoal: 8},
		{name: "vCard", level: "M", text: contact + strings.Repeat(" ", 300-len(contact)), skip2Goal: 1.8, pythonGoal: 6},
		{name: "all that fits", level: "L", text: strings.Repeat("The quick brown fox jumps over it. ", 85)[:2953]},
	}
	for i := range all {
		s, err := ownSymbol(all[i])
		if err != nil {
			return nil, err
		}
		all[i].modules, _ = s.Size()
	}
	return all, nil
}

func ownSymbol(l load) (*symbol.Symbol, error) {
	encoder, _ := symbol.ByName("qr")
	return encoder.Encode(l.text, symbol.Options{Level: l.level})
}

// own is what the app does for a request, the check by a decoder included.
func own(ctx context.Context, l load, format string) error {
	s, err := ownSymbol(l)
	if err != nil {
		return err
	}
	f, _ := render.ByName(format)
	style, err := render.Style{Foreground: render.Black, Background: render.White, Scale: l.scale()}.Fit(s)
	if err != nil {
		return err
	}
	_, err = f.Render(ctx, s, style)
	return err
}

func skip2PNG(l load) error {
	level := map[string]qrcode.RecoveryLevel{"L": qrcode.Low, "M": qrcode.Medium}[l.level]
	_, err := qrcode.Encode(l.text, level, width)
	return err
}

func boombulerPNG(l load) error {
	level := map[string]boomqr.ErrorCorrectionLevel{"L": boomqr.L, "M": boomqr.M}[l.level]
	code, err := boomqr.Encode(l.text, level, boomqr.Auto)
	if err != nil {
		return err
	}
	code, err = barcode.Scale(code, width, width)
	if err != nil {
		return err
	}
	return png.Encode(&bytes.Buffer{}, code)
}

// result is what one encoder takes for one symbol, in microseconds of CPU time.
type result struct {
	name   string
	micros float64
	// python is set for the libraries that the goals name.
	python bool
}

func compareEncoders(ctx context.Context, out io.Writer) error {
	all, err := loads()
	if err != nil {
		return err
	}
	for _, l := range all {
		for _, format := range []string{"png", "svg"} {
			results, err := measure(ctx, l, format)
			if err != nil {
				return fmt.Errorf("%s as %s: %w", l.name, format, err)
			}
			printResults(out, l, format, results)
		}
	}
	return nil
}

// measure returns ours first.
func measure(ctx context.Context, l load, format string) ([]result, error) {
	libraries := []struct {
		name, format string
		once         func() error
	}{
		{"ours, read back", format, func() error { return own(ctx, l, format) }},
		{"skip2 Encode", "png", func() error { return skip2PNG(l) }},
		{"boombuler + image/png", "png", func() error { return boombulerPNG(l) }},
	}
	var results []result
	for _, library := range libraries {
		if library.format != format {
			continue
		}
		micros, err := perCall(library.once)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", library.name, err)
		}
		results = append(results, result{name: library.name, micros: micros})
	}
	python, err := pythonLibraries(ctx, l, format)
	if err != nil {
		return nil, err
	}
	processes, err := asProcesses(ctx, l, format)
	if err != nil {
		return nil, err
	}
	return slices.Concat(results, python, processes), nil
}

func printResults(out io.Writer, l load, format string, results []result) {
	fmt.Fprintf(out, "\n%s, %d bytes, level %s, %s about %d pixels wide\n", l.name, len(l.text), l.level, strings.ToUpper(format), l.scale()*l.modules)
	fmt.Fprintf(out, "  %-34s %12s %10s\n", "", "µs of CPU", "× ours")
	ours := results[0].micros
	fastest := 0.0
	for _, r := range results {
		goal := ""
		if r.name == "skip2 Encode" && l.skip2Goal > 0 {
			goal = verdict(r.micros/ours, l.skip2Goal)
		}
		if r.python && (fastest == 0 || r.micros < fastest) {
			fastest = r.micros
		}
		fmt.Fprintf(out, "  %-34s %12.0f %10.1f%s\n", r.name, r.micros, r.micros/ours, goal)
	}
	if l.pythonGoal > 0 && format == "png" {
		fmt.Fprintf(out, "  %-34s %12s %10.1f%s\n", "faster Python library", "", fastest/ours, verdict(fastest/ours, l.pythonGoal))
	}
}

// verdict says whether a figure reaches its goal.
func verdict(got, goal float64) string {
	word := "missed"
	if got >= goal {
		word = "reached"
	}
	return fmt.Sprintf("   goal %g: %s", goal, word)
}
