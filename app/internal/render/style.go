package render

import (
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Style is how a symbol looks. Fields that are not set mean the plain default.
type Style struct {
	Foreground, Background Color
	// Transparent leaves the background out; contrast then counts on white.
	Transparent bool
	// Gradient is the name of one of Gradients, Second the colour that it ends in.
	Gradient string
	Second   Color
	// Module and Eye name a shape of ModuleShapes and EyeShapes.
	Module, Eye string
	// EyeColor is that of the finder patterns; nil for the foreground.
	EyeColor *Color
	// Quiet is the margin in modules, 0 for the standard's.
	Quiet int
	// Scale is the edge of a module, in pixels; 0 picks one that makes the
	// symbol about 400 pixels wide. In vector formats, whose size is free, it
	// sets the nominal size.
	Scale int
	// Millimetres is the width in print, quiet zone included; 0 leaves it open.
	Millimetres float64
	// DPI is the printer's or the screen's resolution; 0 leaves it open.
	DPI int
	// Quality is that of JPEG, 1 to 100; 0 for the default.
	Quality int
	// Logo is drawn in the middle, LogoSize per cent of the symbol's width wide
	// or high; 0 for the default.
	Logo     *Logo
	LogoSize int
}

func (st Style) moduleName() string {
	if st.Module == "" {
		return ModuleShapes[0].Name
	}
	return st.Module
}

func (st Style) eyeName() string {
	if st.Eye == "" {
		return EyeShapes[0].Name
	}
	return st.Eye
}

func (st Style) logoSize() int {
	if st.LogoSize == 0 {
		return DefaultLogoSize
	}
	return st.LogoSize
}

func (st Style) hasGradient() bool { return st.Gradient != "" && st.Gradient != Gradients[0].Name }

// styled says that more than two colours or other shapes than modules are drawn.
func (st Style) styled() bool {
	return st.hasGradient() || st.Logo != nil || st.shaped()
}

func (st Style) shaped() bool {
	return st.moduleName() != ModuleShapes[0].Name || st.eyeName() != EyeShapes[0].Name || st.EyeColor != nil
}

// Check refuses what does not suit the symbology or is no choice at all. The
// error is a fault.List.
func (st Style) Check(e symbol.Encoder) error {
	var faults fault.List
	if _, ok := moduleShape(st.moduleName()); !ok {
		faults.Add("module", "must be one of %s, got %.20q", names(ModuleShapes, func(m ModuleShape) string { return m.Name }), st.Module)
	}
	if _, ok := eyeShape(st.eyeName()); !ok {
		faults.Add("eye", "must be one of %s, got %.20q", names(EyeShapes, func(e EyeShape) string { return e.Name }), st.Eye)
	}
	if _, ok := gradientByName(st.Gradient); !ok && st.Gradient != "" {
		faults.Add("gradient", "must be one of %s, got %.20q", names(Gradients, func(g Gradient) string { return g.Name }), st.Gradient)
	}
	if e.Name != styledSymbology {
		st.refuseShapes(&faults, e.Title)
	}
	_ = faults.Join(st.CheckContrast(e.Linear))
	return faults.Err()
}

// styledSymbology is the one with enough error correction, and with finder
// patterns that readers know by their proportions.
const styledSymbology = "qr"

func (st Style) refuseShapes(faults *fault.List, title string) {
	const only = "is for QR codes; %s is read by its exact modules"
	if st.moduleName() != ModuleShapes[0].Name {
		faults.Add("module", only, title)
	}
	if st.eyeName() != EyeShapes[0].Name {
		faults.Add("eye", "is for QR codes; %s has no such finder patterns", title)
	}
	if st.EyeColor != nil {
		faults.Add("eyecolor", "is for QR codes; %s has no such finder patterns", title)
	}
	if st.Logo != nil {
		faults.Add("logo", "is for QR codes, whose error correction is strong enough; %s has room for none", title)
	}
}

// suits refuses for a symbol what Check refuses for its symbology: pictures are
// made from styles that nobody checked too.
func (st Style) suits(s *symbol.Symbol) error {
	e, ok := symbol.ByName(s.Symbology)
	if !ok {
		return fault.Of("symbology", "must be one that the service knows, got %.20q", s.Symbology)
	}
	var faults fault.List
	if e.Name != styledSymbology {
		st.refuseShapes(&faults, e.Title)
	} else if st.Logo != nil {
		_ = faults.Join(st.Logo.check(s, st.logoSize()))
	}
	return faults.Err()
}

func names[T any](list []T, name func(T) string) string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = name(v)
	}
	return strings.Join(all, ", ")
}
