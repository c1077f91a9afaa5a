package web

import (
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// colorInput is the picker of colours that browsers have.
const colorInput payload.Input = "color"

// designFields are how the symbol looks. The first choice is the default, which
// is left out of addresses.
var designFields = []payload.Field{
	{Name: "fg", Title: "Colour", Input: colorInput, Choices: []payload.Choice{{Name: "#000000"}}},
	{Name: "bg", Title: "Background", Input: colorInput, Choices: []payload.Choice{{Name: "#ffffff"}}},
	{Name: "scale", Title: "Pixels per module", Hint: "1 to 100; empty for about 400 pixels in all.", Input: payload.Number, Choices: []payload.Choice{{}}},
}

var levelTitles = map[string]string{"L": "L – 7 %", "M": "M – 15 %", "Q": "Q – 25 %", "H": "H – 30 %"}

// levelField is the choice of error correction of the symbologies that have one.
func levelField(encoder symbol.Encoder) payload.Field {
	field := payload.Field{Name: "level", Title: "Error correction", Hint: "More survives more damage, and makes the code larger.", Input: payload.Select}
	for _, level := range encoder.Levels {
		field.Choices = append(field.Choices, payload.Choice{Name: level, Title: levelTitles[level]})
	}
	return field
}
