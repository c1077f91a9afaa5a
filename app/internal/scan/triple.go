package scan

import (
	"cmp"
	"math"
	"slices"
)

// triple is three finder patterns that may be those of one symbol.
type triple struct {
	// corner lies between the other two; right and down are named so that the
	// symbol is not mirrored.
	corner, right, down int
	// doubt grows with what speaks against it.
	doubt float64
}

// maxTriples bounds the work that a hostile picture can make.
const maxTriples = 300

// triples lists what may be symbols, the likeliest first.
func triples(all []finder) []triple {
	var list []triple
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			if !similar(all[i], all[j]) {
				continue
			}
			for k := j + 1; k < len(all); k++ {
				if t, ok := arrange(all, i, j, k); ok {
					list = append(list, t)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b triple) int { return cmp.Compare(a.doubt, b.doubt) })
	return list[:min(len(list), maxTriples)]
}

func similar(a, b finder) bool {
	return a.module < 3*b.module && b.module < 3*a.module
}

// arrange finds the corner of three patterns: it lies opposite the longest side.
func arrange(all []finder, i, j, k int) (triple, bool) {
	if !similar(all[i], all[k]) || !similar(all[j], all[k]) {
		return triple{}, false
	}
	side := func(a, b int) float64 { return all[a].at.minus(all[b].at).length() }
	t := triple{corner: i, right: j, down: k}
	if longest := max(side(i, j), side(i, k), side(j, k)); longest == side(i, k) {
		t.corner, t.right = j, i
	} else if longest == side(i, j) {
		t.corner, t.down = k, i
	}
	u := all[t.right].at.minus(all[t.corner].at)
	v := all[t.down].at.minus(all[t.corner].at)
	if u.cross(v) < 0 {
		t.right, t.down = t.down, t.right
		u, v = v, u
	}
	return t, t.judge(all, u, v)
}

const (
	// minLeg and maxLeg are the distance of two finder patterns in modules of
	// versions 1 and 40, with room for a bad estimate.
	minLeg = 14 * 0.6
	maxLeg = 170 * 1.5
)

// judge rates the shape: two legs of about the same number of modules at about
// a right angle, the angle less so where the symbol is seen from the side.
func (t *triple) judge(all []finder, u, v Point) bool {
	module := (all[t.corner].module + all[t.right].module + all[t.down].module) / 3
	a, b := u.length(), v.length()
	if min(a, b) < minLeg*module || max(a, b) > maxLeg*module || a > 2.5*b || b > 2.5*a {
		return false
	}
	lean := math.Abs(u.dot(v)) / (a * b)
	if lean > 0.7 {
		return false
	}
	sizes := 0.0
	for _, i := range []int{t.corner, t.right, t.down} {
		sizes += math.Abs(math.Log(all[i].module/module)) + 4/float64(all[i].seen)
	}
	// Neighbours make a symbol rather than patterns far apart.
	far := max(a, b) / module / maxLeg
	t.doubt = math.Abs(math.Log(a/b)) + lean + sizes + far
	return true
}
