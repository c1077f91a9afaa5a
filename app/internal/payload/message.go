package payload

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
)

var email = Kind{
	Name: "email", Title: "E-mail", Hint: "Starts a message.",
	Fields: []Field{
		{Name: "email", Title: "To", Input: Email, Required: true, Autocomplete: "email", Example: "a+b&c?d@example.org"},
		{Name: "cc", Title: "Copy to", Input: Email, Autocomplete: "email", Example: "copy@example.org"},
		{Name: "subject", Title: "Subject", Input: Line, Wide: true, Example: "50 % & more? Grüße"},
		{Name: "message", Title: "Message", Input: Multiline, Wide: true, Example: "Line 1\nLine 2 + = #"},
	},
	write: writeEmail,
}

func writeEmail(e *entry) string {
	var fields []string
	for _, f := range [][2]string{{"cc", "cc"}, {"subject", "subject"}, {"body", "message"}} {
		if value := e.text(f[1]); value != "" {
			fields = append(fields, f[0]+"="+escapeURI(strings.ReplaceAll(value, "\n", "\r\n"), "@"))
		}
	}
	text := "mailto:" + escapeURI(e.text("email"), "@")
	if len(fields) > 0 {
		text += "?" + strings.Join(fields, "&")
	}
	return text
}

func (e *entry) checkEmail(field, value string) {
	// ParseAddress reads names and quotes too, which an address in a code has not.
	a, err := mail.ParseAddress(value)
	if err != nil || a.Address != value || strings.ContainsAny(value, "\"\\() ") {
		e.wrong(field, "must be an e-mail address such as name@example.org")
	}
}

var sms = Kind{
	Name: "sms", Title: "Text message", Hint: "Starts an SMS.",
	Fields: []Field{
		{Name: "phone", Title: "Telephone", Hint: "With the country's number: +49 170 123456.", Input: Phone, Required: true, Autocomplete: "tel", Example: "+49 170 123456"},
		{Name: "message", Title: "Message", Input: Multiline, Wide: true, Example: "Vote: A; or B"},
	},
	// SMSTO has no escapes: what follows the second colon is the message.
	write: func(e *entry) string {
		text := "SMSTO:" + dial(e.text("phone"))
		if message := e.text("message"); message != "" {
			text += ":" + message
		}
		return text
	},
}

var tel = Kind{
	Name: "tel", Title: "Telephone", Hint: "Dials a number.",
	Fields: []Field{{
		Name: "phone", Title: "Telephone", Hint: "With the country's number: +49 30 123456.",
		Input: Phone, Required: true, Autocomplete: "tel", Example: "+49 30 123456", Wide: true,
	}},
	write: func(e *entry) string { return "tel:" + dial(e.text("phone")) },
}

var (
	// trunk is how people write the zero that is for calls within a country only.
	trunk         = regexp.MustCompile(`\( *0 *\)`)
	international = regexp.MustCompile(`^\(?(\+|00) *`)
)

// dial leaves the digits of a number, and its plus sign. After a country's number
// the trunk zero in brackets goes, save in Italy, where it is part of the number.
func dial(number string) string {
	number = strings.TrimSpace(number)
	if prefix := international.FindString(number); prefix != "" && !strings.HasPrefix(number[len(prefix):], "39") {
		number = trunk.ReplaceAllString(number, "")
	}
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
}

func (e *entry) checkPhone(field, value string) {
	if i := strings.IndexFunc(value, func(r rune) bool { return !strings.ContainsRune("0123456789 -./()+", r) }); i >= 0 {
		e.wrong(field, "must be digits, with spaces or hyphens where you like, got %q", string([]rune(value[i:])[:1]))
		return
	}
	number := dial(value)
	digits := strings.TrimPrefix(number, "+")
	switch {
	case strings.Contains(digits, "+"):
		e.wrong(field, "must have its plus sign in front")
	case len(digits) < 3 || len(digits) > 15:
		e.wrong(field, "must be 3 to 15 digits, got %d", len(digits))
	}
}

// escapeURI encodes by RFC 3986 all but unreserved characters and those to keep.
func escapeURI(text, keep string) string {
	const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(unreserved, c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
