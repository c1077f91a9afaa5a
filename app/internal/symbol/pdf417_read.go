package symbol

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// No Go library reads PDF417, so that this one checks what the encoder drew: it
// begins with the bars and shares with it the standard's tables only. That these
// are right is what tests with zxing-cpp show.

var errPDF417 = errors.New("not a sound PDF417 symbol")

func decodePDF417(s *Symbol) (string, error) {
	var words []int
	shape := pdf417Shape{rows: len(s.Rows), cols: (s.Width-stopModules)/patternModules - 3}
	for i, row := range s.Rows {
		read, err := readPDF417Row(row.Modules, i%pdf417Clusters)
		if err != nil {
			return "", fmt.Errorf("read row %d: %w", i, err)
		}
		if i == 1 {
			shape.level = read[0] % 30 / 3
		}
		words = append(words, read...)
	}
	data, err := shape.strip(words)
	if err != nil {
		return "", err
	}
	check := 2 << shape.level
	if len(data)-check != data[0] || !divides(data, check) {
		return "", fmt.Errorf("check codewords: %w", errPDF417)
	}
	return expand(data[1:data[0]])
}

func readPDF417Row(modules []bool, cluster int) ([]int, error) {
	take := func(n int) (pattern uint32) {
		for _, dark := range modules[:n] {
			pattern <<= 1
			if dark {
				pattern |= 1
			}
		}
		modules = modules[n:]
		return pattern
	}
	if take(patternModules) != pdf417Start {
		return nil, fmt.Errorf("start pattern: %w", errPDF417)
	}
	var words []int
	for len(modules) > stopModules {
		word, ok := pdf417Values[cluster][take(patternModules)]
		if !ok {
			return nil, fmt.Errorf("pattern %d: %w", len(words), errPDF417)
		}
		words = append(words, word)
	}
	if take(stopModules) != pdf417Stop {
		return nil, fmt.Errorf("stop pattern: %w", errPDF417)
	}
	return words, nil
}

// strip compares the row indicators with the shape and takes them away.
func (s pdf417Shape) strip(words []int) ([]int, error) {
	facts := [pdf417Clusters]int{(s.rows - 1) / 3, s.level*3 + (s.rows-1)%3, s.cols - 1}
	var data []int
	for row := range s.rows {
		line := words[row*(s.cols+2) : (row+1)*(s.cols+2)]
		left := row/3*30 + facts[row%3]
		right := row/3*30 + facts[(row+2)%3]
		if line[0] != left || line[s.cols+1] != right {
			return nil, fmt.Errorf("row indicators of row %d: %w", row, errPDF417)
		}
		data = append(data, line[1:s.cols+1]...)
	}
	return data, nil
}

// divides says whether the codewords, as a polynomial, are zero at the powers
// of 3 from the first to the n-th.
func divides(words []int, n int) bool {
	x := 1
	for range n {
		x = x * 3 % pdf417Codewords
		sum := 0
		for _, w := range words {
			sum = (sum*x + w) % pdf417Codewords
		}
		if sum != 0 {
			return false
		}
	}
	return true
}

// expand undoes the compaction.
func expand(words []int) (string, error) {
	var b strings.Builder
	mode := latchText
	for len(words) > 0 {
		if words[0] == eciWord && len(words) > 1 && words[1] == eciUTF8 {
			words = words[2:]
			continue
		}
		if words[0] >= wordsBase {
			mode, words = words[0], words[1:]
			continue
		}
		end := 0
		for end < len(words) && words[end] < wordsBase {
			end++
		}
		if err := expandRun(&b, mode, words[:end]); err != nil {
			return "", err
		}
		words = words[end:]
	}
	return b.String(), nil
}

func expandRun(b *strings.Builder, mode int, words []int) error {
	switch mode {
	case latchText:
		expandLetters(b, words)
	case latchNumeric:
		for len(words) > 0 {
			n := min(numericWords, len(words))
			b.WriteString(number900(words[:n]).String()[1:])
			words = words[n:]
		}
	case latchBytes, latchSixes:
		for len(words) > bytesWords || mode == latchSixes && len(words) == bytesWords {
			var group [bytesGroup]byte
			b.Write(number900(words[:bytesWords]).FillBytes(group[:]))
			words = words[bytesWords:]
		}
		for _, w := range words {
			b.WriteByte(byte(w))
		}
	default:
		return fmt.Errorf("mode %d: %w", mode, errPDF417)
	}
	return nil
}

func number900(words []int) *big.Int {
	n := new(big.Int)
	for _, w := range words {
		n.Add(n.Mul(n, big.NewInt(wordsBase)), big.NewInt(int64(w)))
	}
	return n
}

// latches say by sub-mode what a value other than a character changes to.
var latches = [4]map[int]int{
	{toLower: subLower, toMixed: subMixed},
	{toMixed: subMixed},
	{latchPunct: subPunctuation, toLower: subLower, toAlpha: subAlpha},
	{endOfPunct: subAlpha},
}

func expandLetters(b *strings.Builder, words []int) {
	mode, once := subAlpha, -1
	for i := range 2 * len(words) {
		value := words[i/2] / pairsBase
		if i%2 == 1 {
			value = words[i/2] % pairsBase
		}
		current := mode
		if once >= 0 {
			current, once = once, -1
		}
		if next, ok := latches[current][value]; ok {
			mode = next
			continue
		}
		switch {
		case value == shiftPunct && current != subPunctuation:
			once = subPunctuation
		case value == shiftAlpha && current == subLower:
			once = subAlpha
		default:
			b.WriteByte(subModes[current][value])
		}
	}
}
