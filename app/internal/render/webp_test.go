package render

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/vp8l"
)

// decodeVP8L reads a stream with the decoder of x/image, which others wrote.
func decodeVP8L(t testing.TB, stream []byte) *image.RGBA {
	t.Helper()
	img, err := vp8l.Decode(bytes.NewReader(stream))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

func TestLosslessWebPLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, colors := range []int{1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 70000} {
		for _, size := range []image.Point{{1, 1}, {1, 9}, {9, 1}, {33, 17}, {256, 300}} {
			palette := make([]color.RGBA, colors)
			for i := range palette {
				palette[i] = color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
			}
			img := image.NewRGBA(image.Rectangle{Max: size})
			for y := range size.Y {
				for x := range size.X {
					at := random.IntN(colors)
					if y%3 > 0 { // as symbols do, lines repeat
						img.Set(x, y, img.At(x, y-1))
						continue
					}
					img.Set(x, y, palette[at])
				}
			}
			if got := decodeVP8L(t, encodeVP8L(img)); !bytes.Equal(got.Pix, img.Pix) {
				t.Fatalf("%d colours, %v: pixels differ", colors, size)
			}
		}
	}
}

func FuzzVP8L(f *testing.F) {
	f.Add([]byte("abcabcabcabcaaaaaaa"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, width uint8) {
		w := int(width) + 1
		img := image.NewRGBA(image.Rect(0, 0, w, len(data)/3/w+1))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		for i := 0; i+2 < len(data); i += 3 {
			copy(img.Pix[i/3*4:], data[i:i+3])
		}
		if got := decodeVP8L(t, encodeVP8L(img)); !bytes.Equal(got.Pix, img.Pix) {
			t.Error("pixels differ")
		}
	})
}
