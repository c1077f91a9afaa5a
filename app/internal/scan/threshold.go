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
	for y := range p.h {
		for x := range p.w {
			if float64(p.pix[y*p.w+x])+margin < s.mean(x, y, radius) {
				b.dark[y*p.w+x] = 1
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
