package payload

import (
	"unicode/utf8"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Text is carried as it was entered, to the byte.
var text = Kind{
	Name:   "text",
	Title:  "Text",
	Fields: []string{"data"},
	Encode: func(get Get) (string, error) {
		data := get("data")
		if data == "" {
			return "", fault.Of("data", "must not be empty")
		}
		if !utf8.ValidString(data) {
			return "", fault.Of("data", "must be valid UTF-8")
		}
		return data, nil
	},
}
