package scan

// bitmap tells dark pixels (1) from light ones (0).
type bitmap struct {
	w, h int
	dark []byte
}

// get returns whether a pixel is dark; everything outside is light.
func (b *bitmap) get(x, y int) bool {
	return x >= 0 && y >= 0 && x < b.w && y < b.h && b.dark[y*b.w+x] == 1
}

// margin is how far below its surroundings a pixel must lie to be dark: less is
// noise on an empty wall.
const margin = 3

// adapt compares each pixel with the average around it.
func (p *plane) adapt(s *sums, radius int) *bitmap {
	b := &bitmap{p.w, p.h, make([]byte, p.w*p.h)}
	stride := p.w + 1
	for y := range p.h {
		y0, y1 := max(y-radius, 0), min(y+radius+1, p.h)
		upper, lower := s.sum[y0*stride:(y0+1)*stride], s.sum[y1*stride:(y1+1)*stride]
		dark := b.dark[y*p.w : (y+1)*p.w]
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			x0, x1 := max(x-radius, 0), min(x+radius+1, p.w)
			sum := lower[x1] - upper[x1] - lower[x0] + upper[x0]
			if (uint32(v)+margin)*uint32((x1-x0)*(y1-y0)) < sum {
				dark[x] = 1
			}
		}
	}
	return b
}

// split compares each pixel with the one luminance that parts the picture best
// (Otsu, IEEE SMC-9, 1979).
func (p *plane) split() *bitmap {
	var counts [256]int
	total := 0
	for _, v := range p.pix {
		counts[v]++
		total += int(v)
	}
	best, threshold := 0.0, 128
	darkCount, darkSum := 0, 0
	for v := range 255 {
		darkCount += counts[v]
		darkSum += v * counts[v]
		lightCount := len(p.pix) - darkCount
		if darkCount == 0 || lightCount == 0 {
			continue
		}
		apart := float64(darkSum)/float64(darkCount) - float64(total-darkSum)/float64(lightCount)
		if between := apart * apart * float64(darkCount) * float64(lightCount); between > best {
			best, threshold = between, v
		}
	}
	b := &bitmap{p.w, p.h, make([]byte, p.w*p.h)}
	for i, v := range p.pix {
		if int(v) <= threshold {
			b.dark[i] = 1
		}
	}
	return b
}
