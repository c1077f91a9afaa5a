package payload

import (
	"strings"
	"unicode/utf8"
)

// contentLines writes the lines that vCard and iCalendar have in common.
type contentLines struct{ b strings.Builder }

// foldAt is the most octets of a line, its line break excluded.
const foldAt = 75

// add writes a line of a name with its parameters and a value that is escaped
// already, folded between characters.
func (c *contentLines) add(name, value string) {
	line := name + ":" + value
	room := foldAt
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		c.b.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
		// The space that marks a continuation counts.
		room = foldAt - 1
	}
	c.b.WriteString(line + "\r\n")
}

// addText adds a line unless there is nothing to say.
func (c *contentLines) addText(name, value string) {
	if value != "" {
		c.add(name, escapeText(value))
	}
}

// addRaw is addText for values that have no escapes: URIs and dates.
func (c *contentLines) addRaw(name, value string) {
	if value != "" {
		c.add(name, value)
	}
}

// String returns the lines.
func (c *contentLines) String() string { return c.b.String() }

var textEscapes = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\n", `\n`)

func escapeText(text string) string { return textEscapes.Replace(text) }

// structured joins the components of a value.
func structured(components ...string) string {
	for i, c := range components {
		components[i] = escapeText(c)
	}
	return strings.Join(components, ";")
}
