package payload

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ycesproject/yces/app/internal/fault"
)

// entry is what was entered for the fields of a kind.
type entry struct {
	texts  map[string]string
	faults fault.List
}

// newEntry reads the fields and checks what their table says of them.
func newEntry(fields []Field, get Get) *entry {
	e := &entry{texts: map[string]string{}}
	for _, f := range fields {
		value := get(f.Name)
		if !f.Exact {
			value = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
		}
		e.texts[f.Name] = value
		e.check(f, value)
	}
	return e
}

func (e *entry) check(f Field, value string) {
	switch {
	case value == "" && f.Required:
		e.wrong(f.Name, "must not be empty")
	case value == "" && f.Input == Select:
		e.texts[f.Name] = f.Choices[0].Name
	case value == "":
	case !utf8.ValidString(value):
		e.wrong(f.Name, "must be valid UTF-8")
	case (!f.Exact || f.Input != Multiline) && hasControls(value, f.Input == Multiline):
		e.wrong(f.Name, "must not hold line breaks or other control characters")
	case f.Most > 0 && utf8.RuneCountInString(value) > f.Most:
		e.wrong(f.Name, "must be %d characters at the most, got %d", f.Most, utf8.RuneCountInString(value))
	default:
		e.checkInput(f, value)
	}
}

func (e *entry) checkInput(f Field, value string) {
	switch f.Input {
	case Select:
		if !f.offers(value) {
			e.wrong(f.Name, "must be one of %s, got %.20q", f.choices(), value)
		}
	case Flag:
		if !strings.Contains(" 1 0 true false on ", " "+value+" ") {
			e.wrong(f.Name, "must be 0 or 1, got %.20q", value)
		}
	case Date:
		if t, err := time.Parse(time.DateOnly, value); err != nil || t.Year() < 1600 || t.Year() > 2999 {
			e.wrong(f.Name, "must be a date such as 2026-11-22, got %.20q", value)
		}
	case Clock:
		if _, err := time.Parse(minutes, value); err != nil {
			e.wrong(f.Name, "must be a time such as 18:30, got %.20q", value)
		}
	case Email:
		e.checkEmail(f.Name, value)
	case Phone:
		e.checkPhone(f.Name, value)
	case URL:
		e.checkURL(f.Name, value)
	}
}

// minutes is how times are written.
const minutes = "15:04"

func hasControls(value string, lines bool) bool {
	return strings.ContainsFunc(value, func(r rune) bool {
		allowed := lines && (r == '\n' || r == '\t')
		return unicode.IsControl(r) && !allowed
	})
}

// text returns a field's value; empty where it has a fault.
func (e *entry) text(field string) string {
	if e.faults.Has(field) {
		return ""
	}
	return e.texts[field]
}

func (e *entry) flag(field string) bool {
	value := e.text(field)
	return value == "1" || value == "true" || value == "on"
}

// wrong adds a fault of a field.
func (e *entry) wrong(field, format string, args ...any) { e.faults.Add(field, format, args...) }
