package payload

import (
	neturl "net/url"
	"strings"
	"unicode"
)

// A URL must be one that a phone opens: absolute, http or https, with a host.
var url = Kind{
	Name: "url", Title: "Web address", Hint: "Opens a page.",
	Fields: []Field{{
		Name: "data", Title: "Web address", Input: URL, Required: true,
		Hint: "With https:// in front.", Example: "https://example.org/page", Autocomplete: "url", Wide: true,
	}},
	write: func(e *entry) string { return e.text("data") },
}

func (e *entry) checkURL(field, value string) {
	if strings.ContainsFunc(value, unicode.IsSpace) {
		e.wrong(field, "must be a web address, which holds no spaces")
		return
	}
	u, err := neturl.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		e.wrong(field, "must be a web address such as https://example.org/page")
	}
}
