package symbol

import (
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// What EAN and UPC have in common, by GS1 General Specifications section 5.2:
// bars of 22.85 mm at an X dimension of 0.33 mm, guard bars five modules longer,
// a digit of seven modules above each printed digit.
const (
	eanBarHeight   = 69
	eanGuardHeight = 5
	eanDigitWidth  = 7
	// upcSideWidth is the cell of the smaller digits beside UPC symbols.
	upcSideWidth = 6
)

// span is a range of modules, the end excluded.
type span struct{ from, to int }

// retailSymbol puts digits below bars, and lets the guard spans stand out.
func retailSymbol(bars []bool, height int, guards []span, quiet Quiet, labels ...Label) *Symbol {
	long := make([]bool, len(bars))
	for _, g := range guards {
		copy(long[g.from:g.to], bars[g.from:g.to])
	}
	for i := range labels {
		labels[i].Y = height + 1
	}
	return &Symbol{
		Width:  len(bars),
		Rows:   []Row{{bars, height}, {long, eanGuardHeight}},
		Quiet:  quiet,
		Linear: true,
		Labels: labels,
	}
}

// withCheckDigit returns length digits: text holds them all, the last of which
// is then verified, or all but the check digit. Spaces and hyphens between
// digits are for people.
func withCheckDigit(text string, length int, title string) (string, error) {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if !isDigits(digits) {
		return "", fault.Of("data", "must be %d or %d digits for %s", length-1, length, title)
	}
	switch len(digits) {
	case length - 1:
		return digits + string(gs1CheckDigit(digits)), nil
	case length:
		if right := gs1CheckDigit(digits[:length-1]); digits[length-1] != right {
			return "", fault.Of("data", "has the wrong check digit: the last digit must be %c, got %c", right, digits[length-1])
		}
		return digits, nil
	}
	return "", fault.Of("data", "must be %d or %d digits for %s, got %d", length-1, length, title, len(digits))
}
