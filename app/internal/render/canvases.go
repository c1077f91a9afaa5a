package render

import "sync"

// maxSmoothPixels bounds images of more than two colours, which need some
// sixteen bytes a pixel while they are made.
const maxSmoothPixels = 4 << 20

// canvases bounds what all images that are made at a time need together.
var canvases = newBudget(maxSmoothPixels)

// budget is a number of pixels that goroutines share.
type budget struct {
	mu   sync.Mutex
	more *sync.Cond
	free int
}

func newBudget(pixels int) *budget {
	b := &budget{free: pixels}
	b.more = sync.NewCond(&b.mu)
	return b
}

// take waits until there are so many pixels, which must not be more than all.
func (b *budget) take(pixels int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < pixels {
		b.more.Wait()
	}
	b.free -= pixels
}

func (b *budget) give(pixels int) {
	b.mu.Lock()
	b.free += pixels
	b.mu.Unlock()
	b.more.Broadcast()
}
