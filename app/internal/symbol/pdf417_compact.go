package symbol

import (
	"math/big"
	"strings"
)

// Compaction of text into codewords, clause 5.4: text two characters a codeword,
// long runs of digits at nearly three a codeword, all else as bytes.

const (
	latchText    = 900
	latchBytes   = 901
	latchNumeric = 902
	latchSixes   = 924
	eciWord      = 927

	numericRun   = 13
	numericGroup = 44
	numericWords = 15
	bytesGroup   = 6
	bytesWords   = 5
)

// The sub-modes of text compaction.
const (
	subAlpha = iota
	subLower
	subMixed
	subPunctuation
)

// Values of text compaction that are no characters.
const (
	toLower    = 27 // from alpha and mixed
	shiftAlpha = 27 // from lower
	toMixed    = 28 // from alpha and lower
	toAlpha    = 28 // from mixed
	shiftPunct = 29
	latchPunct = 25 // from mixed
	endOfPunct = 29
	pairsBase  = 30
	wordsBase  = 900
)

// subModes are the characters of the sub-modes by their values.
var subModes = [4]string{
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ ",
	"abcdefghijklmnopqrstuvwxyz ",
	"0123456789&\r\t,:#-.$/+%*=^\x00 ",
	";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'",
}

// compact returns the data codewords of a text.
func compact(text string) []int {
	plain, narrow := true, true
	for i := range len(text) {
		c := text[i]
		narrow = narrow && c < 0x80
		plain = plain && (c >= ' ' && c <= '~' || c == '\t' || c == '\n' || c == '\r')
	}
	switch {
	case plain:
		return compactText(text)
	case narrow:
		return compactBytes(text)
	}
	return append([]int{eciWord, eciUTF8}, compactBytes(text)...)
}

func compactBytes(text string) []int {
	words := []int{latchBytes}
	if len(text)%bytesGroup == 0 {
		words[0] = latchSixes
	}
	for len(text) >= bytesGroup {
		n := 0
		for i := range bytesGroup {
			n = n<<8 | int(text[i])
		}
		group := make([]int, bytesWords)
		for i := bytesWords - 1; i >= 0; i-- {
			group[i] = n % wordsBase
			n /= wordsBase
		}
		words = append(words, group...)
		text = text[bytesGroup:]
	}
	for i := range len(text) {
		words = append(words, int(text[i]))
	}
	return words
}

// compactText changes to numbers and back where a run of digits is worth it.
func compactText(text string) []int {
	var words []int
	letters := 0 // up to where text is written
	for i := 0; i < len(text); {
		run := i
		for run < len(text) && text[run] >= '0' && text[run] <= '9' {
			run++
		}
		if run-i >= numericRun {
			words = append(words, compactLetters(text[letters:i])...)
			words = append(words, latchNumeric)
			words = append(words, compactDigits(text[i:run])...)
			if run < len(text) {
				words = append(words, latchText)
			}
			letters = run
		}
		i = max(run, i+1)
	}
	return append(words, compactLetters(text[letters:])...)
}

func compactDigits(digits string) []int {
	var words []int
	for len(digits) > 0 {
		n := min(numericGroup, len(digits))
		value, _ := new(big.Int).SetString("1"+digits[:n], 10)
		var group []int
		for base, word := big.NewInt(wordsBase), new(big.Int); value.Sign() > 0; {
			value.DivMod(value, base, word)
			group = append([]int{int(word.Int64())}, group...)
		}
		words = append(words, group...)
		digits = digits[n:]
	}
	return words
}

// compactLetters begins in the alpha sub-mode and pairs the values.
func compactLetters(text string) []int {
	var values []int
	mode := subAlpha
	for i := range len(text) {
		c := text[i]
		next, prefix := changeMode(mode, text[i:])
		values = append(values, prefix...)
		mode = next
		switch {
		case strings.IndexByte(subModes[mode], c) >= 0:
			values = append(values, strings.IndexByte(subModes[mode], c))
		case c >= 'A' && c <= 'Z': // in the lower sub-mode
			values = append(values, shiftAlpha, int(c-'A'))
		default:
			values = append(values, shiftPunct, strings.IndexByte(subModes[subPunctuation], c))
		}
	}
	if len(values)%2 == 1 {
		values = append(values, shiftPunct) // means nothing at the end
	}
	words := make([]int, len(values)/2)
	for i := range words {
		words[i] = values[2*i]*pairsBase + values[2*i+1]
	}
	return words
}

// changeMode says which sub-mode is right for the next character and what
// leads there; it stays where a shift will do.
func changeMode(mode int, text string) (next int, prefix []int) {
	c := text[0]
	if strings.IndexByte(subModes[mode], c) >= 0 {
		return mode, nil
	}
	switch {
	case strings.IndexByte(subModes[subLower], c) >= 0:
		return subLower, []int{toLower}
	case strings.IndexByte(subModes[subAlpha], c) >= 0 && mode == subMixed:
		return subAlpha, []int{toAlpha}
	case strings.IndexByte(subModes[subAlpha], c) >= 0 && len(text) > 1 && text[1] >= 'A' && text[1] <= 'Z':
		return subAlpha, []int{toMixed, toAlpha}
	case strings.IndexByte(subModes[subMixed], c) >= 0 && strings.IndexByte(subModes[subPunctuation], c) < 0:
		return subMixed, []int{toMixed}
	case strings.IndexByte(subModes[subMixed], c) >= 0 && len(text) > 1 && strings.IndexByte(subModes[subMixed], text[1]) >= 0:
		return subMixed, []int{toMixed}
	}
	return mode, nil
}
