// Package payload turns what a person enters into the text that a symbol
// carries. Each kind of content is one file.
package payload

import (
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Get returns the value that was entered for a field; empty when there is none.
type Get func(field string) string

// Kind is one sort of content.
type Kind struct {
	// Name is what the request's parameter "type" says.
	Name string
	// Title is what people read.
	Title string
	// Fields are the request's parameters that Encode reads.
	Fields []string
	// Encode returns the text that the symbol carries. Its error is a fault.List.
	Encode func(get Get) (string, error)
}

// Kinds lists the sorts of content, the default first.
var Kinds = []Kind{text, url}

// ByName returns the kind of that name; the empty name is the default's.
func ByName(name string) (Kind, error) {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		if k.Name == name || name == "" {
			return k, nil
		}
		names[i] = k.Name
	}
	return Kind{}, fault.Of("type", "must be one of %s, got %q", strings.Join(names, ", "), name)
}
