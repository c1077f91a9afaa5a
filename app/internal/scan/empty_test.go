package scan

import (
	"image"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// Pictures without a code, some of which look like one from afar.

var empties = []func(random *rand.Rand, img *image.Gray){
	noise, gradient, stripes, barsAlike, checkers, writing, texture, squares, rings, nothing,
}

// empty makes the i-th picture.
func empty(i int) *image.Gray {
	random := rand.New(rand.NewPCG(99, uint64(i)))
	img := image.NewGray(image.Rect(0, 0, 160+random.IntN(200), 160+random.IntN(200)))
	for k := range img.Pix {
		img.Pix[k] = 240
	}
	empties[i%len(empties)](random, img)
	return img
}

func each(img *image.Gray, value func(x, y int) float64) {
	for i := range img.Pix {
		img.Pix[i] = byte(min(max(value(i%img.Stride, i/img.Stride), 0), 255))
	}
}

func noise(random *rand.Rand, img *image.Gray) {
	block := 1 + random.IntN(8)
	seed := random.Uint64()
	each(img, func(x, y int) float64 {
		return float64(rand.New(rand.NewPCG(seed, uint64(x/block*1000+y/block))).IntN(256))
	})
}

func gradient(random *rand.Rand, img *image.Gray) {
	dx, dy, wave := random.NormFloat64(), random.NormFloat64(), random.Float64()/10
	each(img, func(x, y int) float64 { return 128 + 100*math.Sin(wave*(dx*float64(x)+dy*float64(y))) })
}

func stripes(random *rand.Rand, img *image.Gray) {
	width, lean := 2+random.IntN(12), random.NormFloat64()*0.3
	each(img, func(x, y int) float64 { return float64((x+int(lean*float64(y)))/width%2) * 220 })
}

// barsAlike draws bars of one to four widths between quiet zones.
func barsAlike(random *rand.Rand, img *image.Gray) {
	module := 2 + random.IntN(2)
	dark := false
	for x := 20; x < img.Bounds().Dx()-20; {
		dark = !dark
		for end := x + module*(1+random.IntN(4)); x < end && x < img.Bounds().Dx()-20; x++ {
			for y := 10; dark && y < img.Bounds().Dy()-10; y++ {
				img.Pix[y*img.Stride+x] = 20
			}
		}
	}
}

func checkers(random *rand.Rand, img *image.Gray) {
	size := 3 + random.IntN(20)
	each(img, func(x, y int) float64 { return float64((x/size+y/size)%2) * 230 })
}

// writing draws strokes in lines, like text.
func writing(random *rand.Rand, img *image.Gray) {
	for top := 6; top+14 < img.Bounds().Dy(); top += 16 {
		for left := 6; left+9 < img.Bounds().Dx(); left += 8 {
			for range 3 {
				x, y, dx, dy := left+random.IntN(6), top+random.IntN(10), random.IntN(2), random.IntN(2)
				for k := range 5 {
					img.Pix[min(y+dy*k, img.Bounds().Dy()-1)*img.Stride+min(x+dx*k, img.Stride-1)] = 30
				}
			}
		}
	}
}

// texture adds waves of many lengths, like cloth or leaves.
func texture(random *rand.Rand, img *image.Gray) {
	type wave struct{ x, y, phase, size float64 }
	var waves []wave
	for k := range 12 {
		length := 2 * math.Pi / (3 + float64(k)*random.Float64()*8)
		angle := random.Float64() * math.Pi
		waves = append(waves, wave{length * math.Cos(angle), length * math.Sin(angle), random.Float64() * 6, 20})
	}
	each(img, func(x, y int) float64 {
		v := 128.0
		for _, w := range waves {
			v += w.size * math.Sin(w.x*float64(x)+w.y*float64(y)+w.phase)
		}
		return v + random.NormFloat64()*8
	})
}

// squares draws frames with a filled middle: finder patterns without a code.
func squares(random *rand.Rand, img *image.Gray) {
	for range 3 + random.IntN(12) {
		module := 2 + random.IntN(5)
		left, top := random.IntN(img.Bounds().Dx()-7*module), random.IntN(img.Bounds().Dy()-7*module)
		for i := range 49 * module * module {
			x, y := i%(7*module), i/(7*module)
			ring := max(abs(x/module-3), abs(y/module-3))
			if ring != 2 {
				img.Pix[(top+y)*img.Stride+left+x] = 15
			} else {
				img.Pix[(top+y)*img.Stride+left+x] = 240
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }

func rings(random *rand.Rand, img *image.Gray) {
	cx, cy, width := random.Float64()*200, random.Float64()*200, 4+random.Float64()*10
	each(img, func(x, y int) float64 {
		return 128 + 120*math.Sin(math.Max(math.Abs(float64(x)-cx), math.Abs(float64(y)-cy))*2*math.Pi/width)
	})
}

func nothing(random *rand.Rand, img *image.Gray) {
	flat := float64(random.IntN(256))
	each(img, func(int, int) float64 { return flat + random.NormFloat64()*3 })
}

func TestReadsNothingWhereNothingIs(t *testing.T) {
	count := 30
	if os.Getenv("APP_FULL") != "" {
		count = 600
	}
	for i := range count {
		if found := Read(t.Context(), &Picture{luminance(empty(i))}, Strong); len(found) != 0 {
			t.Errorf("picture %d: %+v", i, found)
		}
	}
}
