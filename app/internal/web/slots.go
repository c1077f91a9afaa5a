package web

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/render"
)

// slots bound how much is made at a time, and with it the memory that pictures
// take: more at once would not be done sooner.
type slots struct {
	// plain pictures take some megabytes each; smooth ones, drawn in more than two
	// colours or with a logo, far more and far longer; uploads hold a body.
	plain, smooth, uploads chan struct{}
	// batches hold a place for each batch that runs.
	batches chan struct{}
	// uploadShares and batchShares are what one network may hold of them.
	uploadShares, batchShares *shares
}

// newSlots shares the places out among networks where clients can be told apart.
func newSlots(apart bool) slots {
	s := slots{
		plain: make(chan struct{}, 12), smooth: make(chan struct{}, 2), uploads: make(chan struct{}, 12), batches: make(chan struct{}, maxBatches),
		uploadShares: newShares(0, 0), batchShares: newShares(0, 0),
	}
	if apart {
		s.uploadShares, s.batchShares = newShares(4, slotWait), newShares(1, 0)
	}
	return s
}

// slotWait is how long a request waits for its turn.
const slotWait = 8 * time.Second

// take waits for a place and returns what gives it back.
func take(ctx context.Context, places chan struct{}) (func(), error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
	}
	late := time.NewTimer(slotWait)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-late.C:
	case <-ctx.Done():
	}
	return nil, statusError{http.StatusServiceUnavailable, "Too much is being made at this moment; try again in a few seconds."}
}

// forPicture returns the places where such a picture waits for its turn.
func (s slots) forPicture(format render.Format, values url.Values) chan struct{} {
	if format.Raster && format.Name != "png" {
		return s.smooth
	}
	for _, name := range []string{"gradient", "module", "eye", "eyecolor", "logo"} {
		if values.Get(name) != "" {
			return s.smooth
		}
	}
	return s.plain
}

// forBody takes a place for a request whose body may be a file; others are small,
// or pictures, for which there is a scanGate.
func (s slots) forBody(r *http.Request, network netip.Prefix) (func(), error) {
	// Parameters that are wrong do not matter here: whoever reads the body sees them.
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != "text/csv" && !strings.HasPrefix(mediaType, "multipart/") {
		return func() {}, nil
	}
	leave, err := s.uploadShares.take(r.Context(), network)
	if err != nil {
		return nil, err
	}
	release, err := take(r.Context(), s.uploads)
	if err != nil {
		leave()
		return nil, err
	}
	return func() { release(); leave() }, nil
}

// forBatch takes a place for a batch, or none at all: it may be long until one is free.
func (s slots) forBatch(ctx context.Context, network netip.Prefix) (func(), error) {
	leave, err := s.batchShares.take(ctx, network)
	if err != nil {
		return nil, statusError{http.StatusServiceUnavailable, "A batch of yours is being made at this moment; try again in a few seconds."}
	}
	select {
	case s.batches <- struct{}{}:
		return func() { <-s.batches; leave() }, nil
	default:
		leave()
		return nil, statusError{http.StatusServiceUnavailable, fmt.Sprintf("%d batches are being made at this moment; try again in a few seconds.", maxBatches)}
	}
}
