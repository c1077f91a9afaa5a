package web

import (
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Inputs of the page's own, besides those of contents.
const (
	colorInput payload.Input = "color"
	fileInput  payload.Input = "file"
)

// designFields are how the symbol looks. The first choice is the default, which
// is left out of addresses.
var designFields = []payload.Field{
	{Name: "fg", Title: "Colour", Input: colorInput, Choices: only("#000000")},
	{Name: "bg", Title: "Background", Input: colorInput, Choices: only("#ffffff")},
	{Name: "transparent", Title: "Transparent background", Hint: "Not for JPEG.", Input: payload.Flag, Choices: only("")},
	{Name: "gradient", Title: "Gradient", Input: payload.Select, Choices: choicesOf(render.Gradients, func(g render.Gradient) payload.Choice { return payload.Choice{Name: g.Name, Title: g.Title} })},
	{Name: "fg2", Title: "Gradient ends in", Input: colorInput, Choices: only("#000000")},
	{Name: "module", Title: "Modules", Input: payload.Select, Choices: choicesOf(render.ModuleShapes, func(m render.ModuleShape) payload.Choice { return payload.Choice{Name: m.Name, Title: m.Title} })},
	{Name: "eye", Title: "Corners", Input: payload.Select, Choices: choicesOf(render.EyeShapes, func(e render.EyeShape) payload.Choice { return payload.Choice{Name: e.Name, Title: e.Title} })},
	{Name: "owneyes", Title: "Corners in a colour of their own", Input: payload.Flag, Choices: only("")},
	{Name: "eyecolor", Title: "Colour of the corners", Input: colorInput, Choices: only("#000000")},
	{Name: "logo", Title: "Logo", Hint: "PNG, JPEG, GIF or WebP for the middle; it is not kept.", Input: fileInput, Choices: only("")},
	{Name: "logosize", Title: "Size of the logo", Hint: "Per cent of the width.", Input: payload.Number, Choices: only("")},
	{Name: "scale", Title: "Pixels per module", Hint: "Empty for about 400 pixels in all.", Input: payload.Number, Choices: only("")},
	{Name: "quiet", Title: "Quiet zone", Hint: "Free modules around; empty for the standard's.", Input: payload.Number, Choices: only("")},
	{Name: "mm", Title: "Width in print", Hint: "Millimetres, quiet zone included.", Input: payload.Number, Choices: only("")},
	{Name: "dpi", Title: "Resolution", Hint: "Dots per inch of the printer.", Input: payload.Number, Choices: only("")},
}

// onlyQR are what other symbologies have no room or no patterns for.
var onlyQR = map[string]bool{"module": true, "eye": true, "owneyes": true, "eyecolor": true, "logo": true, "logosize": true}

func only(name string) []payload.Choice { return []payload.Choice{{Name: name}} }

func choicesOf[T any](list []T, choice func(T) payload.Choice) []payload.Choice {
	choices := make([]payload.Choice, len(list))
	for i, v := range list {
		choices[i] = choice(v)
	}
	return choices
}

var levelTitles = map[string]string{"L": "L – 7 %", "M": "M – 15 %", "Q": "Q – 25 %", "H": "H – 30 %"}

// levelField is the choice of error correction of the symbologies that have one.
// Without a choice the encoder takes its default, with a logo the highest.
func levelField(encoder symbol.Encoder) payload.Field {
	field := payload.Field{
		Name: "level", Title: "Error correction", Hint: "More survives more damage, and makes the code larger.",
		Input: payload.Select, Choices: []payload.Choice{{Title: "Automatic"}},
	}
	for _, level := range encoder.Levels {
		field.Choices = append(field.Choices, payload.Choice{Name: level, Title: levelTitles[level]})
	}
	return field
}

// shownDesign are the fields that the form has: another 2D code may be chosen
// without the server, and the style hides what does not go with it.
func (f *form) shownDesign() []payload.Field {
	if f.encoder.Linear {
		return f.design()
	}
	qr := *f
	qr.encoder, _ = symbol.ByName("qr")
	return qr.design()
}

// design are the fields that go with the symbology and the content.
func (f *form) design() []payload.Field {
	var fields []payload.Field
	if len(f.encoder.Levels) > 0 && f.kind.Level == "" {
		fields = append(fields, levelField(f.encoder))
	}
	for _, field := range designFields {
		if f.encoder.Name == "qr" || !onlyQR[field.Name] {
			fields = append(fields, field)
		}
	}
	return fields
}

// addDesign adds to the API's parameters what differs from the default. A picker
// of colours always has one, so those of what is not chosen are left out.
func (f *form) addDesign(keep func(string)) {
	gradient := f.values.Get("gradient")
	for _, field := range f.design() {
		switch {
		case field.Name == "transparent", field.Name == "owneyes", field.Name == "eyecolor" && f.values.Get("owneyes") == "":
		case f.values.Get(field.Name) == field.Choices[0].Name && field.Name != "fg2" && field.Name != "eyecolor":
		case field.Name == "fg2" && (gradient == "" || gradient == render.Gradients[0].Name):
		default:
			keep(field.Name)
		}
	}
}
