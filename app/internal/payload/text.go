package payload

// Text is carried as it was entered, to the byte.
var text = Kind{
	Name: "text", Title: "Text", Hint: "Any text, in any language.",
	Fields: []Field{{Name: "data", Title: "Text", Input: Multiline, Exact: true, Required: true, Example: "Grüße aus 東京", Wide: true}},
	write:  func(e *entry) string { return e.text("data") },
}
