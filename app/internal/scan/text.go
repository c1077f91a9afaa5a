package scan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// notText returns content where text, which it was decoded to, is no text: it
// has control characters that only binary data has.
func notText(text string, content []byte) []byte {
	// The separators of GS1 and ISO/IEC 15434 are text to their readers.
	const separators = "\t\n\r\x04\x1c\x1d\x1e\x1f"
	odd := func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && !strings.ContainsRune(separators, r)
	}
	if strings.ContainsFunc(text, odd) {
		return content
	}
	return nil
}
