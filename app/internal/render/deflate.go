package render

import (
	"bytes"
	"encoding/binary"
	"hash"
	"hash/adler32"
	"math/bits"
)

// deflater writes a zlib stream (RFC 1950) of lines that often repeat. It knows
// where repetitions are and says so in one block of fixed Huffman codes (RFC 1951
// section 3.2.6), which costs a tenth of searching for them.
type deflater struct {
	out    []byte
	acc    uint64
	filled uint
	sum    hash.Hash32
	last   []byte
}

const (
	minMatch = 3
	maxMatch = 258
	endBlock = 256
)

func newDeflater(stride int) *deflater {
	d := &deflater{out: []byte{0x78, 0x01}, sum: adler32.New(), last: make([]byte, 0, stride)}
	d.bits(0b011, 3) // the last block, fixed codes
	return d
}

// line appends times copies of a line; lines all have the same length.
func (d *deflater) line(line []byte, times int) {
	for range times {
		_, _ = d.sum.Write(line)
	}
	if !bytes.Equal(line, d.last) {
		d.literals(line)
		d.last = append(d.last[:0], line...)
		times--
	}
	d.match(len(line), times*len(line))
}

// literals writes bytes, runs of one value as matches.
func (d *deflater) literals(line []byte) {
	for i := 0; i < len(line); {
		run := 1
		for i+run < len(line) && line[i+run] == line[i] {
			run++
		}
		d.literal(line[i])
		if run > minMatch {
			d.match(1, run-1)
		} else {
			for range run - 1 {
				d.literal(line[i])
			}
		}
		i += run
	}
}

// match repeats what stands distance bytes before, for length bytes in all.
func (d *deflater) match(distance, length int) {
	for length > 0 {
		n := min(length, maxMatch)
		if rest := length - n; rest > 0 && rest < minMatch {
			n -= minMatch - rest
		}
		d.length(n)
		d.distance(distance)
		length -= n
	}
}

func (d *deflater) literal(b byte) {
	if b < 144 {
		d.code(0x30+uint(b), 8)
	} else {
		d.code(0x190+uint(b)-144, 9)
	}
}

// symbol writes an end of block or length code.
func (d *deflater) symbol(s uint) {
	if s < 280 {
		d.code(s-256, 7)
	} else {
		d.code(0xc0+s-280, 8)
	}
}

// length codes follow a scheme: after the first eight, four codes share a
// number of extra bits; 258 has a code of its own.
func (d *deflater) length(n int) {
	switch v := uint(n - minMatch); {
	case n == maxMatch:
		d.symbol(285)
	case v < 8:
		d.symbol(257 + v)
	default:
		extra := uint(bits.Len(v)) - 3
		d.symbol(257 + 4*extra + v>>extra)
		d.bits(v&(1<<extra-1), extra)
	}
}

// distance codes: after the first four, two codes share a number of extra bits.
func (d *deflater) distance(n int) {
	v := uint(n - 1)
	if v < 4 {
		d.code(v, 5)
		return
	}
	extra := uint(bits.Len(v)) - 2
	d.code(2*extra+v>>extra, 5)
	d.bits(v&(1<<extra-1), extra)
}

// code writes a Huffman code, whose bits come highest first.
func (d *deflater) code(v, n uint) { d.bits(uint(bits.Reverse64(uint64(v))>>(64-n)), n) }

func (d *deflater) bits(v, n uint) {
	d.acc |= uint64(v) << d.filled
	d.filled += n
	for d.filled >= 8 {
		d.out = append(d.out, byte(d.acc))
		d.acc >>= 8
		d.filled -= 8
	}
}

func (d *deflater) close() []byte {
	d.symbol(endBlock)
	if d.filled > 0 {
		d.out = append(d.out, byte(d.acc))
	}
	return binary.BigEndian.AppendUint32(d.out, d.sum.Sum32())
}
