package imagefile

import (
	"errors"
	"io"
)

// What lossless WebP (RFC 9649, section 3) says of its cost. A decoder makes room for as
// many groups of prefix codes as one number in the file says, up to 65536 of some
// kilobytes each, before it has seen any of them. That number is the largest in the
// picture of groups, before which other small pictures stand: all are walked
// through here, nothing of them is kept.

const (
	literals  = 256
	lengths   = 24
	distances = 40
	// longest is the longest prefix code, in bits.
	longest = 15
)

// Bytes that golang.org/x/image/vp8l takes for a group: five tables and slices,
// and for each symbol two nodes.
const (
	groupBytes  = 5 * (24 + 4*128)
	symbolBytes = 2 * 8
)

var errLossless = errors.New("webp: invalid lossless data")

// bitReader reads the least significant bit first. After an error it reads zeros.
type bitReader struct {
	r    io.ByteReader
	bits uint32
	n    int
	err  error
}

func (b *bitReader) fail() {
	if b.err == nil {
		b.err = errLossless
	}
}

func (b *bitReader) read(n int) uint32 {
	for b.n < n {
		c, err := b.r.ReadByte()
		if err != nil || b.err != nil {
			b.fail()
			return 0
		}
		b.bits |= uint32(c) << b.n
		b.n += 8
	}
	v := b.bits & (1<<n - 1)
	b.bits >>= n
	b.n -= n
	return v
}

// codesMemory reads what stands before the codes of a picture, and returns what
// they take in memory.
func (b *bitReader) codesMemory(width, height int) int64 {
	width = b.transforms(width, height)
	symbols := literals + lengths + b.cache() + 3*literals + distances
	groups := 1
	if b.read(1) == 1 {
		bits := int(b.read(3)) + 2
		groups = b.walk(tiles(width, bits)*tiles(height, bits)) + 1
	}
	return int64(groups) * int64(groupBytes+symbols*symbolBytes)
}

// transforms walks through the transformations, and returns the width that is
// left: several pixels of few colours share one.
func (b *bitReader) transforms(width, height int) int {
	const predictor, crossColor, subtractGreen = 0, 1, 2
	var seen [4]bool
	for b.read(1) == 1 && b.err == nil {
		kind := b.read(2)
		if seen[kind] {
			b.fail()
		}
		seen[kind] = true
		switch kind {
		case predictor, crossColor:
			bits := int(b.read(3)) + 2
			b.walk(tiles(width, bits) * tiles(height, bits))
		case subtractGreen:
		default: // colour indexing
			colors := int(b.read(8)) + 1
			b.walk(colors)
			width = tiles(width, packing(colors))
		}
	}
	return width
}

// packing says how many pixels share one, as a power of two.
func packing(colors int) int {
	switch {
	case colors <= 2:
		return 3
	case colors <= 4:
		return 2
	case colors <= 16:
		return 1
	}
	return 0
}

func tiles(size, bits int) int { return (size + 1<<bits - 1) >> bits }

// cache returns how many symbols a cache of colours adds.
func (b *bitReader) cache() int {
	if b.read(1) == 0 {
		return 0
	}
	bits := b.read(4)
	if bits < 1 || bits > 11 {
		b.fail()
		return 0
	}
	return 1 << bits
}

// walk reads an inner picture, and returns the largest number of a group that it
// names: what repeats earlier pixels names no others.
func (b *bitReader) walk(pixels int) (largest int) {
	green := literals + lengths + b.cache()
	var codes [5]prefixCode
	for i, alphabet := range [...]int{green, literals, literals, literals, distances} {
		codes[i] = b.code(alphabet)
	}
	for pixels > 0 && b.err == nil {
		switch s := b.symbol(&codes[0]); {
		case s < literals:
			group := b.symbol(&codes[1])<<8 | s
			b.symbol(&codes[2])
			b.symbol(&codes[3])
			largest = max(largest, group)
			pixels--
		case s < literals+lengths:
			pixels -= b.extent(s - literals)
			b.extent(b.symbol(&codes[4]))
		default:
			pixels--
		}
	}
	if pixels < 0 {
		b.fail()
	}
	return largest
}

// extent reads a length or a distance.
func (b *bitReader) extent(symbol int) int {
	if symbol < 4 {
		return symbol + 1
	}
	extra := (symbol - 2) >> 1
	return (2+symbol&1)<<extra + int(b.read(extra)) + 1
}
