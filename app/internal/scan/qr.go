package scan

import (
	"context"
	"math"

	"github.com/makiuchi-d/gozxing/common"
)

// qrSearch looks for codes of one polarity.
type qrSearch struct {
	canvas  *canvas
	finders finders
	found   []Symbol
}

const upscaleBelow = 800

// maxWork is how many modules may be rated between one symbol and the next: a
// second of a slow processor. A hostile picture has work for hours.
const maxWork = 20_000_000

// readQR looks twice at each polarity: quickly, then, where nothing was found or
// patterns are left, with the picture enlarged, reduced and smoothed.
func readQR(ctx context.Context, p *plane, symbologies Set) []Symbol {
	if !symbologies["qr"] {
		return nil
	}
	p = p.stretch()
	var found []Symbol
	searches := []*qrSearch{newQRSearch(p), newQRSearch(p.invert())}
	for _, s := range searches {
		if ctx.Err() == nil {
			found = append(found, s.run(ctx, s.quick())...)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, s := range searches {
		if ctx.Err() == nil {
			found = append(found, s.run(ctx, s.thorough())...)
		}
	}
	return found
}

// newQRSearch takes the plane with its polarity put right: dark on light.
func newQRSearch(p *plane) *qrSearch {
	return &qrSearch{canvas: &canvas{plane: p, sums: p.sums()}}
}

// quick compares with surroundings large and small.
func (s *qrSearch) quick() []look {
	c := s.canvas
	side := min(c.w, c.h)
	return []look{{c.adapt(c.sums, max(8, side/10)), 1}, {c.adapt(c.sums, max(6, side/32)), 1}}
}

func (s *qrSearch) thorough() []look {
	c := s.canvas
	looks := []look{{c.split(), 1}}
	add := func(p *plane, scale float64) {
		sums := p.sums()
		for _, part := range []int{5, 16, 40} {
			looks = append(looks, look{p.adapt(sums, max(5, min(p.w, p.h)/part)), scale})
		}
	}
	// Of large pictures the reduced ones are smooth enough.
	if max(c.w, c.h) <= upscaleBelow {
		add(c.blur(1), 1)
		add(c.blur(2), 1)
		add(c.double(), 0.5)
	}
	for scale := 2; min(c.w, c.h)/scale >= 60 && scale <= 8; scale *= 2 {
		add(c.shrink(c.w/scale, c.h/scale), float64(scale))
	}
	return looks
}

// run adds the finder patterns of the looks and reads what they make.
func (s *qrSearch) run(ctx context.Context, looks []look) []Symbol {
	for _, l := range looks {
		if ctx.Err() != nil {
			return nil
		}
		s.finders.collect(l)
	}
	all := s.finders.best(s.canvas)
	used := make([]bool, len(all))
	s.canvas.work = 0
	for _, t := range triples(all) {
		if ctx.Err() != nil || s.canvas.work > maxWork {
			break
		}
		if used[t.corner] || used[t.right] || used[t.down] {
			continue
		}
		symbol, ok := s.read(all[t.corner], all[t.right], all[t.down])
		if !ok {
			continue
		}
		s.canvas.work = 0
		used[t.corner], used[t.right], used[t.down] = true, true, true
		s.found = append(s.found, symbol)
	}
	return s.found
}

const (
	// minFinders and minTiming are the least share of known modules that a
	// symbol must show before its content is looked at; chance gives a half.
	minFinders = 0.75
	minTiming  = 0.62
	// minFirst is the least at the first guess.
	minFirst = 0.58
)

// read fits symbols of the likely sizes to the three patterns, and decodes them
// from the best fit on.
func (s *qrSearch) read(corner, right, down finder) (Symbol, bool) {
	poses := s.poses(corner, right, down)
	for len(poses) > 0 {
		best := 0
		for i, p := range poses {
			if p.fit > poses[best].fit {
				best = i
			}
		}
		p := poses[best]
		poses = append(poses[:best], poses[best+1:]...)
		if finders, timing := s.canvas.agreement(p); finders < minFinders || timing < minTiming {
			continue
		}
		if g, ok := s.canvas.sample(p); ok {
			if result, ok := g.decode(); ok {
				return qrSymbol(result, p.corners), true
			}
		}
	}
	return Symbol{}, false
}

// poses places symbols of the sizes that the distances allow.
func (s *qrSearch) poses(corner, right, down finder) []pose {
	u, v := right.at.minus(corner.at), down.at.minus(corner.at)
	across, leanX := modulesAlong(corner, right, u)
	along, leanY := modulesAlong(corner, down, v)
	estimate := (across+along)/2 + 7
	nearest := int(math.Round((estimate - 17) / 4))
	reach := 1 + nearest/12
	radius := max(4, int((corner.module+right.module+down.module)/3*5))
	var poses []pose
	for version := nearest - reach; version <= nearest+reach; version++ {
		if version < 1 || version > 40 {
			continue
		}
		t := templateOf(17 + 4*version)
		p := guess(corner.at, right.at, down.at, leanX, leanY, t)
		p.radius = radius
		if finders, _ := s.canvas.agreement(p); finders < minFinders-0.1 {
			continue
		}
		p = s.canvas.swing(p)
		if _, timing := s.canvas.agreement(p); timing >= minFirst {
			poses = append(poses, s.canvas.refine(p))
		}
	}
	return poses
}

// modulesAlong counts the modules between two patterns, and says how much the
// farther one is smaller: 1+lean is the root of the ratio of their scales.
func modulesAlong(a, b finder, between Point) (modules, lean float64) {
	distance := between.length()
	direction := between.scaled(1 / distance)
	first, clear := a.look.module(a, direction)
	second, clearToo := b.look.module(b, direction)
	if !clear || !clearToo {
		return distance / math.Sqrt(a.module*b.module), math.Sqrt(a.module/b.module) - 1
	}
	return distance / math.Sqrt(first*second), math.Sqrt(first/second) - 1
}

func qrSymbol(result *common.DecoderResult, corners quad) Symbol {
	s := Symbol{Symbology: "qr", Text: result.GetText(), Corners: corners[:]}
	var all []byte
	for _, segment := range result.GetByteSegments() {
		all = append(all, segment...)
	}
	s.Bytes = notText(s.Text, all)
	return s
}
