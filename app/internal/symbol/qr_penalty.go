package symbol

// The penalties of ISO/IEC 18004 clause 7.8.3.1.
const (
	penaltyRun    = 3  // five modules of one colour in a line
	penaltyBlock  = 3  // two by two modules of one colour
	penaltyFinder = 40 // what looks like a finder pattern
	penaltyShare  = 10 // each 5 % that the dark share is away from 50 %
)

// penalty rates a masked symbol; lower is easier to read.
func penalty(grid [][]bool) int {
	n := len(grid)
	total, dark := 0, 0
	column := make([]bool, n)
	for i := range n {
		for j := range n {
			column[j] = grid[j][i]
			if grid[i][j] {
				dark++
			}
		}
		total += linePenalty(grid[i]) + linePenalty(column) + blockPenalty(grid, i)
	}
	off := dark*20 - n*n*10
	return total + max(off, -off)/(n*n)*penaltyShare
}

// linePenalty rates one row or column: long runs, and 1:1:3:1:1 next to four
// light modules.
func linePenalty(line []bool) int {
	total, run := 0, 0
	var seen uint
	for i, dark := range line {
		if i > 0 && dark == line[i-1] {
			run++
		} else {
			run = 1
		}
		if run == 5 {
			total += penaltyRun
		} else if run > 5 {
			total++
		}
		seen = seen << 1 & 0x7ff
		if dark {
			seen |= 1
		}
		if i >= 10 && (seen == 0b10111010000 || seen == 0b00001011101) {
			total += penaltyFinder
		}
	}
	return total
}

// blockPenalty rates the blocks whose upper row is y.
func blockPenalty(grid [][]bool, y int) int {
	if y+1 == len(grid) {
		return 0
	}
	total := 0
	above, below := grid[y], grid[y+1]
	for x := range len(above) - 1 {
		if above[x] == above[x+1] && above[x] == below[x] && above[x] == below[x+1] {
			total += penaltyBlock
		}
	}
	return total
}
