package render

import (
	"errors"
	"sync"
)

// maxSmoothPixels bounds images of more than two colours, which need some thirty
// bytes a pixel while they are made and read back.
const maxSmoothPixels = 4 << 20

// maxWaiting is how many may wait: those behind them would wait for longer than
// anybody does.
const maxWaiting = 16

// ErrBusy says that too many large images are being made; later it may work.
var ErrBusy = errors.New("too many images are being made")

// canvases bounds what all images that are made at a time need together.
var canvases = newBudget(maxSmoothPixels, maxWaiting)

// budget is a number of pixels that goroutines share.
type budget struct {
	mu      sync.Mutex
	more    *sync.Cond
	free    int
	waiting int
	most    int
}

func newBudget(pixels, waiting int) *budget {
	b := &budget{free: pixels, most: waiting}
	b.more = sync.NewCond(&b.mu)
	return b
}

// take waits until there are so many pixels, which must not be more than all.
// It returns ErrBusy where others wait already.
func (b *budget) take(pixels int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free < pixels && b.waiting >= b.most {
		return ErrBusy
	}
	b.waiting++
	for b.free < pixels {
		b.more.Wait()
	}
	b.waiting--
	b.free -= pixels
	return nil
}

func (b *budget) give(pixels int) {
	b.mu.Lock()
	b.free += pixels
	b.mu.Unlock()
	b.more.Broadcast()
}
