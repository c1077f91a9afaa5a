package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// stubMaker makes rows out of nothing.
type stubMaker struct {
	err   error
	bytes int
}

func (m *stubMaker) size() int { return m.bytes }

func (m *stubMaker) add(context.Context, int, order) (string, error) {
	return "x.png", m.err
}

func readTable(t *testing.T, file, query string) batch {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBatch([]byte(file), values)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNoRowIsMissingWhereNoneMayBe(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	busy := statusError{http.StatusServiceUnavailable, "Too much."}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, tt := range map[string]struct {
		ctx  context.Context
		made *stubMaker
	}{
		"no room":   {t.Context(), &stubMaker{err: busy}},
		"too late":  {ended, &stubMaker{}},
		"too large": {t.Context(), &stubMaker{bytes: maxBatchBytes + 1}},
		"our fault": {t.Context(), &stubMaker{err: errors.New("ours")}},
	} {
		b := readTable(t, "data\nx\ny\n", "bad=refuse")
		flush := func() error { return nil }
		if err := a.makeRows(tt.ctx, b, tt.made, newReport(), flush); err == nil {
			t.Errorf("%s: the answer would be taken for whole", name)
		}
		if err := a.tryRows(tt.ctx, b, tt.made, func() {}); err == nil {
			t.Errorf("%s: found only when half of it is sent", name)
		}
		b.refuse = false
		said := newReport()
		if err := a.makeRows(tt.ctx, b, tt.made, said, flush); err != nil {
			t.Errorf("%s: %v though rows may be left out", name, err)
		}
		if report := string(said.bytes()); strings.Count(report, rowFailed) != 2 {
			t.Errorf("%s: the report says %s", name, report)
		}
	}
}

func TestABatchThatCostsTooMuchSaysWhatItIs(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	b := readTable(t, "data\nx\n", "bad=refuse")
	ended, end := context.WithCancel(t.Context())
	end()
	var late, large statusError
	_ = errors.As(a.tryRows(ended, b, &stubMaker{err: ended.Err()}, func() {}), &late)
	_ = errors.As(a.tryRows(t.Context(), b, &stubMaker{bytes: maxBatchBytes + 1}, func() {}), &large)
	if late.status != 503 || large.status != 413 || !strings.Contains(large.detail, "256 MiB") {
		t.Errorf("late: %v, large: %v", late, large)
	}
}

func TestAllLabelsShareOneLogo(t *testing.T) {
	logo, err := iconPNG(192)
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, &bytes.Buffer{})
	mediaType, body := multipartBody(t, "data\n"+strings.Repeat("x\n", 25), map[string]string{"logo": string(logo), "sheet": "a4-3x8", "bad": "refuse"})
	w := do(a, "POST", "/api/v1/batch", mediaType, body)
	pages, images := strings.Count(w.Body.String(), "/Type/Page/"), strings.Count(w.Body.String(), "/Subtype/Image")
	if w.Code != 200 || pages != 2 || images != 2 { // pixels, and how far they cover
		t.Errorf("%d: %d pages, %d images", w.Code, pages, images)
	}
}

func TestLabelsCountAsWhatWasMade(t *testing.T) {
	b := readTable(t, "data\nx\ny\n", "sheet=a4-3x8")
	made := newApp(t, &bytes.Buffer{}).newLabels(b, &bytes.Buffer{})
	size := made.size()
	for i := range b.table.rows {
		if _, err := b.make(t.Context(), made, i); err != nil || made.size() <= size {
			t.Fatalf("row %d: %v, %d bytes after %d", i, err, made.size(), size)
		}
		size = made.size()
	}
}
