package web

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestOneNetworkHoldsItsShareOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShares(2, time.Second)
		one, other := netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("198.51.100.8/32")
		var held []func()
		for range 2 {
			release, err := s.take(t.Context(), one)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, release)
		}
		if _, err := s.take(t.Context(), one); err == nil {
			t.Error("a third place is given")
		}
		release, err := s.take(t.Context(), other)
		if err != nil {
			t.Fatalf("another network waits for the first: %v", err)
		}
		time.AfterFunc(time.Second/2, held[0])
		if held[0], err = s.take(t.Context(), one); err != nil {
			t.Errorf("nobody waits for a place: %v", err)
		}
		for _, release := range append(held, release) {
			release()
		}
		if len(s.held) != 0 {
			t.Errorf("%d networks are remembered that hold nothing", len(s.held))
		}
	})
}

// idle sends requests whose bodies do not come, and returns what ends them.
func idle(t *testing.T, a *App, n int, peer, target, mediaType string) (end func()) {
	t.Helper()
	var running sync.WaitGroup
	body, stop := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	for range n {
		running.Go(func() {
			r := httptest.NewRequest("POST", target, body).WithContext(ctx)
			r.RemoteAddr = peer
			r.Header.Set("Content-Type", mediaType)
			a.Handler().ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	synctest.Wait()
	return func() { cancel(); _ = stop.Close(); running.Wait() }
}

func TestIdleConnectionsKeepOutNobodyElse(t *testing.T) {
	picture := string(codePicture(t, "x"))
	form, fields := pictureForm(t, []byte(picture), nil)
	tests := map[string]struct {
		n                 int
		target, mediaType string
		// what somebody else sends
		otherType, body string
	}{
		"batches":           {maxBatches, "/api/v1/batch", "text/csv", "text/csv", "data\nx\n"},
		"batches as forms":  {maxBatches, "/api/v1/batch", "multipart/form-data; boundary=x", "text/csv", "data\nx\n"},
		"pictures":          {maxPictures / maxPicture, "/api/v1/scan", "image/png", "image/png", picture},
		"pictures in forms": {12, "/api/v1/scan", "multipart/form-data; boundary=x", form, fields},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := limitedApp(t, RateLimit{PerSecond: 100, Burst: 100})
				end := idle(t, a, tt.n, "198.51.100.7:1", tt.target, tt.mediaType)
				defer end()
				r := httptest.NewRequest("POST", tt.target, strings.NewReader(tt.body))
				r.RemoteAddr = "198.51.100.8:1"
				r.Header.Set("Content-Type", tt.otherType)
				w := httptest.NewRecorder()
				started := time.Now()
				a.Handler().ServeHTTP(w, r)
				if w.Code != 200 || time.Since(started) > 0 {
					t.Errorf("somebody else is answered with %d after %s: %s", w.Code, time.Since(started), w.Body)
				}
			})
		})
	}
}

func TestEveryBodyThatMayBeAFileTakesAPlace(t *testing.T) {
	for _, mediaType := range []string{"multipart/form-data; boundary=x", "Multipart/Form-Data; boundary=x", " MULTIPART/mixed;boundary=x", "Text/CSV; charset"} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t, &bytes.Buffer{})
			for range cap(a.slots.uploads) {
				a.slots.uploads <- struct{}{}
			}
			if w := do(a, "POST", "/api/v1/qr.png", mediaType, "x"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: %d", mediaType, w.Code)
			}
		})
	}
}

func TestOneNetworkRunsOneBatch(t *testing.T) {
	a := limitedApp(t, RateLimit{PerSecond: 100, Burst: 100})
	one := netip.MustParsePrefix("198.51.100.7/32")
	release, err := a.slots.forBatch(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.slots.forBatch(t.Context(), one); err == nil {
		t.Error("a second batch of the same network runs")
	}
	release()
	if release, err = a.slots.forBatch(t.Context(), one); err != nil {
		t.Errorf("a place is not given back: %v", err)
	} else {
		release()
	}
}
