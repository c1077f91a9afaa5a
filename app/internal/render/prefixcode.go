package render

import (
	"cmp"
	"math/bits"
	"slices"
)

// prefixCode is a canonical Huffman code.
type prefixCode struct {
	lengths []uint8
	codes   []uint32
	// only is the symbol of a code without bits; -1 where there are several.
	only int
}

const (
	maxCodeLength = 15
	// maxLengthLength bounds the code of the lengths themselves.
	maxLengthLength = 7
)

// newPrefixCode makes the best code for the counts, none longer than most bits.
func newPrefixCode(counts []int, most int) prefixCode {
	c := prefixCode{lengths: make([]uint8, len(counts)), codes: make([]uint32, len(counts)), only: -1}
	var used []int
	for symbol, n := range counts {
		if n > 0 {
			used = append(used, symbol)
		}
	}
	if len(used) <= 1 {
		c.only = 0
		if len(used) == 1 {
			c.only = used[0]
		}
		return c
	}
	// Rare symbols count more and more, until the code is short enough.
	for floor := 1; ; floor *= 2 {
		if c.assign(counts, used, floor) <= most {
			break
		}
	}
	c.number()
	return c
}

// assign gives each symbol a length and returns the longest.
func (c *prefixCode) assign(counts, used []int, floor int) int {
	type node struct{ weight, parent int }
	nodes := make([]node, 0, 2*len(used))
	order := slices.Clone(used)
	weight := func(symbol int) int { return max(counts[symbol], floor) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight(a), weight(b)) })
	for _, symbol := range order {
		nodes = append(nodes, node{weight(symbol), 0})
	}
	// Leaves and inner nodes each come in the order of their weights.
	leaf, inner := 0, len(order)
	lightest := func() int {
		if leaf < len(order) && (inner == len(nodes) || nodes[leaf].weight <= nodes[inner].weight) {
			leaf++
			return leaf - 1
		}
		inner++
		return inner - 1
	}
	for range len(order) - 1 {
		a, b := lightest(), lightest()
		nodes[a].parent, nodes[b].parent = len(nodes), len(nodes)
		nodes = append(nodes, node{weight: nodes[a].weight + nodes[b].weight})
	}
	depth := make([]int, len(nodes))
	longest := 0
	for i := len(nodes) - 2; i >= 0; i-- {
		depth[i] = depth[nodes[i].parent] + 1
		if i < len(order) {
			c.lengths[order[i]] = uint8(depth[i])
			longest = max(longest, depth[i])
		}
	}
	return longest
}

// number gives out the codes in the order of length and symbol, first bit lowest.
func (c *prefixCode) number() {
	code := uint32(0)
	for length := uint8(1); length <= maxCodeLength; length++ {
		for symbol, l := range c.lengths {
			if l == length {
				c.codes[symbol] = bits.Reverse32(code) >> (32 - length)
				code++
			}
		}
		code <<= 1
	}
}

func (c prefixCode) put(w *bitWriter, symbol uint32) {
	if c.only < 0 {
		w.bits(c.codes[symbol], uint(c.lengths[symbol]))
	}
}

// lengthOrder is the order in which the lengths' own lengths are sent (RFC 9649 section 3.7.2.1).
var lengthOrder = [...]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// write sends the code: one symbol by its number, else all lengths.
func (c prefixCode) write(w *bitWriter) {
	if c.only >= 0 && c.only < 256 {
		w.flag(true)  // a simple code …
		w.flag(false) // … of one symbol
		w.flag(true)  // … of eight bits
		w.bits(uint32(c.only), 8)
		return
	}
	lengths := c.lengths
	if c.only >= 0 {
		// A symbol beyond eight bits alone: a length of its own, and no bits.
		lengths = slices.Clone(lengths)
		lengths[c.only] = 1
	}
	w.flag(false)
	steps := runLengths(lengths)
	counts := make([]int, len(lengthOrder))
	for _, s := range steps {
		counts[s.symbol]++
	}
	code := newPrefixCode(counts, maxLengthLength)
	sent := slices.Clone(code.lengths)
	if code.only >= 0 {
		sent[code.only] = 1
	}
	w.bits(uint32(len(lengthOrder)-4), 4)
	for _, symbol := range lengthOrder {
		w.bits(uint32(sent[symbol]), 3)
	}
	w.flag(false) // all lengths follow
	for _, s := range steps {
		code.put(w, uint32(s.symbol))
		w.bits(s.extra, s.bits)
	}
}

// lengthStep is a length, or a run of zeros.
type lengthStep struct {
	symbol int
	extra  uint32
	bits   uint
}

const (
	shortZeros = 17 // 3 to 10
	longZeros  = 18 // 11 to 138
)

func runLengths(lengths []uint8) []lengthStep {
	var steps []lengthStep
	for i := 0; i < len(lengths); {
		zeros := 0
		for i+zeros < len(lengths) && lengths[i+zeros] == 0 && zeros < 138 {
			zeros++
		}
		switch {
		case zeros >= 11:
			steps = append(steps, lengthStep{longZeros, uint32(zeros - 11), 7})
			i += zeros
		case zeros >= 3:
			steps = append(steps, lengthStep{shortZeros, uint32(zeros - 3), 3})
			i += zeros
		default:
			steps = append(steps, lengthStep{symbol: int(lengths[i])})
			i++
		}
	}
	return steps
}

// bitWriter writes bits, lowest first.
type bitWriter struct {
	out    []byte
	acc    uint64
	filled uint
}

func (w *bitWriter) bits(v uint32, n uint) {
	w.acc |= uint64(v) << w.filled
	w.filled += n
	for w.filled >= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
		w.filled -= 8
	}
}

func (w *bitWriter) flag(set bool) {
	if set {
		w.bits(1, 1)
	} else {
		w.bits(0, 1)
	}
}

func (w *bitWriter) close() []byte {
	if w.filled > 0 {
		w.out = append(w.out, byte(w.acc))
	}
	return w.out
}
