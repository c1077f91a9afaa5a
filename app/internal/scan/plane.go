package scan

// plane is a picture's luminance, 0 black to 255 white.
type plane struct {
	w, h int
	pix  []byte
}

func newPlane(w, h int) *plane { return &plane{w, h, make([]byte, w*h)} }

// within returns the plane no longer than size, and what its coordinates must
// be multiplied with to be those of the original.
func (p *plane) within(size int) (*plane, float64) {
	longest := max(p.w, p.h)
	if longest <= size {
		return p, 1
	}
	scale := float64(longest) / float64(size)
	return p.shrink(max(1, int(float64(p.w)/scale)), max(1, int(float64(p.h)/scale))), scale
}

// shrink averages the pixels that fall on each of the new ones.
func (p *plane) shrink(w, h int) *plane {
	out := newPlane(w, h)
	left := make([]int, w+1)
	for x := range left {
		left[x] = x * p.w / w
	}
	for y := range h {
		top, bottom := y*p.h/h, max(y*p.h/h+1, (y+1)*p.h/h)
		for x := range w {
			from, to := left[x], max(left[x]+1, left[x+1])
			sum := 0
			for row := top; row < bottom; row++ {
				for _, v := range p.pix[row*p.w+from : row*p.w+to] {
					sum += int(v)
				}
			}
			out.pix[y*w+x] = byte(sum / ((bottom - top) * (to - from)))
		}
	}
	return out
}

// double enlarges twice, linearly between the pixels.
func (p *plane) double() *plane {
	out := newPlane(2*p.w, 2*p.h)
	for y := range out.h {
		for x := range out.w {
			out.pix[y*out.w+x] = byte(p.at(float64(x)/2+0.25, float64(y)/2+0.25) + 0.5)
		}
	}
	return out
}

// at returns the luminance between pixels, whose middles lie at halves.
func (p *plane) at(x, y float64) float64 {
	x = min(max(x-0.5, 0), float64(p.w-1))
	y = min(max(y-0.5, 0), float64(p.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	upper := float64(p.pix[y0*p.w+x0])*(1-fx) + float64(p.pix[y0*p.w+x1])*fx
	lower := float64(p.pix[y1*p.w+x0])*(1-fx) + float64(p.pix[y1*p.w+x1])*fx
	return upper*(1-fy) + lower*fy
}

func (p *plane) invert() *plane {
	out := newPlane(p.w, p.h)
	for i, v := range p.pix {
		out.pix[i] = 255 - v
	}
	return out
}

// turn turns it by a quarter to the right.
func (p *plane) turn() *plane {
	out := newPlane(p.h, p.w)
	for y := range p.h {
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			out.pix[x*out.w+p.h-1-y] = v
		}
	}
	return out
}

// crop copies a part.
func (p *plane) crop(x, y, w, h int) *plane {
	out := newPlane(w, h)
	for row := range h {
		copy(out.pix[row*w:(row+1)*w], p.pix[(y+row)*p.w+x:])
	}
	return out
}

// stretch spreads the luminances over the whole range, all but the outermost
// half per cent on either side.
func (p *plane) stretch() *plane {
	var counts [256]int
	for _, v := range p.pix {
		counts[v]++
	}
	cut := len(p.pix) / 200
	low, high := 0, 255
	for sum := counts[0]; sum <= cut && low < 254; sum += counts[low] {
		low++
	}
	for sum := counts[255]; sum <= cut && high > low+1; sum += counts[high] {
		high--
	}
	var table [256]byte
	for v := range table {
		table[v] = byte(min(max((v-low)*255/(high-low), 0), 255))
	}
	out := newPlane(p.w, p.h)
	for i, v := range p.pix {
		out.pix[i] = table[v]
	}
	return out
}

// sums are a plane's sums over rectangles: sums of (x, y) is that of everything
// left of and above it.
type sums struct {
	w, h int
	sum  []uint32
}

func (p *plane) sums() *sums {
	s := &sums{p.w, p.h, make([]uint32, (p.w+1)*(p.h+1))}
	stride := p.w + 1
	for y := range p.h {
		line := uint32(0)
		above := s.sum[y*stride : (y+1)*stride]
		below := s.sum[(y+1)*stride : (y+2)*stride]
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			line += uint32(v)
			below[x+1] = above[x+1] + line
		}
	}
	return s
}

// mean returns the average around a pixel, radius pixels to each side.
func (s *sums) mean(x, y, radius int) float64 {
	x0, x1 := min(max(x-radius, 0), s.w-1), min(max(x+radius+1, 1), s.w)
	y0, y1 := min(max(y-radius, 0), s.h-1), min(max(y+radius+1, 1), s.h)
	stride := s.w + 1
	sum := s.sum[y1*stride+x1] - s.sum[y0*stride+x1] - s.sum[y1*stride+x0] + s.sum[y0*stride+x0]
	return float64(sum) / float64((x1-x0)*(y1-y0))
}

// blur averages the neighbourhood of each pixel.
func (p *plane) blur(radius int) *plane {
	s := p.sums()
	out := newPlane(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			out.pix[y*p.w+x] = byte(s.mean(x, y, radius) + 0.5)
		}
	}
	return out
}
