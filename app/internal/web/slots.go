package web

import (
	"context"
	"net/http"
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
}

func newSlots() slots {
	return slots{plain: make(chan struct{}, 12), smooth: make(chan struct{}, 2), uploads: make(chan struct{}, 12)}
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

// forBody takes a place for a request whose body may be a file; others are small.
func (s slots) forBody(r *http.Request) (func(), error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return func() {}, nil
	}
	return take(r.Context(), s.uploads)
}
