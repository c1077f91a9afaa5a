package render

import (
	"fmt"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// change is a style that differs in one field, and what it is called.
type change struct {
	field, says string
	style       Style
}

// advise turns a style that would not scan into a fault of the field whose
// change is least and makes it scan. Where not even the plain picture reads
// back, the fault is ours.
func (f Format) advise(s *symbol.Symbol, st Style, err error) error {
	simple := st.plain()
	if _, err := f.draw(s, simple); err != nil {
		return err
	}
	for _, c := range st.changes(f) {
		if _, err := f.draw(s, c.style); err == nil {
			return fault.Of(c.field, "makes a picture that readers do not read, together with the rest of the style: %s", c.says)
		}
	}
	return fault.Of(st.boldest(), "makes a picture that readers do not read: several parts of the style are too much together; start from the plain one (%v)", err)
}

// plain keeps the colours, at a size and quality that harm nothing.
func (st Style) plain() Style {
	st.Quality, st.Scale = 0, max(st.Scale, vectorScale)
	st.Gradient, st.Module, st.Eye, st.EyeColor, st.Logo, st.LogoSize = "", "", "", nil, nil, 0
	return st
}

// boldest is the field of a style that readers mind most.
func (st Style) boldest() string {
	switch {
	case st.Logo != nil:
		return "logosize"
	case st.moduleName() != ModuleShapes[0].Name:
		return "module"
	case st.eyeName() != EyeShapes[0].Name:
		return "eye"
	case st.EyeColor != nil:
		return "eyecolor"
	}
	return "gradient"
}

// changes lists styles near to this one, the nearest first.
func (st Style) changes(f Format) []change {
	var all []change
	add := func(field, says string, alter func(*Style)) {
		altered := st
		alter(&altered)
		all = append(all, change{field, says, altered})
	}
	if f.Raster {
		for _, scale := range []int{3, 4, 6, 8} {
			if scale > st.Scale {
				add("scale", fmt.Sprintf("%d pixels per module would scan", scale), func(s *Style) { s.Scale = scale })
			}
		}
	}
	if f.Lossy && st.Quality != 0 && st.Quality < DefaultQuality {
		add("quality", fmt.Sprintf("%d would scan", DefaultQuality), func(s *Style) { s.Quality = DefaultQuality })
	}
	if st.Logo != nil {
		const step = 3
		for size := st.logoSize() - step; size >= MinLogoSize; size -= step {
			add("logosize", fmt.Sprintf("%d would scan", size), func(s *Style) { s.LogoSize = size })
		}
	}
	if st.moduleName() != ModuleShapes[0].Name {
		add("module", ModuleShapes[0].Name+" would scan", func(s *Style) { s.Module = "" })
	}
	if st.eyeName() != EyeShapes[0].Name {
		add("eye", EyeShapes[0].Name+" would scan", func(s *Style) { s.Eye = "" })
	}
	st.colorChanges(add)
	return all
}

// colorChanges adds styles of darker colours.
func (st Style) colorChanges(add func(field, says string, alter func(*Style))) {
	const darker = 0.5
	if st.EyeColor != nil {
		c := mix(*st.EyeColor, Black, darker)
		add("eyecolor", c.String()+" would scan", func(s *Style) { s.EyeColor = &c })
	}
	if st.hasGradient() {
		c := mix(st.Second, Black, darker)
		add("fg2", c.String()+" would scan", func(s *Style) { s.Second = c })
		add("gradient", "none would scan", func(s *Style) { s.Gradient = "" })
	}
	c := mix(st.Foreground, Black, darker)
	add("fg", c.String()+" would scan", func(s *Style) { s.Foreground = c })
}
