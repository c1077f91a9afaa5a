package imagefile

// prefixCode is a canonical prefix code (RFC 9649, 3.7.2): how many codes there are
// of each length, and their symbols in order. One symbol alone takes no bits.
type prefixCode struct {
	counts  [longest + 1]int
	symbols []int
}

// newPrefixCode refuses what is no complete code, as decoders differ in how they
// read one.
func newPrefixCode(sizes []int) (prefixCode, bool) {
	var c prefixCode
	for size := 1; size <= longest; size++ {
		for symbol, s := range sizes {
			if s == size {
				c.counts[size]++
				c.symbols = append(c.symbols, symbol)
			}
		}
	}
	room := 1
	for _, n := range c.counts[1:] {
		room = room<<1 - n
	}
	return c, len(c.symbols) == 1 || len(c.symbols) > 1 && room == 0
}

// symbol reads one.
func (b *bitReader) symbol(c *prefixCode) int {
	if len(c.symbols) == 1 {
		return c.symbols[0]
	}
	code, first, index := 0, 0, 0
	for _, n := range c.counts[1:] {
		code |= int(b.read(1))
		if code-first < n {
			return c.symbols[index+code-first]
		}
		index += n
		first = (first + n) << 1
		code <<= 1
	}
	b.fail()
	return 0
}

// code reads a prefix code for so many symbols.
func (b *bitReader) code(alphabet int) prefixCode {
	if b.read(1) == 1 {
		return b.simpleCode(alphabet)
	}
	order := [...]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	var sizes [len(order)]int
	n := int(b.read(4)) + 4
	if n > len(order) {
		b.fail()
		return prefixCode{symbols: []int{0}}
	}
	for _, at := range order[:n] {
		sizes[at] = int(b.read(3))
	}
	return b.checked(newPrefixCode(b.codeSizes(b.checked(newPrefixCode(sizes[:])), alphabet)))
}

// checked makes a code that is none one that can be read without harm.
func (b *bitReader) checked(c prefixCode, ok bool) prefixCode {
	if ok && b.err == nil {
		return c
	}
	b.fail()
	return prefixCode{symbols: []int{0}}
}

func (b *bitReader) simpleCode(alphabet int) prefixCode {
	two := b.read(1) == 1
	bits := 1 + 7*int(b.read(1))
	c := prefixCode{symbols: []int{int(b.read(bits))}}
	if two {
		c.symbols = append(c.symbols, int(b.read(8)))
		c.counts[1] = 2
	}
	for _, s := range c.symbols {
		if s >= alphabet {
			b.fail()
		}
	}
	return c
}

// codeSizes reads the sizes of the codes of all symbols, which are in a code themselves.
func (b *bitReader) codeSizes(c prefixCode, alphabet int) []int {
	sizes := make([]int, alphabet)
	left := alphabet
	if b.read(1) == 1 {
		left = int(b.read(2+2*int(b.read(3)))) + 2
	}
	if left > alphabet {
		b.fail()
	}
	const repeat, before = 16, 8
	previous := before
	for at := 0; at < alphabet && left > 0 && b.err == nil; left-- {
		size, times := b.symbol(&c), 1
		switch {
		case size == repeat:
			size, times = previous, 3+int(b.read(2))
		case size == repeat+1:
			size, times = 0, 3+int(b.read(3))
		case size > repeat+1:
			size, times = 0, 11+int(b.read(7))
		case size != 0:
			previous = size
		}
		if at+times > alphabet {
			b.fail()
			break
		}
		for range times {
			sizes[at] = size
			at++
		}
	}
	return sizes
}
