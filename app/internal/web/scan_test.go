package web

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/scan"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// codePicture returns the PNG of a QR code.
func codePicture(t testing.TB, text string) []byte {
	t.Helper()
	e, _ := symbol.ByName("qr")
	s, err := e.Encode(text, symbol.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, err := render.Style{Foreground: render.Black, Background: render.White, Scale: 6}.Fit(s)
	if err != nil {
		t.Fatal(err)
	}
	format, _ := render.ByName("png")
	file, err := format.Render(t.Context(), s, st)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// pictureForm is the body of a form with a picture.
func pictureForm(t testing.TB, file []byte, fields map[string]string) (mediaType, body string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("image", "code.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = form.Close()
	return form.FormDataContentType(), out.String()
}

func TestScanReadsAPicture(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	file := codePicture(t, "secret 🔑 content")
	mediaType, form := pictureForm(t, file, map[string]string{"symbologies": "all"})
	for _, w := range []*httptest.ResponseRecorder{
		do(a, "POST", "/api/v1/scan", "image/png", string(file)),
		do(a, "POST", "/api/v1/scan?symbologies=qr", "application/octet-stream", string(file)),
		do(a, "POST", "/api/v1/scan", mediaType, form),
	} {
		var answer struct{ Symbols []scan.Symbol }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if len(answer.Symbols) != 1 || answer.Symbols[0].Text != "secret 🔑 content" || answer.Symbols[0].Symbology != "qr" || len(answer.Symbols[0].Corners) != 4 {
			t.Errorf("read %+v", answer.Symbols)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control is %q", w.Header().Get("Cache-Control"))
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log has the content: %s", &log)
	}
}

func TestScanOfNothingIsAnEmptyList(t *testing.T) {
	var file bytes.Buffer
	if err := gif.Encode(&file, image.NewPaletted(image.Rect(0, 0, 50, 50), color.Palette{color.White}), nil); err != nil {
		t.Fatal(err)
	}
	w := do(newApp(t, &bytes.Buffer{}), "POST", "/api/v1/scan", "image/gif", file.String())
	if w.Code != 200 || w.Body.String() != "{\"symbols\":[]}\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// chunk is one of a PNG's.
func chunk(name string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, name...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// bombPNG declares a size and carries zeros that take little room.
func bombPNG(w, h uint32, zeros int, extra ...[]byte) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(header, 8, 6, 0, 0, 0))...)
	for _, e := range extra {
		out = append(out, e...)
	}
	return append(append(out, chunk("IDAT", packed(zeros))...), chunk("IEND", nil)...)
}

func packed(zeros int) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = io.CopyN(z, zeroes{}, int64(zeros))
	_ = z.Close()
	return out.Bytes()
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func jpegOf(t testing.TB) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 400, 400)), nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// gifBomb has a large screen and thousands of frames of nothing.
func gifBomb() []byte {
	out := []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff")
	for range 5000 {
		out = append(out, "\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x4c\x01\x00"...)
	}
	return append(out, 0x3b)
}

func TestScanRefusesWhatWouldHurt(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	text := chunk("zTXt", append([]byte("x\x00\x00"), packed(64<<20)...))
	tests := []struct {
		name, mediaType string
		body            []byte
		status          int
		detail          string
	}{
		{"30 000 pixels a side", "image/png", bombPNG(30_000, 30_000, 1<<20), 413, "30000 × 30000"},
		{"a zip bomb of pixels", "image/png", bombPNG(20_000, 5_000, 64<<20), 413, "pixels"},
		{"more pixels than declared", "image/png", bombPNG(8, 8, 64<<20), 422, "Broken picture"},
		{"a text chunk of 64 MB", "image/png", bombPNG(8, 8, 8*33, text), 200, `"symbols":[]`},
		{"half a JPEG", "image/jpeg", jpegOf(t)[:300], 422, "Broken picture"},
		{"a JPEG's first bytes", "image/jpeg", jpegOf(t)[:20], 422, "Broken picture"},
		{"frames without end", "image/gif", gifBomb(), 413, "65535"},
		{"a PDF", "image/png", []byte("%PDF-1.7"), 415, "PNG, JPEG, GIF, WebP or BMP"},
		{"no bytes", "image/png", nil, 400, "is missing"},
		{"100 MB", "image/png", make([]byte, 100<<20), 413, "KiB"},
		{"a text", "text/plain", []byte("x"), 415, "must be a picture"},
		{"a form without a picture", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"symbologies\"\r\n\r\nall\r\n--x--\r\n"), 400, "is missing"},
		{"another field", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\nhttp://example.org\r\n--x--\r\n"), 400, "not known"},
		{"half a form", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Dis"), 400, "whole"},
	}
	for _, tt := range tests {
		w := do(a, "POST", "/api/v1/scan", tt.mediaType, string(tt.body))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) {
			t.Errorf("%s: %d %.300s, want %d %s", tt.name, w.Code, w.Body, tt.status, tt.detail)
		}
		if w.Code != 200 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", tt.name, w.Header().Get("Content-Type"))
		}
	}
}

func TestScanListsFaults(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	w := do(a, "POST", "/api/v1/scan?symbologies=qr,morse&url=x", "image/png", "x")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "morse") || !strings.Contains(w.Body.String(), `"url"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do(a, "GET", "/api/v1/scan", "", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestScanSendsAwayWhatItCannotHold(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	file := string(codePicture(t, "x"))
	hold := func(n int64, take func() (func(), error)) {
		t.Helper()
		for range n {
			if _, err := take(); err != nil {
				t.Fatal(err)
			}
		}
	}
	hold(maxPictures/maxPicture, func() (func(), error) { return a.scans.room(t.Context(), netip.Prefix{}, -1) })
	if w := do(a, "POST", "/api/v1/scan", "image/png", file); w.Code != 503 || w.Header().Get("Retry-After") != comeBack {
		t.Errorf("no room: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	a.scans = newScanGate(false)
	a.scans.waiting.Store(maxQueue)
	if w := do(a, "POST", "/scan", "image/png", file); w.Code != 503 || w.Header().Get("Retry-After") != comeBack {
		t.Errorf("full queue: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if a.scans.waiting.Load() != maxQueue {
		t.Error("who is sent away leaves a trace in the queue")
	}
}

func TestScanPageShowsSafely(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	tests := []struct{ text, has, hasNot string }{
		{`<script>alert(1)</script>`, "&lt;script&gt;", "<script>alert"},
		{"https://example.org/a?b=1", `href="https://example.org/a?b=1"`, ""},
		{"javascript:alert(1)", "javascript:alert(1)</pre>", `href="javascript`},
		{"https://paypal.com@evil.example/", "evil.example/</pre>", `href="https://paypal`},
		{"https://exаmple.org/", "</pre>", `href="https://ex`},
		{`WIFI:T:WPA;S:My\;net;P:pass\\word;;`, `<dd>My;net</dd>`, `My\;net</dd>`},
	}
	for _, tt := range tests {
		mediaType, form := pictureForm(t, codePicture(t, tt.text), nil)
		w := do(a, "POST", "/scan", mediaType, form)
		// The page has a template of a symbol too.
		page, _, _ := strings.Cut(w.Body.String(), "<template")
		if w.Code != 200 || !strings.Contains(page, tt.has) || tt.hasNot != "" && strings.Contains(page, tt.hasNot) {
			t.Errorf("%s: %d %s", tt.text, w.Code, page)
		}
	}
	w := do(a, "POST", "/scan", "image/png", "no picture")
	if w.Code != 415 || !strings.Contains(w.Body.String(), `role="alert"><h2>`) || !strings.Contains(w.Body.String(), "Not a picture") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestOnlyTheScanPageHasCameraAndWebAssembly(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for path, want := range map[string]bool{"/scan": true, "/": false} {
		h := do(a, "GET", path, "", "").Header()
		if strings.Contains(h.Get("Content-Security-Policy"), "'wasm-unsafe-eval'") != want || strings.Contains(h.Get("Permissions-Policy"), "camera=(self)") != want {
			t.Errorf("%s: %s; %s", path, h.Get("Content-Security-Policy"), h.Get("Permissions-Policy"))
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "'unsafe-eval'") || strings.Contains(h.Get("Content-Security-Policy"), "'unsafe-inline'") {
			t.Errorf("%s: %s", path, h.Get("Content-Security-Policy"))
		}
	}
}

func TestReaderFilesAreThosePublished(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	readme, err := os.ReadFile("static/vendor/zxing-wasm-3.1.4/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, mediaType := range map[string]string{"share.js": "text/javascript; charset=utf-8", "reader/index.js": "text/javascript; charset=utf-8", "reader/zxing_reader.wasm": "application/wasm"} {
		plain := do(a, "GET", readerBase+file, "", "")
		r := httptest.NewRequest("GET", readerBase+file, nil)
		r.Header.Set("Accept-Encoding", "br, gzip;q=0.8")
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: encodings %q and %q", file, w.Header().Get("Content-Encoding"), plain.Header().Get("Content-Encoding"))
		}
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		_, _ = io.Copy(sum, unpacked)
		whole := sha256.Sum256(plain.Body.Bytes())
		want := hex.EncodeToString(whole[:])
		if hex.EncodeToString(sum.Sum(nil)) != want || !strings.Contains(string(readme), want+"  "+file) {
			t.Errorf("%s: SHA-256 %s is not the README's", file, want)
		}
		if w.Header().Get("Content-Type") != mediaType || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", file, w.Header())
		}
		r.Header.Set("If-None-Match", w.Header().Get("ETag"))
		again := httptest.NewRecorder()
		a.Handler().ServeHTTP(again, r)
		if again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s: %d with its own ETag", file, again.Code)
		}
	}
	for _, path := range []string{"README.md", "../../app.css", "nope.js", ""} {
		if w := do(a, "GET", readerBase+path, "", ""); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}
