package web

import (
	"slices"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// parameter is what a request may say, as the document and the page of the API
// describe it.
type parameter struct {
	name, description string
	schema            object
	example           any
	required          bool
}

// pictureParameters say how a picture looks; they hold for every symbology.
var pictureParameters = []parameter{
	{name: "fg", description: "Colour of the modules: #rgb, #rrggbb (in an address %23, or no #) or a name such as navy. It must be dark on light enough to scan.", schema: object{"type": "string", "default": "#000000"}, example: "#1b2a49"},
	{name: "bg", description: "Colour of the background.", schema: object{"type": "string", "default": "#ffffff"}, example: "#ffffff"},
	{name: "scale", description: "Whole pixels per module; without it the picture is about 400 pixels wide.", schema: object{"type": []string{"integer", "string"}, "minimum": 1, "maximum": render.MaxScale}, example: 4},
	{name: "download", description: "1: sent as an attachment.", schema: object{"type": []string{"integer", "boolean", "string"}, "enum": []any{0, 1, "0", "1", true, false}}, example: 1},
}

// contentParameters are the parameters of the kinds of content.
func contentParameters(e symbol.Encoder) []parameter {
	kinds := parameter{name: "type", description: "What the content is.", schema: object{"type": "string", "enum": kindNames(), "default": payload.Kinds[0].Name}, example: payload.Kinds[0].Name}
	all := []parameter{kinds}
	for _, kind := range payload.Kinds {
		for _, field := range kind.Fields {
			if !slices.ContainsFunc(all, func(p parameter) bool { return p.name == field }) {
				all = append(all, parameter{name: field, description: "The content.", schema: object{"type": "string"}, example: e.Example})
			}
		}
	}
	return all
}

// parametersOf returns what may be said of a symbol.
func parametersOf(e symbol.Encoder) []parameter {
	all := contentParameters(e)
	if len(e.Levels) > 0 {
		all = append(all, parameter{name: "level", description: "Error correction: L 7 %, M 15 %, Q 25 %, H 30 %.", schema: object{"type": "string", "enum": e.Levels, "default": e.Levels[0]}, example: e.Levels[0]})
	}
	return append(all, pictureParameters...)
}

func kindNames() []string {
	names := make([]string, len(payload.Kinds))
	for i, k := range payload.Kinds {
		names[i] = k.Name
	}
	return names
}

func symbologyNames() []string {
	names := make([]string, len(symbol.Encoders))
	for i, e := range symbol.Encoders {
		names[i] = e.Name
	}
	return names
}

func formatNames() []string {
	names := make([]string, len(render.Formats))
	for i, f := range render.Formats {
		names[i] = f.Name
	}
	return names
}
