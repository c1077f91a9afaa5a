package symbol

import (
	"math/rand/v2"
	"strings"
	"testing"

	"rsc.io/qr/coding"
)

// bruteForce tries every mode for every character.
func bruteForce(text string, class int) int {
	modes := make([]qrMode, len(text))
	best := never
	var try func(i int)
	try = func(i int) {
		if i == len(text) {
			best = min(best, bitsOf(text, modes, class))
			return
		}
		for mode := range qrModes {
			if allowed[text[i]][mode] {
				modes[i] = mode
				try(i + 1)
			}
		}
	}
	try(0)
	return best
}

// bitsOf counts by the standard's formulas, clause 7.4.
func bitsOf(text string, modes []qrMode, class int) int {
	bits := 0
	for i := 0; i < len(text); {
		n := 1
		for i+n < len(text) && modes[i+n] == modes[i] {
			n++
		}
		bits += 4 + countBits[class][modes[i]]
		switch modes[i] {
		case numericMode:
			bits += n/3*10 + []int{0, 4, 7}[n%3]
		case alphaMode:
			bits += n/2*11 + n%2*6
		default:
			bits += n * 8
		}
		i += n
	}
	return bits
}

func TestNoCutTakesFewerBits(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for i := range 1500 {
		text := mixed(random, 1+random.IntN(9))
		class := i % 3
		segments, bits := cut(text, class)
		if want := bruteForce(text, class); bits != want {
			t.Fatalf("%q takes %d bits in class %d, could take %d: %v", text, bits, class, want, segments)
		}
	}
}

// mixed draws runs of digits, capitals and small letters, which tempt an
// encoder to change modes too often or too rarely.
func mixed(random *rand.Rand, length int) string {
	text := ""
	for len(text) < length {
		letters := []string{"0123456789", "ABCDEF:/.", "abcdef?é"}[random.IntN(3)]
		for range 1 + random.IntN(12) {
			text += string([]rune(letters)[random.IntN(len([]rune(letters)))])
		}
	}
	return text[:length]
}

// TestSegmentsTakeTheBitsThatWereCounted compares the programme's sum with what
// the encoder of the segments says of each, for long texts too.
func TestSegmentsTakeTheBitsThatWereCounted(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for i := range 300 {
		text := strings.ToValidUTF8(mixed(random, 1+random.IntN(800)), "")
		class := i % 3
		segments, bits := cut(text, class)
		joined, sum := "", 0
		for _, e := range encodings("", segments) {
			if err := e.Check(); err != nil {
				t.Fatal(err)
			}
			sum += e.Bits(lastVersion[class])
		}
		for _, s := range segments {
			joined += s.text
		}
		if joined != text || sum != bits {
			t.Fatalf("%q: segments hold %q in %d bits, counted %d", text, joined, sum, bits)
		}
	}
}

// TestNoVersionIsLargerThanNeeded holds against skip2's greedy segments, and
// shows that they are sometimes too large.
func TestNoVersionIsLargerThanNeeded(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	saved := 0
	for range 400 {
		text := strings.Map(func(r rune) rune { return min(r, 'z') }, mixed(random, 1+random.IntN(300)))
		s := mustEncode(t, "qr", text, Options{})
		greedy := skip2Width(t, text)
		if s.Width > greedy {
			t.Errorf("%q: %d modules, skip2 needs %d", text, s.Width, greedy)
		}
		if s.Width < greedy {
			saved++
		}
	}
	if saved == 0 {
		t.Error("no symbol is smaller than skip2's: the optimal segments are not used")
	}
}

func TestCapacitiesAreTheStandards(t *testing.T) {
	// ISO/IEC 18004 table 7: digits, alphanumeric characters and bytes.
	for _, tt := range []struct {
		version coding.Version
		level   coding.Level
		most    [3]int
	}{
		{1, coding.L, [3]int{41, 25, 17}},
		{1, coding.H, [3]int{17, 10, 7}},
		{9, coding.M, [3]int{432, 262, 180}},
		{10, coding.M, [3]int{513, 311, 213}},
		{26, coding.Q, [3]int{1804, 1094, 751}},
		{27, coding.Q, [3]int{1933, 1172, 805}},
		{40, coding.L, [3]int{7089, 4296, 2953}},
		{40, coding.H, [3]int{3057, 1852, 1273}},
	} {
		for mode, letter := range []string{"7", "A", "a"} {
			version, _, fits := smallest(strings.Repeat(letter, tt.most[mode]), tt.level, 0)
			if !fits || version != tt.version {
				t.Errorf("%d × %q at level %s: version %d, want %d", tt.most[mode], letter, tt.level, version, tt.version)
			}
			if next, _, fits := smallest(strings.Repeat(letter, tt.most[mode]+1), tt.level, 0); fits && next != tt.version+1 {
				t.Errorf("%d × %q at level %s: version %d, want %d", tt.most[mode]+1, letter, tt.level, next, tt.version+1)
			}
		}
	}
}
