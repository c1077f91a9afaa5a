package web

import (
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// parameter is what a request may say, as the document and the page of the API
// describe it.
type parameter struct {
	name, description string
	schema            object
	// example is a value that works by itself; nil for what needs others.
	example any
	// qrOnly is set for what other symbologies are too exact for, bodyOnly for
	// what must not stand in an address.
	qrOnly, bodyOnly bool
}

var (
	colorSchema = object{"type": "string"}
	flagSchema  = object{"type": []string{"integer", "boolean", "string"}, "enum": []any{0, 1, "0", "1", true, false}}
)

func countSchema(least, most int) object {
	return object{"type": []string{"integer", "string"}, "minimum": least, "maximum": most}
}

func choiceSchema(names []string) object {
	return object{"type": "string", "enum": names, "default": names[0]}
}

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, item := range list {
		names[i] = name(item)
	}
	return names
}

// pictureParameters say how a picture looks.
var pictureParameters = []parameter{
	{name: "fg", description: "Colour of the modules: #rgb, #rrggbb (in an address %23, or no #) or a name such as navy. Dark enough on the background to scan.", schema: colorSchema, example: "#1b2a49"},
	{name: "bg", description: "Colour of the background, or transparent where the format can be; contrast then counts on white.", schema: colorSchema, example: "#ffffff"},
	{name: "gradient", description: "How the modules go from fg to fg2.", schema: choiceSchema(namesOf(render.Gradients, func(g render.Gradient) string { return g.Name }))},
	{name: "fg2", description: "The colour that a gradient ends in.", schema: colorSchema},
	{name: "module", description: "Shape of the modules.", schema: choiceSchema(namesOf(render.ModuleShapes, func(m render.ModuleShape) string { return m.Name })), example: "rounded", qrOnly: true},
	{name: "eye", description: "Shape of the finder patterns.", schema: choiceSchema(namesOf(render.EyeShapes, func(e render.EyeShape) string { return e.Name })), example: "rounded", qrOnly: true},
	{name: "eyecolor", description: "Colour of the finder patterns; that of the modules without it.", schema: colorSchema, example: "#0b5f4b", qrOnly: true},
	{name: "quiet", description: "Margin in modules; what the standard asks for without it, and never less.", schema: countSchema(1, render.MaxQuiet), example: 12},
	{name: "scale", description: "Whole pixels per module; without it the picture is about 400 pixels wide.", schema: countSchema(1, render.MaxScale), example: 4},
	{name: "mm", description: "Width in print, in millimetres, margin included.", schema: object{"type": []string{"number", "string"}, "minimum": render.MinMillimetres, "maximum": render.MaxMillimetres}, example: 80},
	{name: "dpi", description: "Dots per inch of the printer or screen.", schema: countSchema(render.MinDPI, render.MaxDPI), example: 300},
	{name: "quality", description: "For formats that lose something: 1 to 100.", schema: countSchema(render.MinQuality, render.MaxQuality)},
	{name: "logo", description: "A picture for the middle, as a file in multipart/form-data. Addresses are never fetched.", schema: object{"type": "string", "contentMediaType": "image/*"}, qrOnly: true, bodyOnly: true},
	{name: "logosize", description: "Width or height of the logo, in per cent of the symbol's.", schema: countSchema(render.MinLogoSize, render.MaxLogoSize), qrOnly: true, bodyOnly: true},
	{name: "download", description: "1: sent as an attachment.", schema: flagSchema, example: 1},
}

// parametersOf returns what may be said of a symbol.
func parametersOf(e symbol.Encoder) []parameter {
	kinds := kindsFor(e)
	all := []parameter{{name: "type", description: "What the content is.", schema: choiceSchema(namesOf(kinds, func(k payload.Kind) string { return k.Name })), example: kinds[0].Name}}
	for _, kind := range kinds {
		for _, field := range kind.Fields {
			all = addField(all, kind, field, e)
		}
	}
	if len(e.Levels) > 0 {
		all = append(all, parameter{name: "level", description: "Error correction: L 7 %, M 15 %, Q 25 %, H 30 %.", schema: choiceSchema(e.Levels), example: e.Levels[0]})
	}
	for _, p := range pictureParameters {
		if !p.qrOnly || e.Name == "qr" {
			all = append(all, p)
		}
	}
	return all
}

// kindsFor returns the kinds of content that a symbology may carry.
func kindsFor(e symbol.Encoder) []payload.Kind {
	return slices.DeleteFunc(slices.Clone(payload.Kinds), func(k payload.Kind) bool {
		return len(k.Symbologies) > 0 && !slices.Contains(k.Symbologies, e.Name)
	})
}

// addField adds what a kind reads; several kinds may read fields of one name.
func addField(all []parameter, kind payload.Kind, field payload.Field, e symbol.Encoder) []parameter {
	about := "With type " + kind.Name + ": " + strings.TrimSuffix(field.Title, ".") + ". " + field.Hint
	if len(field.Choices) > 0 {
		about += " One of " + strings.Join(namesOf(field.Choices, func(c payload.Choice) string { return c.Name }), ", ") + "."
	}
	about = strings.TrimSpace(about)
	i := slices.IndexFunc(all, func(p parameter) bool { return p.name == field.Name })
	if i >= 0 {
		all[i].description += " " + about
		all[i].bodyOnly = all[i].bodyOnly || field.Secret
		return all
	}
	p := parameter{name: field.Name, description: about, bodyOnly: field.Secret, schema: object{"type": []string{"string", "number", "boolean"}}}
	if field.Name == "data" {
		p.example = e.Example
	}
	return append(all, p)
}

// bodiesFor are examples of bodies: the plain one, one of each kind and one
// that is styled.
func bodiesFor(e symbol.Encoder) object {
	bodies := object{"plain": object{"value": object{"data": e.Example}}}
	if e.Name != "qr" {
		return bodies
	}
	for _, kind := range kindsFor(e) {
		body := object{"type": kind.Name}
		for _, field := range kind.Fields {
			if field.Example != "" {
				body[field.Name] = field.Example
			}
		}
		bodies[kind.Name] = object{"summary": kind.Title, "value": body}
	}
	bodies["styled"] = object{"summary": "With shapes and a gradient", "value": object{
		"data": e.Example, "fg": "#0b5f4b", "fg2": "#1b2a49", "gradient": render.Gradients[1].Name, "module": "rounded", "eye": "rounded", "level": "Q",
	}}
	return bodies
}

func symbologyNames() []string {
	return namesOf(symbol.Encoders, func(e symbol.Encoder) string { return e.Name })
}

func formatNames() []string {
	return namesOf(render.Formats, func(f render.Format) string { return f.Name })
}
