package web

import (
	"context"
	"net/http"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ycesproject/yces/app/internal/scan"
)

const (
	// maxPicture bounds a picture's file.
	maxPicture = 10 << 20
	// maxPictures bounds the files that are held at a time: of those that arrive,
	// wait and are read.
	maxPictures = 40 << 20
	// maxQueue is how many pictures may wait to be read.
	maxQueue = 16
	// queueTime is how long one may.
	queueTime = 3 * time.Second
	// scanTime is how long opening and reading one may take.
	scanTime = 6 * time.Second
	// answerTime is what the server leaves for both, and for sending the answer,
	// from when the picture has arrived.
	answerTime = queueTime + scanTime + 6*time.Second
)

// scanGate bounds the memory and the processor time that pictures take together.
type scanGate struct {
	files, memory *semaphore.Weighted
	// shares are how many files one network may hold.
	shares  *shares
	waiting atomic.Int32
}

// newScanGate shares the files out among networks where clients can be told apart.
func newScanGate(apart bool) *scanGate {
	g := &scanGate{files: semaphore.NewWeighted(maxPictures), memory: semaphore.NewWeighted(scan.MaxMemory), shares: newShares(0, 0)}
	if apart {
		g.shares = newShares(2, queueTime)
	}
	return g
}

// errBusy is answered with Retry-After.
var errBusy = statusError{http.StatusServiceUnavailable, "Too many pictures are being read at the moment; try again in a few seconds."}

// room takes room for a file of that size, the most where it is not said.
func (g *scanGate) room(ctx context.Context, network netip.Prefix, size int64) (release func(), err error) {
	if size < 0 || size > maxPicture {
		size = maxPicture
	}
	leave, err := g.shares.take(ctx, network)
	if err != nil {
		return nil, errBusy
	}
	if !g.files.TryAcquire(size) {
		leave()
		return nil, errBusy
	}
	return func() { g.files.Release(size); leave() }, nil
}

// turn waits until a picture that takes so much memory may be read. Each takes a
// share at the least, so that no more run than processors can bear.
func (g *scanGate) turn(ctx context.Context, memory int64) (release func(), err error) {
	memory = min(max(memory, scan.MaxMemory/int64(2*runtime.GOMAXPROCS(0))), scan.MaxMemory)
	if g.waiting.Add(1) > maxQueue {
		g.waiting.Add(-1)
		return nil, errBusy
	}
	defer g.waiting.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	if err := g.memory.Acquire(ctx, memory); err != nil {
		return nil, errBusy
	}
	return func() { g.memory.Release(memory) }, nil
}
