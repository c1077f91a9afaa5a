package web

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// styleParameters lists what a request may say about the picture.
var styleParameters = []string{
	"fg", "bg", "fg2", "gradient", "module", "eye", "eyecolor", "quiet", "scale", "mm", "dpi", "quality", "logo", "logosize",
}

// transparent is the background that is none.
const transparent = "transparent"

func parseStyle(ctx context.Context, faults *fault.List, values url.Values, open openLogo) render.Style {
	st := render.Style{
		Foreground: parseColor(faults, "fg", values.Get("fg"), render.Black),
		Background: render.White,
		Gradient:   values.Get("gradient"),
		Module:     values.Get("module"),
		Eye:        values.Get("eye"),
		Quiet:      parseCount(faults, "quiet", values.Get("quiet"), "modules", 1, render.MaxQuiet),
		Scale:      parseCount(faults, "scale", values.Get("scale"), "pixels per module", 1, render.MaxScale),
		DPI:        parseCount(faults, "dpi", values.Get("dpi"), "dots per inch", render.MinDPI, render.MaxDPI),
		Quality:    parseCount(faults, "quality", values.Get("quality"), "per cent", render.MinQuality, render.MaxQuality),
		LogoSize:   parseCount(faults, "logosize", values.Get("logosize"), "per cent of the symbol's width", render.MinLogoSize, render.MaxLogoSize),
	}
	if strings.EqualFold(values.Get("bg"), transparent) {
		st.Transparent = true
	} else {
		st.Background = parseColor(faults, "bg", values.Get("bg"), render.White)
	}
	st.Millimetres = parseMillimetres(faults, values.Get("mm"))
	parseSecond(faults, values, &st)
	if text := values.Get("eyecolor"); text != "" {
		c := parseColor(faults, "eyecolor", text, render.Black)
		st.EyeColor = &c
	}
	parseLogo(ctx, faults, values, &st, open)
	return st
}

// parseSecond reads the colour that a gradient ends in.
func parseSecond(faults *fault.List, values url.Values, st *render.Style) {
	gradient, second := values.Get("gradient"), values.Get("fg2")
	switch {
	case gradient == "" && second != "":
		faults.Add("gradient", "must be given where fg2 is: the way from fg to fg2")
	case gradient != "" && gradient != render.Gradients[0].Name && second == "":
		faults.Add("fg2", "must be given for a gradient: the colour that it ends in")
	}
	st.Second = parseColor(faults, "fg2", second, st.Foreground)
}

// openLogo opens the file of a logo, as render.ParseLogo does.
type openLogo func(ctx context.Context, file []byte) (*render.Logo, error)

func parseLogo(ctx context.Context, faults *fault.List, values url.Values, st *render.Style, open openLogo) {
	file := values.Get("logo")
	if file == "" {
		if st.LogoSize != 0 {
			faults.Add("logosize", "is for a logo, of which there is none")
		}
		return
	}
	logo, err := open(ctx, []byte(file))
	if err != nil {
		faults.Add("logo", "%s", err)
		return
	}
	st.Logo = logo
}

// checkStyle adds what is wrong with the style as a whole. Where the background
// was not read, there is nothing to compare colours with.
func checkStyle(st render.Style, encoder symbol.Encoder, before fault.List) error {
	if slices.ContainsFunc(before, func(f fault.Fault) bool { return f.Field == "bg" }) {
		black := render.Black
		st.Foreground, st.Second = black, black
		if st.EyeColor != nil {
			st.EyeColor = &black
		}
	}
	return st.Check(encoder)
}

// parseCount reads a whole number; 0 says that there is none.
func parseCount(faults *fault.List, field, text, unit string, least, most int) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		faults.Add(field, "must be a whole number of %s between %d and %d, got %.20q", unit, least, most, text)
		return 0
	}
	return n
}

func parseMillimetres(faults *fault.List, text string) float64 {
	if text == "" {
		return 0
	}
	mm, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(mm) || mm < render.MinMillimetres || mm > render.MaxMillimetres {
		faults.Add("mm", "must be a number of millimetres between %d and %d, got %.20q", render.MinMillimetres, render.MaxMillimetres, text)
		return 0
	}
	return mm
}

func parseColor(faults *fault.List, field, text string, otherwise render.Color) render.Color {
	if text == "" {
		return otherwise
	}
	c, err := render.ParseColor(text)
	if err != nil {
		faults.Add(field, "%s", err)
		return otherwise
	}
	return c
}
