package symbol

import (
	"fmt"
	"math/bits"
	"sync/atomic"

	"rsc.io/qr/coding"
)

// qrLayout is what symbols of a version and level have in common.
type qrLayout struct {
	plan *coding.Plan
	// masked are the modules that masks invert: data, check and remainder.
	masked []bitRow
}

// layouts are made when they are first needed; all 160 together take 7 MiB.
var layouts [coding.MaxVersion + 1][4]atomic.Pointer[qrLayout]

const (
	qrMasks = 8
	// formatPoly is the generator of the format information's code, clause 7.9.1,
	// formatMask what it is inverted with.
	formatPoly = 0x537
	formatMask = 0x5412
)

// maskRows are the masks of table 10. They repeat after twelve rows.
var maskRows = drawMasks()

const maskPeriod = 12

func drawMasks() (rows [qrMasks][maskPeriod]bitRow) {
	for mask := range rows {
		for y := range maskPeriod {
			for x := range maxQR {
				if coding.Mask(mask).Invert(y, x) {
					rows[mask][y].set(x)
				}
			}
		}
	}
	return rows
}

func layoutOf(version coding.Version, level coding.Level) (*qrLayout, error) {
	slot := &layouts[version][level]
	if l := slot.Load(); l != nil {
		return l, nil
	}
	// Any mask will do: it is taken off again.
	plan, err := coding.NewPlan(version, level, 0)
	if err != nil {
		return nil, fmt.Errorf("plan qr code: %w", err)
	}
	l := &qrLayout{plan: plan, masked: make([]bitRow, len(plan.Pixel))}
	for y, row := range plan.Pixel {
		for x, pixel := range row {
			switch pixel.Role() {
			case coding.Data, coding.Check, coding.Extra:
				l.masked[y].set(x)
			}
		}
	}
	slot.Store(l)
	return l, nil
}

// draw returns the symbol of these segments with the mask of the least penalty.
func (l *qrLayout) draw(segments ...coding.Encoding) ([][]bool, error) {
	code, err := l.plan.Encode(segments...)
	if err != nil {
		return nil, fmt.Errorf("encode qr code: %w", err)
	}
	var base, best, candidate [maxQR]bitRow
	n := code.Size
	for y := range n {
		base[y] = rowOf(code.Bitmap[y*code.Stride : (y+1)*code.Stride])
		for w := range words {
			base[y][w] ^= maskRows[0][y%maskPeriod][w] & l.masked[y][w]
		}
	}
	least := never
	for mask := range qrMasks {
		for y := range n {
			for w := range words {
				candidate[y][w] = base[y][w] ^ maskRows[mask][y%maskPeriod][w]&l.masked[y][w]
			}
		}
		l.setFormat(&candidate, mask)
		if p := penalty(&candidate, n); p < least {
			best, least = candidate, p
		}
	}
	return gridOf(&best, n), nil
}

// setFormat writes level and mask, clause 7.9.1, where the plan has them.
func (l *qrLayout) setFormat(rows *[maxQR]bitRow, mask int) {
	data := uint32(l.plan.Level^1)<<3 | uint32(mask) // L=01, M=00, Q=11, H=10
	rest := data << 10
	for i := 14; i >= 10; i-- {
		if rest>>i&1 == 1 {
			rest ^= formatPoly << (i - 10)
		}
	}
	format := (data<<10 | rest) ^ formatMask
	n := len(l.plan.Pixel)
	for i := range n {
		l.setFormatModule(rows, format, 8, i)
		l.setFormatModule(rows, format, i, 8)
	}
}

func (l *qrLayout) setFormatModule(rows *[maxQR]bitRow, format uint32, y, x int) {
	pixel := l.plan.Pixel[y][x]
	if pixel.Role() != coding.Format {
		return
	}
	rows[y][x/wordBits] &^= 1 << (x % wordBits)
	if format>>pixel.Offset()&1 == 1 {
		rows[y].set(x)
	}
}

// rowOf reads a row whose leftmost module stands in the highest bit.
func rowOf(packed []byte) (r bitRow) {
	for i := range min(len(packed), words*wordBits/8) {
		r[i/8] |= uint64(bits.Reverse8(packed[i])) << (i % 8 * 8)
	}
	return r
}

func gridOf(rows *[maxQR]bitRow, n int) [][]bool {
	modules := make([]bool, n*n)
	grid := make([][]bool, n)
	for y := range n {
		grid[y] = modules[y*n : (y+1)*n : (y+1)*n]
		for x := range n {
			grid[y][x] = rows[y].at(x)
		}
	}
	return grid
}
