package symbol

import (
	"regexp"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
)

// element is one application identifier with its value.
type element struct{ ai, value string }

var bracketed = regexp.MustCompile(`\((\d{2,4})\)`)

// parseElements reads (01)09501101530003(10)AB-123 and lists every fault.
func parseElements(text string) ([]element, error) {
	at := bracketed.FindAllStringSubmatchIndex(text, -1)
	if len(at) == 0 || at[0][0] != 0 {
		return nil, fault.Of("data", "must begin with an application identifier in brackets for GS1-128, such as (01)09501101530003(10)AB-123")
	}
	var faults fault.List
	var elements []element
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		e := element{text[m[2]:m[3]], text[m[1]:end]}
		_ = faults.Join(e.check()) // check returns nothing but faults
		elements = append(elements, e)
	}
	return elements, faults.Err()
}

func (e element) check() error {
	known, ok := findIdentifier(e.ai)
	if !ok {
		return fault.Of("data", "has the unknown application identifier (%s)", e.ai)
	}
	most := known.numeric + known.text
	switch n := len(e.value); {
	case known.least == most && n != most:
		return fault.Of("data", "must have %d %s after (%s), got %d", most, known.unit(), e.ai, n)
	case known.either && n != known.least && n != most:
		return fault.Of("data", "must have %d or %d %s after (%s), got %d", known.least, most, known.unit(), e.ai, n)
	case n < known.least || n > most:
		return fault.Of("data", "must have %d to %d %s after (%s), got %d", known.least, most, known.unit(), e.ai, n)
	}
	numbers := e.value[:min(known.numeric, len(e.value))]
	if !isDigits(numbers) {
		return fault.Of("data", "must have digits after (%s), got %q", e.ai, numbers)
	}
	for _, r := range e.value {
		if !inGS1Set(r) {
			return fault.Of("data", "must not have %q after (%s): GS1 has letters, digits and ! \" %% & ' ( ) * + , - . / : ; < = > ? _", r, e.ai)
		}
	}
	return known.checkDigits(e.ai, numbers)
}

func (a applicationIdentifier) unit() string {
	if a.text == 0 {
		return "digits"
	}
	return "characters"
}

// checkDigits verifies check digit and dates.
func (a applicationIdentifier) checkDigits(ai, digits string) error {
	if last := a.checked - 1; last > 0 {
		if right := gs1CheckDigit(digits[:last]); digits[last] != right {
			return fault.Of("data", "has the wrong check digit after (%s): digit %d must be %c, got %c", ai, a.checked, right, digits[last])
		}
	}
	for i := 0; i < 6*a.dates && i < len(digits); i += 6 {
		if d := digits[i : i+6]; !isDate(d, a.exactDay) {
			return fault.Of("data", "must have a date YYMMDD after (%s), got %s", ai, d)
		}
	}
	return nil
}

// isDate says whether there is such a day; 00 is the end of the month unless the
// day must be exact. A year that is divided by 4 is a leap year from 1901 to 2099.
func isDate(yymmdd string, exactDay bool) bool {
	if strings.HasSuffix(yymmdd, "00") && !exactDay {
		yymmdd = yymmdd[:4] + "01"
	}
	_, err := time.Parse("20060102", "20"+yymmdd)
	return err == nil
}

// inGS1Set says whether a character is of GS1's set 82.
func inGS1Set(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune(`!"%&'()*+,-./:;<=>?_`, r)
}
