package render

import (
	"math"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// safeShare is how many per cent of a symbol a logo may cover by level: half of
// what error correction mends, so that dirt and light may take the rest.
var safeShare = map[string]float64{"L": 3.5, "M": 7.5, "Q": 12.5, "H": 15}

// timingLine is the row and column of a QR code's timing patterns, behind which
// the finder patterns end.
const timingLine = 6

// check refuses a logo that is too large for the symbol, and says what is not.
func (l *Logo) check(s *symbol.Symbol, size int) error {
	if size < MinLogoSize || size > MaxLogoSize {
		return fault.Of("logosize", "must be between %d and %d per cent of the symbol's width, got %d", MinLogoSize, MaxLogoSize, size)
	}
	share, ok := l.share(s.Width, size)
	if ok && share <= safeShare[s.Level] {
		return nil
	}
	what := "reaches the patterns that readers look for"
	if ok {
		what = "covers more than may be covered"
	}
	return fault.Of("logosize", "%s: %d %% of the width clear %.0f %% of this symbol, level %s allows %.3g %%; %s",
		what, size, math.Ceil(share), s.Level, safeShare[s.Level], l.advice(s, size))
}

// share is how many per cent of the modules the logo clears; ok is false where
// it would reach the patterns that readers look for.
func (l *Logo) share(width, size int) (share float64, ok bool) {
	c := l.clears(width, size)
	return 100 * float64(c.count()) / float64(width*width), c.left > timingLine && c.top > timingLine
}

// advice names the largest logo that the symbol takes, and the levels that take this one.
func (l *Logo) advice(s *symbol.Symbol, size int) string {
	fits := func(size int, level string) bool {
		share, ok := l.share(s.Width, size)
		return ok && share <= safeShare[level]
	}
	var ways []string
	for smaller := size - 1; smaller >= MinLogoSize; smaller-- {
		if fits(smaller, s.Level) {
			ways = append(ways, "choose logosize "+number(float64(smaller)))
			break
		}
	}
	for _, level := range []string{"M", "Q", "H"} {
		if safeShare[level] > safeShare[s.Level] && fits(size, level) {
			ways = append(ways, "choose level "+level)
			break
		}
	}
	if len(ways) == 0 {
		return "choose a higher level, or a shape nearer to a square"
	}
	return strings.Join(ways, " or ")
}
