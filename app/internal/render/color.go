package render

import (
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Color is an opaque sRGB colour.
type Color struct{ R, G, B uint8 }

// Black and White are what scanners like best.
var (
	Black = Color{0, 0, 0}
	White = Color{255, 255, 255}
)

var named = map[string]Color{
	"black": Black, "white": White,
	"navy": {0, 0, 0x80}, "blue": {0, 0, 0xff}, "teal": {0, 0x80, 0x80}, "green": {0, 0x80, 0},
	"maroon": {0x80, 0, 0}, "red": {0xff, 0, 0}, "purple": {0x80, 0, 0x80}, "gray": {0x80, 0x80, 0x80},
	"silver": {0xc0, 0xc0, 0xc0}, "yellow": {0xff, 0xff, 0},
}

// ParseColor reads #rgb, #rrggbb (the # may be missing, as it must be escaped
// in URLs) or one of a few CSS names.
func ParseColor(s string) (Color, error) {
	if c, ok := named[strings.ToLower(s)]; ok {
		return c, nil
	}
	digits := strings.TrimPrefix(s, "#")
	if len(digits) == 3 {
		digits = strings.Join([]string{digits[:1], digits[:1], digits[1:2], digits[1:2], digits[2:], digits[2:]}, "")
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 6 {
		names := strings.Join(slices.Sorted(maps.Keys(named)), ", ")
		return Color{}, fmt.Errorf("must be #rgb, #rrggbb or one of %s, got %.20q", names, s)
	}
	return Color{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
}

// String returns #rrggbb.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// RGBA implements color.Color.
func (c Color) RGBA() (r, g, b, a uint32) { return color.RGBA{c.R, c.G, c.B, 255}.RGBA() }

// luminance is the share of light that the colour reflects (IEC 61966-2-1).
func (c Color) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// minContrast is the least symbol contrast (reflectance of the background less
// that of the foreground) of grade C of ISO/IEC 15415 and 15416.
const minContrast = 0.40

// CheckContrast refuses colours that would not scan, with the reason. Scanners
// for linear symbols see red light only. The error is a fault.List.
//
// Along a gradient the brightest point is at one of its ends: each sRGB value
// runs in a straight line, and light is a convex function of it.
func (st Style) CheckContrast(linearSymbol bool) error {
	var faults fault.List
	st.checkColor(&faults, "fg", st.Foreground, linearSymbol)
	if st.hasGradient() {
		st.checkColor(&faults, "fg2", st.Second, linearSymbol)
	}
	if st.EyeColor != nil {
		st.checkColor(&faults, "eyecolor", *st.EyeColor, linearSymbol)
	}
	return faults.Err()
}

func (st Style) checkColor(faults *fault.List, field string, c Color, linearSymbol bool) {
	bg, on := st.Background, st.Background.String()
	if st.Transparent {
		bg, on = White, "white, which is assumed behind a transparent background,"
	}
	reason := ""
	switch contrast := bg.luminance() - c.luminance(); {
	case contrast < 0:
		reason = fmt.Sprintf("must be darker than the background: %s on %s is inverted, which many scanners do not read", c, on)
	case contrast < minContrast:
		reason = fmt.Sprintf("must differ more from the background: %s on %s has a symbol contrast of %.0f %%, scanners need %.0f %%", c, on, 100*contrast, 100*minContrast)
	case linearSymbol && linear(bg.R)-linear(c.R) < minContrast:
		reason = fmt.Sprintf("must be dark in red light, which barcode scanners use: they see %s on %s as blank", c, on)
	default:
		return
	}
	faults.Add(field, "%s; %s", reason, nearestColor(c, bg, linearSymbol))
}

// nearestColor names the colour closest to c that scans on a background, or says
// that none does.
func nearestColor(c, bg Color, linearSymbol bool) string {
	const steps = 64
	for i := 1; i <= steps; i++ {
		darker := mix(c, Black, float64(i)/steps)
		if bg.luminance()-darker.luminance() >= minContrast && (!linearSymbol || linear(bg.R)-linear(darker.R) >= minContrast) {
			return fmt.Sprintf("%s would do", darker)
		}
	}
	return "choose a lighter background"
}
