package scan

import (
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// grid is the luminance of a symbol's modules.
type grid struct {
	size int
	v    []float64
}

func (g *grid) at(x, y int) float64 {
	return g.v[min(max(y, 0), g.size-1)*g.size+min(max(x, 0), g.size-1)]
}

// sample averages five places in each module, its middle twice.
func (c *canvas) sample(p pose) (*grid, bool) {
	size := p.template.size
	m, ok := p.corners.warpTo(float64(size))
	if !ok {
		return nil, false
	}
	g := &grid{size, make([]float64, size*size)}
	const off = 0.22
	for y := range size {
		for x := range size {
			sum := 0.0
			for _, d := range [6][2]float64{{0, 0}, {0, 0}, {-off, -off}, {off, -off}, {-off, off}, {off, off}} {
				at := m.at(float64(x)+0.5+d[0], float64(y)+0.5+d[1])
				sum += c.at(at.X, at.Y)
			}
			g.v[y*size+x] = sum / 6
		}
	}
	return g, true
}

// deblur undoes what a lens out of focus does to modules, as far as that goes:
// blurred once more, the result must be the grid (Van Cittert's iteration). sigma
// is in modules.
func (g *grid) deblur(sigma float64) *grid {
	low, high := slices.Min(g.v), slices.Max(g.v)
	const rounds = 12
	out := &grid{g.size, slices.Clone(g.v)}
	for range rounds {
		again := out.blur(sigma)
		for i := range out.v {
			out.v[i] = min(max(out.v[i]+g.v[i]-again.v[i], low), high)
		}
	}
	return out
}

func (g *grid) blur(sigma float64) *grid {
	near, far := math.Exp(-1/(2*sigma*sigma)), math.Exp(-4/(2*sigma*sigma))
	total := 1 + 2*near + 2*far
	across := &grid{g.size, make([]float64, len(g.v))}
	for y := range g.size {
		for x := range g.size {
			across.v[y*g.size+x] = (g.at(x, y) + near*(g.at(x-1, y)+g.at(x+1, y)) + far*(g.at(x-2, y)+g.at(x+2, y))) / total
		}
	}
	down := &grid{g.size, make([]float64, len(g.v))}
	for y := range g.size {
		for x := range g.size {
			down.v[y*g.size+x] = (across.at(x, y) + near*(across.at(x, y-1)+across.at(x, y+1)) + far*(across.at(x, y-2)+across.at(x, y+2))) / total
		}
	}
	return down
}

// thresholder returns for each module what it must be darker than.
type thresholder func(g *grid) func(x, y int) float64

// local is the average of the modules around.
func local(radius int) thresholder {
	return func(g *grid) func(x, y int) float64 {
		return func(x, y int) float64 {
			sum, n := 0.0, 0.0
			for j := max(y-radius, 0); j <= min(y+radius, g.size-1); j++ {
				for i := max(x-radius, 0); i <= min(x+radius, g.size-1); i++ {
					sum += g.v[j*g.size+i]
					n++
				}
			}
			return sum / n
		}
	}
}

// level is the middle between the light and the dark modules that are known.
func level(g *grid) func(x, y int) float64 {
	var sum, n [2]float64
	for _, k := range templateOf(g.size).modules {
		i := 0
		if k.dark {
			i = 1
		}
		sum[i] += g.at(int(k.x), int(k.y))
		n[i]++
	}
	middle := (sum[0]/n[0] + sum[1]/n[1]) / 2
	return func(int, int) float64 { return middle }
}

func (g *grid) bits(t thresholder) (*gozxing.BitMatrix, error) {
	bits, err := gozxing.NewSquareBitMatrix(g.size)
	if err != nil {
		return nil, err
	}
	limit := t(g)
	for y := range g.size {
		for x := range g.size {
			if g.v[y*g.size+x] < limit(x, y) {
				bits.Set(x, y)
			}
		}
	}
	return bits, nil
}

// decode tries the grid as it is and sharper, by each threshold. What comes
// out has passed Reed-Solomon error correction.
func (g *grid) decode() (*common.DecoderResult, bool) {
	for _, sigma := range []float64{0, 0.5, 0.65, 0.8, 0.95} {
		sharp := g
		if sigma > 0 {
			sharp = g.deblur(sigma)
		}
		for _, t := range []thresholder{level, local(4), local(7)} {
			bits, err := sharp.bits(t)
			if err != nil {
				return nil, false
			}
			if result, err := decoder.NewDecoder().Decode(bits, nil); err == nil {
				return result, true
			}
		}
	}
	return nil, false
}
