package symbol

import (
	"strings"

	"rsc.io/qr/coding"
)

// Texts are cut into segments of numeric, alphanumeric and byte mode (ISO/IEC
// 18004 clause 7.4) such that no other cut takes fewer bits: a dynamic programme
// over the characters, in sixths of a bit, which make the shares of a digit
// (10/3 bits) and of an alphanumeric character (11/2 bits) whole numbers.

// qrMode is a way to write characters.
type qrMode uint8

const (
	numericMode qrMode = iota
	alphaMode
	byteMode
	qrModes
)

const (
	sixths = 6
	never  = 1 << 30
	// modeBits is the length of a mode indicator.
	modeBits = 4
)

var (
	// charCost is what one more character of a segment costs, in sixths of a bit.
	charCost = [qrModes]int{20, 33, 48}
	// countBits is the length of the character count: table 3, for versions 1 to 9,
	// 10 to 26 and 27 to 40.
	countBits = [3][qrModes]int{{10, 9, 8}, {12, 11, 16}, {14, 13, 16}}
	// lastVersion is the greatest version of each of these classes, and mostChars
	// what it holds at best: digits at level L.
	lastVersion = [3]coding.Version{9, 26, coding.MaxVersion}
	mostChars   = [3]int{552, 3283, 7089}
)

// allowed tells which modes have a character.
var allowed = allowedModes()

func allowedModes() (table [256][qrModes]bool) {
	for c := range table {
		table[c][numericMode] = '0' <= c && c <= '9'
		table[c][alphaMode] = c < 128 && strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", byte(c)) >= 0
		table[c][byteMode] = true
	}
	return table
}

// segment is a run of characters in one mode.
type segment struct {
	mode qrMode
	text string
}

// smallest returns the smallest version that holds the text at the level, with
// its segments. The first prefix bits of the symbol are used for something else.
func smallest(text string, level coding.Level, prefix int) (coding.Version, []segment, bool) {
	version := coding.Version(coding.MinVersion)
	for class, last := range lastVersion {
		if len(text) <= mostChars[class] {
			segments, bits := cut(text, class)
			for v := version; v <= last; v++ {
				if prefix+bits <= v.DataBytes(level)*8 {
					return v, segments, true
				}
			}
		}
		version = last + 1
	}
	return 0, nil, false
}

// cut returns the segments with the fewest bits for a class of versions.
func cut(text string, class int) ([]segment, int) {
	cost := [qrModes]int{never, never, never}
	// from says for each character and mode in which mode the character before it was.
	from := make([][qrModes]qrMode, len(text))
	for i := range len(text) {
		start, before := 0, byteMode
		if i > 0 {
			start, before = cheapest(cost)
		}
		var next [qrModes]int
		for mode := range qrModes {
			if !allowed[text[i]][mode] {
				next[mode] = never
				continue
			}
			opened := wholeBits(start) + (modeBits+countBits[class][mode])*sixths
			next[mode], from[i][mode] = opened+charCost[mode], before
			if i > 0 && cost[mode] <= opened {
				next[mode], from[i][mode] = cost[mode]+charCost[mode], mode
			}
			if i == 0 {
				from[i][mode] = mode
			}
		}
		cost = next
	}
	least, mode := cheapest(cost)
	return trace(text, from, mode), wholeBits(least) / sixths
}

// cheapest compares whole bits: a segment that ends is rounded up.
func cheapest(cost [qrModes]int) (int, qrMode) {
	best := byteMode
	for mode := range qrModes {
		if wholeBits(cost[mode]) < wholeBits(cost[best]) {
			best = mode
		}
	}
	return cost[best], best
}

func wholeBits(cost int) int { return (cost + sixths - 1) / sixths * sixths }

// trace follows the programme's choices back from the last character's mode.
func trace(text string, from [][qrModes]qrMode, mode qrMode) []segment {
	var segments []segment
	end := len(text)
	for i := len(text) - 1; i >= 0; i-- {
		before := from[i][mode]
		if i == 0 || before != mode {
			segments = append(segments, segment{mode, text[i:end]})
			end = i
		}
		mode = before
	}
	for i, j := 0, len(segments)-1; i < j; i, j = i+1, j-1 {
		segments[i], segments[j] = segments[j], segments[i]
	}
	return segments
}

// eciUTF8 is the ECI assignment number of UTF-8. Text beyond ASCII needs its
// designator (clause 7.4.2): without it, readers guess the character set and
// often guess wrong.
const (
	eciUTF8 = 26
	eciBits = modeBits + 8
)

// eci is the designator of a character set whose number is below 128.
type eci uint

// Check implements coding.Encoding.
func (eci) Check() error { return nil }

// Bits implements coding.Encoding.
func (eci) Bits(coding.Version) int { return eciBits }

// Encode implements coding.Encoding.
func (e eci) Encode(b *coding.Bits, _ coding.Version) {
	b.Write(0b0111, modeBits)
	b.Write(uint(e), eciBits-modeBits)
}

// encodings returns segments as the encoder takes them.
func encodings(text string, segments []segment) []coding.Encoding {
	all := make([]coding.Encoding, 0, len(segments)+1)
	if !isASCII(text) {
		all = append(all, eci(eciUTF8))
	}
	for _, s := range segments {
		switch s.mode {
		case numericMode:
			all = append(all, coding.Num(s.text))
		case alphaMode:
			all = append(all, coding.Alpha(s.text))
		default:
			all = append(all, coding.String(s.text))
		}
	}
	return all
}
