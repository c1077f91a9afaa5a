package symbol

import "math/bits"

// The penalties of ISO/IEC 18004 clause 7.8.3.1.
const (
	penaltyRun    = 3  // five modules of one colour in a line; one more for each further one
	penaltyBlock  = 3  // two by two modules of one colour
	penaltyFinder = 40 // what looks like a finder pattern: 1:1:3:1:1 next to four light modules
	penaltyShare  = 10 // each 5 % that the dark share is away from 50 %
)

// wordBits and words hold the longest row: 177 modules of version 40.
const (
	wordBits = 64
	words    = 3
	maxQR    = 177
)

// bitRow is a row of modules, module x in bit x, so that a step of the penalty
// looks at a whole row at once.
type bitRow [words]uint64

func (r *bitRow) set(x int) { r[x/wordBits] |= 1 << (x % wordBits) }

func (r *bitRow) at(x int) bool { return r[x/wordBits]>>(x%wordBits)&1 == 1 }

func (r *bitRow) count() int {
	return bits.OnesCount64(r[0]) + bits.OnesCount64(r[1]) + bits.OnesCount64(r[2])
}

// ahead returns the row whose module x is module x+k of r; k is 1 to 63.
func (r *bitRow) ahead(k uint) bitRow {
	return bitRow{r[0]>>k | r[1]<<(wordBits-k), r[1]>>k | r[2]<<(wordBits-k), r[2] >> k}
}

// behind returns the row whose module x is module x-k of r; k is 1 to 63.
func (r *bitRow) behind(k uint) bitRow {
	return bitRow{r[0] << k, r[1]<<k | r[0]>>(wordBits-k), r[2]<<k | r[1]>>(wordBits-k)}
}

func (r *bitRow) and(o bitRow) bitRow { return bitRow{r[0] & o[0], r[1] & o[1], r[2] & o[2]} }

func (r *bitRow) xor(o bitRow) bitRow { return bitRow{r[0] ^ o[0], r[1] ^ o[1], r[2] ^ o[2]} }

// firstModules is a row whose first n modules are set.
func firstModules(n int) (r bitRow) {
	for w := range r {
		switch left := n - w*wordBits; {
		case left >= wordBits:
			r[w] = ^uint64(0)
		case left > 0:
			r[w] = 1<<left - 1
		}
	}
	return r
}

// not returns the row of what is light among the first modules.
func (r *bitRow) not(first *bitRow) bitRow {
	return bitRow{^r[0] & first[0], ^r[1] & first[1], ^r[2] & first[2]}
}

// penalty rates a masked symbol of n rows; lower is easier to read.
func penalty(rows *[maxQR]bitRow, n int) int {
	var light, below [maxQR]bitRow // below: equal to the module in the next row
	first := firstModules(n)
	pairs := firstModules(n - 1)
	dark := 0
	for y := range n {
		light[y] = rows[y].not(&first)
		dark += rows[y].count()
		if y > 0 {
			below[y-1] = rows[y].xor(light[y-1])
		}
	}
	off := dark*20 - n*n*10
	total := max(off, -off) / (n * n) * penaltyShare
	var runs runCounter
	for y := range n {
		ahead := rows[y].ahead(1)
		same := ahead.xor(light[y])
		same = same.and(pairs)
		total += acrossPenalty(&rows[y], &light[y], &same)
		total += runs.add(&below, y, n)
		if y+1 < n {
			next := below[y].ahead(1)
			block := next.and(below[y])
			block = block.and(same)
			total += block.count() * penaltyBlock
		}
		if y+6 < n {
			total += downPenalty(rows, &light, y, n)
		}
	}
	return total
}

// acrossPenalty rates runs and finder patterns along a row; same tells which
// modules equal the next one.
func acrossPenalty(row, light, same *bitRow) int {
	two := same.ahead(1)
	two = two.and(*same)
	five := two.ahead(2)
	five = five.and(two)
	total := 0
	if five != (bitRow{}) {
		before := five.behind(1)
		total = runPenalty(&five, &before)
	}
	core := *row
	for k, dark := range [...]bool{1: false, 2: true, 3: true, 4: true, 5: false, 6: true} {
		if k == 0 {
			continue
		}
		from := light
		if dark {
			from = row
		}
		core = core.and(from.ahead(uint(k)))
	}
	if core == (bitRow{}) {
		return total
	}
	pair := light.ahead(1)
	pair = pair.and(*light)
	four := pair.ahead(2)
	four = four.and(pair)
	after, before := four.ahead(7), four.behind(4)
	after, before = after.and(core), before.and(core)
	return total + (after.count()+before.count())*penaltyFinder
}

// runPenalty rates runs by where five equal modules begin, and where they do
// one module earlier: a run of n begins five n-4 times.
func runPenalty(five, before *bitRow) int {
	begins := bitRow{five[0] &^ before[0], five[1] &^ before[1], five[2] &^ before[2]}
	return five.count() + begins.count()*(penaltyRun-1)
}

// runCounter remembers in which columns five equal modules began in the row above.
type runCounter struct{ before bitRow }

func (c *runCounter) add(below *[maxQR]bitRow, y, n int) int {
	if y+4 >= n {
		return 0
	}
	five := below[y].and(below[y+1])
	five = five.and(below[y+2])
	five = five.and(below[y+3])
	total := runPenalty(&five, &c.before)
	c.before = five
	return total
}

// downPenalty rates finder patterns that begin in row y and run down.
func downPenalty(rows, light *[maxQR]bitRow, y, n int) int {
	core := rows[y].and(light[y+1])
	core = core.and(rows[y+2])
	core = core.and(rows[y+3])
	core = core.and(rows[y+4])
	core = core.and(light[y+5])
	core = core.and(rows[y+6])
	if core == (bitRow{}) {
		return 0
	}
	total := 0
	for _, edge := range [...]int{y + 7, y - 4} {
		if edge < 0 || edge+4 > n {
			continue
		}
		four := core
		for k := range 4 {
			four = four.and(light[edge+k])
		}
		total += four.count()
	}
	return total * penaltyFinder
}
