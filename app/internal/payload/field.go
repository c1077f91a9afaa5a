package payload

import "slices"

// Input is how a value is entered and what it must look like.
type Input string

// The inputs. All but Multiline are one line; flags are 1 or 0, dates 2026-11-22,
// times 18:30.
const (
	Line      Input = "text"
	Multiline Input = "textarea"
	Password  Input = "password"
	Email     Input = "email"
	Phone     Input = "tel"
	URL       Input = "url"
	Number    Input = "number"
	Date      Input = "date"
	Clock     Input = "time"
	Select    Input = "select"
	Flag      Input = "checkbox"
)

// Field is one thing to enter.
type Field struct {
	// Name is the request's parameter.
	Name string
	// Title is what people read, Hint what to enter, Example a value that passes.
	Title, Hint, Example string
	Input                Input
	Required             bool
	// Exact values are taken to the byte; from others the space around them goes.
	Exact bool
	// Secret values travel in bodies only and are never logged or kept.
	Secret bool
	// Choices are those of a Select, the default first.
	Choices []Choice
	// Autocomplete is the token of HTML's autofill; empty for "off".
	Autocomplete string
	// Most is the greatest number of characters; 0 leaves it to the symbol.
	Most int
	// Wide asks for a whole row of the form.
	Wide bool
}

// Choice is one option of a Select.
type Choice struct{ Name, Title string }

func (f Field) offers(name string) bool {
	return slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Name == name })
}

func (f Field) choices() string {
	names := ""
	for i, c := range f.Choices {
		if i > 0 {
			names += ", "
		}
		names += c.Name
	}
	return names
}
