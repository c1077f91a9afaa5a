package render

import (
	"image"
	"image/draw"
	"math"
)

// resample returns the image in another size, filtered with a tent as wide as a
// pixel of the coarser of both: smooth when it grows, no pattern when it shrinks.
func resample(img image.Image, w, h int) *image.RGBA {
	src := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	if src.Rect.Dx() == w && src.Rect.Dy() == h {
		return src
	}
	narrow := image.NewRGBA(image.Rect(0, 0, w, src.Rect.Dy()))
	for x, t := range tents(src.Rect.Dx(), w) {
		for y := range src.Rect.Dy() {
			t.sum(narrow.Pix[narrow.PixOffset(x, y):], src.Pix[src.PixOffset(t.first, y):], 4)
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y, t := range tents(src.Rect.Dy(), h) {
		for x := range w {
			t.sum(out.Pix[out.PixOffset(x, y):], narrow.Pix[narrow.PixOffset(x, t.first):], narrow.Stride)
		}
	}
	return out
}

// tent is what a new pixel is mixed from: old ones from first on, by weights
// that add up to tentOne.
type tent struct {
	first   int
	weights []uint32
}

const tentOne = 1 << 16

func tents(from, to int) []tent {
	scale := float64(from) / float64(to)
	reach := max(1, scale)
	all := make([]tent, to)
	for i := range all {
		centre := (float64(i)+0.5)*scale - 0.5
		first, last := max(0, int(math.Ceil(centre-reach))), min(from-1, int(math.Floor(centre+reach)))
		total := 0.0
		shares := make([]float64, last-first+1)
		for j := range shares {
			shares[j] = max(0, 1-math.Abs(float64(first+j)-centre)/reach)
			total += shares[j]
		}
		left := uint32(tentOne)
		weights := make([]uint32, len(shares))
		for j, share := range shares[1:] {
			weights[j+1] = min(left, uint32(share/total*tentOne))
			left -= weights[j+1]
		}
		weights[0] = left
		all[i] = tent{first, weights}
	}
	return all
}

func (t tent) sum(to, from []uint8, step int) {
	var r, g, b, a uint32
	for i, w := range t.weights {
		px := from[i*step : i*step+4 : i*step+4]
		r, g, b, a = r+w*uint32(px[0]), g+w*uint32(px[1]), b+w*uint32(px[2]), a+w*uint32(px[3])
	}
	const half = tentOne / 2
	to[0], to[1], to[2], to[3] = uint8((r+half)/tentOne), uint8((g+half)/tentOne), uint8((b+half)/tentOne), uint8((a+half)/tentOne)
}
