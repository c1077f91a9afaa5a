package scan

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// The generated pictures: symbols of our own renderer, seen through a lens that
// gets worse from picture to picture. Everything follows from fixed seeds.

// shot is how a symbol is seen.
type shot struct {
	side    int     // of the picture, in pixels
	fill    float64 // the share of the side that the symbol takes
	turn    float64 // radians
	tilt    float64 // 0 from the front, 0.6 steeply from a side
	towards float64 // the direction of the tilt
	blur    float64 // standard deviation in modules
	noise   float64 // standard deviation in luminances
	dark    float64 // the luminance of dark modules
	light   float64 // and of light ones
	shadow  float64 // how much of the light a shadow takes
	hard    bool    // the shadow has an edge
	quality int     // of a JPEG; 0 for none
}

// drawn is a symbol in pixels, with what it says.
type drawn struct {
	text   string
	pixels *plane
	// modules is the symbol's width, its quiet zone included.
	modules int
}

// draw renders with ten pixels a module.
func draw(t testing.TB, name, text, level string) drawn {
	t.Helper()
	e, _ := symbol.ByName(name)
	s, err := e.Encode(text, symbol.Options{Level: level})
	if err != nil {
		t.Fatal(err)
	}
	st, err := render.Style{Foreground: render.Black, Background: render.White, Scale: 10}.Fit(s)
	if err != nil {
		t.Fatal(err)
	}
	format, _ := render.ByName("png")
	file, err := format.Render(t.Context(), s, st)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := s.Size()
	return drawn{text, luminance(img), w}
}

// take makes the picture: geometry, light, lens, sensor.
func (s shot) take(random *rand.Rand, d drawn) *image.Gray {
	light := make([]float64, s.side*s.side)
	place := s.camera(d)
	shade := s.shade(random)
	const steps = 3
	for y := range s.side {
		for x := range s.side {
			sum := 0.0
			for sub := range steps * steps {
				px := float64(x) + (float64(sub%steps)+0.5)/steps
				py := float64(y) + (float64(sub/steps)+0.5)/steps
				sum += d.at(place(px, py))
			}
			v := sum / (steps * steps * 255)
			light[y*s.side+x] = (s.dark + (s.light-s.dark)*v) * shade(float64(x), float64(y))
		}
	}
	module := s.fill * float64(s.side) / float64(d.modules)
	light = gauss(light, s.side, s.blur*module)
	img := image.NewGray(image.Rect(0, 0, s.side, s.side))
	for i, v := range light {
		img.Pix[i] = byte(min(max(v+random.NormFloat64()*s.noise, 0), 255))
	}
	return img
}

// at returns the luminance, light outside of the symbol.
func (d drawn) at(x, y float64) float64 {
	if x < 0 || y < 0 || x >= float64(d.pixels.w) || y >= float64(d.pixels.h) {
		return 255
	}
	return float64(d.pixels.pix[int(y)*d.pixels.w+int(x)])
}

// camera maps pixels of the picture to pixels of the symbol.
func (s shot) camera(d drawn) func(x, y float64) (float64, float64) {
	half := float64(s.side) / 2
	sin, cos := math.Sincos(s.turn)
	leanX, leanY := s.tilt*math.Cos(s.towards), s.tilt*math.Sin(s.towards)
	scale := float64(max(d.pixels.w, d.pixels.h)) / (s.fill * float64(s.side))
	return func(x, y float64) (float64, float64) {
		u, v := (x-half)/half, (y-half)/half
		depth := 1 + leanX*u + leanY*v
		u, v = u/depth, v/depth
		u, v = u*cos+v*sin, v*cos-u*sin
		return u*half*scale + float64(d.pixels.w)/2, v*half*scale + float64(d.pixels.h)/2
	}
}

// shade returns the share of the light at a place.
func (s shot) shade(random *rand.Rand) func(x, y float64) float64 {
	angle := random.Float64() * 2 * math.Pi
	sin, cos := math.Sincos(angle)
	offset := (random.Float64() - 0.5) * 0.4
	return func(x, y float64) float64 {
		side := float64(s.side)
		along := ((x-side/2)*cos+(y-side/2)*sin)/side + offset
		if s.hard {
			along = math.Tanh(along*40) / 2
		}
		return 1 - s.shadow*min(max(along+0.5, 0), 1)
	}
}

func gauss(v []float64, side int, sigma float64) []float64 {
	if sigma < 0.05 {
		return v
	}
	radius := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*radius+1)
	total := 0.0
	for i := range kernel {
		d := float64(i - radius)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += kernel[i]
	}
	pass := func(in []float64, stepX, stepY int) []float64 {
		out := make([]float64, len(in))
		for y := range side {
			for x := range side {
				sum := 0.0
				for i, k := range kernel {
					px := min(max(x+(i-radius)*stepX, 0), side-1)
					py := min(max(y+(i-radius)*stepY, 0), side-1)
					sum += k * in[py*side+px]
				}
				out[y*side+x] = sum / total
			}
		}
		return out
	}
	return pass(pass(v, 1, 0), 0, 1)
}

// distorted is a picture and what is in it.
type distorted struct {
	kind, text string
	img        *image.Gray
}

// kinds worsen one thing at a time, how from 0 to 1; the last worsens all.
var kinds = []struct {
	name    string
	distort func(s *shot, how float64, random *rand.Rand)
}{
	{"rotation", func(s *shot, how float64, r *rand.Rand) { s.turn, s.fill = how*2*math.Pi, 0.62 }},
	{"perspective", func(s *shot, how float64, r *rand.Rand) {
		s.tilt, s.towards, s.turn, s.fill = 0.15+how*0.45, r.Float64()*2*math.Pi, r.Float64(), 0.5
	}},
	{"blur", func(s *shot, how float64, r *rand.Rand) { s.blur = 0.3 + how*0.7 }},
	{"noise", func(s *shot, how float64, r *rand.Rand) { s.noise = 10 + how*90 }},
	{"low contrast", func(s *shot, how float64, r *rand.Rand) {
		s.dark = 40 + r.Float64()*120
		s.light, s.noise = s.dark+60-how*52, 1.5
	}},
	{"inverted", func(s *shot, how float64, r *rand.Rand) {
		s.dark, s.light, s.turn, s.noise = 235, 20, how*6, how*20
	}},
	{"shadow", func(s *shot, how float64, r *rand.Rand) {
		s.shadow, s.hard, s.turn = 0.4+how*0.55, r.IntN(2) == 0, r.Float64()
	}},
	{"small", func(s *shot, how float64, r *rand.Rand) { s.side, s.turn = 150-int(how*85), (r.Float64()-0.5)*0.6 }},
	{"everything", func(s *shot, how float64, r *rand.Rand) {
		s.turn, s.tilt, s.towards = r.Float64()*6, how*0.35, r.Float64()*6
		s.blur, s.noise, s.shadow, s.hard = how*0.5, how*25, how*0.7, r.IntN(2) == 0
		s.quality, s.fill = 90-int(how*60), 0.55
	}},
}

// distortions makes count pictures of each kind.
func distortions(t testing.TB, count int) []distorted {
	t.Helper()
	var all []distorted
	for k, kind := range kinds {
		for i := range count {
			random := rand.New(rand.NewPCG(uint64(k), uint64(i)))
			text := fmt.Sprintf("https://example.org/%s/%x", kind.name[:3], random.Uint64())
			if i%4 == 3 {
				text += fmt.Sprintf("?lot=%064x", random.Uint64())
			}
			s := shot{side: 420, fill: 0.8, light: 235, dark: 25}
			kind.distort(&s, (float64(i)+0.5)/float64(count), random)
			img := s.take(random, draw(t, "qr", text, []string{"M", "L", "Q", "H"}[i%4]))
			all = append(all, distorted{kind.name, text, compress(t, img, s.quality)})
		}
	}
	return all
}

// compress loses what a JPEG loses.
func compress(t testing.TB, img *image.Gray, quality int) *image.Gray {
	t.Helper()
	if quality == 0 {
		return img
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	return out.(*image.Gray)
}
