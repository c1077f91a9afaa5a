package symbol

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
	"rsc.io/qr/coding"
)

func skip2Width(t *testing.T, text string) int {
	t.Helper()
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	return 17 + 4*code.VersionNumber
}

// slowPenalty follows clause 7.8.3.1 module by module.
func slowPenalty(grid [][]bool) int {
	n := len(grid)
	total, dark := 0, 0
	column := make([]bool, n)
	for i := range n {
		for j := range n {
			column[j] = grid[j][i]
			if grid[i][j] {
				dark++
			}
			if i+1 < n && j+1 < n && grid[i][j] == grid[i][j+1] && grid[i][j] == grid[i+1][j] && grid[i][j] == grid[i+1][j+1] {
				total += penaltyBlock
			}
		}
		total += slowLinePenalty(grid[i]) + slowLinePenalty(column)
	}
	off := dark*20 - n*n*10
	return total + max(off, -off)/(n*n)*penaltyShare
}

func slowLinePenalty(line []bool) int {
	total, run := 0, 0
	text := ""
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
		text += map[bool]string{false: "0", true: "1"}[dark]
		if strings.HasSuffix(text, "10111010000") || strings.HasSuffix(text, "00001011101") {
			total += penaltyFinder
		}
	}
	return total
}

func TestPenaltyIsTheStandards(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	for i := range 60 {
		n := 21 + 4*random.IntN(40)
		var rows [maxQR]bitRow
		for y := range n {
			for x := range n {
				// Every other one has long runs.
				if i%2 == 0 && random.IntN(2) == 0 || i%2 == 1 && (x/3+y/4+random.IntN(9)/8)%2 == 0 {
					rows[y].set(x)
				}
			}
			if i%3 == 0 && y%7 == 0 && n > 66 {
				for k, dark := range "00001011101000010111010000" {
					rows[y][(40+k)/wordBits] &^= 1 << ((40 + k) % wordBits)
					if dark == '1' {
						rows[y].set(40 + k)
					}
				}
			}
		}
		if got, want := penalty(&rows, n), slowPenalty(gridOf(&rows, n)); got != want {
			t.Fatalf("%d modules: penalty %d, want %d", n, got, want)
		}
	}
}

// TestFormatAndMaskAreThoseOfTheLibrary draws with every mask as the library
// would, and finds the one that was chosen among them.
func TestFormatAndMaskAreThoseOfTheLibrary(t *testing.T) {
	for _, version := range []coding.Version{1, 6, 7, 21, 40} {
		for level := range coding.Level(4) {
			text := coding.String(strings.Repeat("é", 3))
			layout, err := layoutOf(version, level)
			if err != nil {
				t.Fatal(err)
			}
			got, err := layout.draw(text)
			if err != nil {
				t.Fatal(err)
			}
			var want [][]bool
			for mask := range coding.Mask(qrMasks) {
				if grid := libraryGrid(t, version, level, mask, text); want == nil || slowPenalty(grid) < slowPenalty(want) {
					want = grid
				}
			}
			for y := range want {
				for x := range want {
					if got[y][x] != want[y][x] {
						t.Fatalf("version %d level %s: module %d,%d differs", version, level, x, y)
					}
				}
			}
		}
	}
}

func libraryGrid(t *testing.T, version coding.Version, level coding.Level, mask coding.Mask, text coding.Encoding) [][]bool {
	t.Helper()
	plan, err := coding.NewPlan(version, level, mask)
	if err != nil {
		t.Fatal(err)
	}
	code, err := plan.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	grid := make([][]bool, code.Size)
	for y := range grid {
		for x := range code.Size {
			grid[y] = append(grid[y], code.Black(x, y))
		}
	}
	return grid
}
