package symbol

import (
	"github.com/ycesproject/yces/app/internal/fault"
)

// PDF417 by ISO/IEC 15438, encoded here: the library's row indicators are wrong
// for most numbers of rows. Rows of three modules, quiet zone of two.
var pdf417 = Encoder{
	Name:    "pdf417",
	Title:   "PDF417",
	Group:   Matrix,
	Hint:    "Any text in any language, about 1000 letters or 2000 digits.",
	Example: "Grüße 12",
	encode:  encodePDF417,
	decode:  decodePDF417,
}

const (
	pdf417Quiet     = 2
	pdf417RowHeight = 3
	pdf417MinRows   = 3
	pdf417MaxRows   = 90
	pdf417MaxCols   = 30
	// pdf417Most is the most codewords of a symbol, correction included.
	pdf417Most  = 928
	pdf417Start = 0b11111111010101000
	pdf417Stop  = 0b111111101000101001
	stopModules = 18
)

// pdf417Shape is what the row indicators tell of a symbol.
type pdf417Shape struct{ rows, cols, level int }

func encodePDF417(text string, _ Options) (*Symbol, string, error) {
	if text == "" {
		return nil, "", fault.Of("data", "must be at least 1 character for PDF417")
	}
	data := compact(text)
	if len(data) == 1 {
		data = append(data, latchText) // older readers stumble over a single codeword
	}
	level := pdf417Level(len(data))
	check := 2 << level
	need := 1 + len(data) + check
	shape, ok := pdf417Fit(need, level)
	if !ok {
		return nil, "", fault.Of("data", "is too long for PDF417: it needs %d codewords, there are %d; shorten it or use a QR code", need, pdf417Most)
	}
	// The first codeword counts the data, itself and the padding.
	words := append([]int{shape.rows*shape.cols - check}, data...)
	for len(words) < words[0] {
		words = append(words, latchText)
	}
	words = append(words, checkWords(words, check)...)
	return drawPDF417(words, shape), text, nil
}

// pdf417Level is the recommendation of annex E.
func pdf417Level(dataWords int) int {
	switch {
	case dataWords <= 40:
		return 2
	case dataWords <= 160:
		return 3
	case dataWords <= 320:
		return 4
	}
	return 5
}

// pdf417Fit picks the shape that is nearest to twice as wide as high.
func pdf417Fit(words, level int) (best pdf417Shape, ok bool) {
	least := 0
	for cols := 1; cols <= pdf417MaxCols; cols++ {
		rows := max(pdf417MinRows, (words+cols-1)/cols)
		if rows > pdf417MaxRows || rows*cols > pdf417Most {
			continue
		}
		width, height := patternModules*(cols+3)+stopModules, rows*pdf417RowHeight
		off := max(width-2*height, 2*height-width)
		if !ok || off < least {
			best, least, ok = pdf417Shape{rows, cols, level}, off, true
		}
	}
	return best, ok
}

// indicator is the codeword beside a row; turn is 0 for the left ones, 2 for
// the right ones, which tell the same in another order.
func (s pdf417Shape) indicator(row, turn int) int {
	base := 30 * (row / pdf417Clusters)
	switch (row + turn) % pdf417Clusters {
	case 0:
		return base + (s.rows-1)/3
	case 1:
		return base + s.level*3 + (s.rows-1)%3
	default:
		return base + s.cols - 1
	}
}

func drawPDF417(words []int, shape pdf417Shape) *Symbol {
	s := &Symbol{
		Width: patternModules*(shape.cols+3) + stopModules,
		Quiet: Quiet{pdf417Quiet, pdf417Quiet, pdf417Quiet, pdf417Quiet},
	}
	for row := range shape.rows {
		patterns := pdf417Patterns[row%pdf417Clusters]
		modules := appendPattern(nil, pdf417Start, patternModules)
		modules = appendPattern(modules, patterns[shape.indicator(row, 0)], patternModules)
		for _, word := range words[row*shape.cols : (row+1)*shape.cols] {
			modules = appendPattern(modules, patterns[word], patternModules)
		}
		modules = appendPattern(modules, patterns[shape.indicator(row, 2)], patternModules)
		modules = appendPattern(modules, pdf417Stop, stopModules)
		s.Rows = append(s.Rows, Row{Modules: modules, Height: pdf417RowHeight})
	}
	return s
}

func appendPattern(modules []bool, pattern uint32, n int) []bool {
	for i := n - 1; i >= 0; i-- {
		modules = append(modules, pattern>>i&1 == 1)
	}
	return modules
}

// checkWords returns n check codewords: Reed and Solomon over the numbers
// modulo 929, generator 3 (clause 5.10).
func checkWords(words []int, n int) []int {
	generator := []int{1} // highest power first
	root := 1
	for range n {
		root = root * 3 % pdf417Codewords
		next := append(append([]int{}, generator...), 0)
		for i, g := range generator {
			next[i+1] = (next[i+1] + (pdf417Codewords-root)*g) % pdf417Codewords
		}
		generator = next
	}
	rest := make([]int, n)
	for _, w := range words {
		lead := (w + rest[0]) % pdf417Codewords
		rest = append(rest[1:], 0)
		for i := range rest {
			rest[i] = (rest[i] + (pdf417Codewords-lead)*generator[i+1]) % pdf417Codewords
		}
	}
	for i, r := range rest {
		rest[i] = (pdf417Codewords - r) % pdf417Codewords
	}
	return rest
}
