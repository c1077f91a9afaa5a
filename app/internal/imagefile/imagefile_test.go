package imagefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

var limits = Limits{Pixels: 4 << 20, Memory: 100 << 20}

func encoded(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) })
}

func TestTheCostOfEachKindIsKnownByItsHeader(t *testing.T) {
	r := image.Rect(0, 0, 32, 16)
	grey := image.NewGray(r)
	pngOf := func(img image.Image) []byte {
		return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
	}
	tests := map[string]struct {
		file          []byte
		format        string
		bytesPerPixel int64
	}{
		"grey png":    {pngOf(grey), "png", 1},
		"deep grey":   {pngOf(image.NewGray16(r)), "png", 2},
		"png":         {pngOf(image.NewNRGBA(r)), "png", 4},
		"deep png":    {pngOf(image.NewNRGBA64(r)), "png", 8},
		"palette":     {pngOf(image.NewPaletted(r, color.Palette{color.White})), "png", 1},
		"gif":         {encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, grey, nil) }), "gif", 1},
		"bmp":         {encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, image.NewNRGBA(r)) }), "bmp", 4},
		"grey jpeg":   {jpegOf(t, grey), "jpeg", 1},
		"colour jpeg": {jpegOf(t, image.NewNRGBA(r)), "jpeg", 2},
	}
	for name, tt := range tests {
		h, err := Inspect(tt.file, limits)
		want := Header{tt.format, 32, 16, 32 * 16 * tt.bytesPerPixel}
		if err != nil || h != want {
			t.Errorf("%s: %+v, %v, want %+v", name, h, err, want)
		}
		if img, format, err := Decode(t.Context(), tt.file); err != nil || format != tt.format || img.Bounds() != r {
			t.Errorf("%s: %s, %v", name, format, err)
		}
	}
}

// withSegment puts bytes behind a JPEG's first marker.
func withSegment(file []byte, segment ...byte) []byte {
	return append(append(bytes.Clone(file[:2]), segment...), file[2:]...)
}

// A decoder skips what has no length; who reads a length there sees another frame.
func TestAFrameCannotBeHidden(t *testing.T) {
	file := jpegOf(t, image.NewGray(image.Rect(0, 0, 32, 16)))
	small := []byte{0xff, 0xc0, 0, 11, 8, 0, 16, 0, 32, 1, 1, 0x11, 0}
	for _, marker := range []byte{0x00, 0xd0, 0xd7} {
		hidden := append([]byte{0xff, marker, 0, 3, 0}, small...)
		if got := jpegBytesPerPixel(withSegment(file, hidden...)); got != 20 {
			t.Errorf("marker %02x: %d bytes a pixel, want the most", marker, got)
		}
	}
}

func TestScansWithoutEndAreRefused(t *testing.T) {
	file := jpegOf(t, image.NewGray(image.Rect(0, 0, 32, 16)))
	if _, err := Inspect(file, limits); err != nil {
		t.Fatal(err)
	}
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0x10, 0x3f}
	_, err := Inspect(append(file[:len(file)-2], bytes.Repeat(scan, maxScans)...), limits)
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "65 scans") {
		t.Errorf("got %v", err)
	}
}

func TestBrokenExifIsIgnored(t *testing.T) {
	exif := append([]byte("Exif\x00\x00II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"), 0, 0, 0, 0)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2)), exif...)
	whole := withSegment(jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 8))), segment...)
	if got := Orientation(whole); got != 6 {
		t.Fatalf("orientation is %d, want 6", got)
	}
	for _, at := range []int{16, 20, 22, 23, 30} { // offset, count, value
		broken := bytes.Clone(whole)
		broken[at], broken[at+1] = 0xff, 0xff
		if got := Orientation(broken); got != 1 && got != 6 {
			t.Errorf("byte %d: orientation %d", at, got)
		}
	}
}

func TestDecodingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	input := &untilDone{ctx, bytes.NewReader(make([]byte, 4096))}
	if n, err := input.Read(make([]byte, 4096)); err != nil || n == 4096 {
		t.Errorf("%d bytes at once, %v", n, err)
	}
	cancel()
	if _, err := input.Read(make([]byte, 4096)); !errors.Is(err, context.Canceled) {
		t.Errorf("a decoder gets more: %v", err)
	}
	if _, _, err := Decode(ctx, jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 8)))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The files were written by cwebp with five groups of prefix codes each, behind
// transformations; the second has several pixels in one.
func TestOrdinaryLosslessWebPIsTaken(t *testing.T) {
	const codes = 5 * (groupBytes + (literals+lengths+3*literals+distances)*symbolBytes)
	for name, want := range map[string]Header{
		"testdata/groups.webp":  {"webp", 96, 64, 9*96*64 + codes},
		"testdata/palette.webp": {"webp", 250, 160, 9*250*160 + codes},
	} {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := Inspect(file, limits); err != nil || h != want {
			t.Errorf("%s: %+v, %v, want %+v", name, h, err, want)
		}
		if _, _, err := Decode(t.Context(), file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bitWriter writes the least significant bit first.
type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

// put takes pairs: a value and how many bits it has.
func (w *bitWriter) put(pairs ...int) {
	for i := 0; i < len(pairs); i += 2 {
		w.bits |= uint64(pairs[i]) << w.n
		for w.n += pairs[i+1]; w.n >= 8; w.n -= 8 {
			w.out = append(w.out, byte(w.bits))
			w.bits >>= 8
		}
	}
}

func (w *bitWriter) bytes() []byte { return append(w.out, byte(w.bits), 0, 0, 0) }

// one puts a code of one symbol.
func (w *bitWriter) one(symbol int) { w.put(1, 1, 0, 1, 1, 1, symbol, 8) }

// manyGroups is a picture's codes up to those of its groups, none of which follow.
func manyGroups(w *bitWriter, groups int) {
	w.put(0, 1, 0, 1)       // no transformation, no cache
	w.put(1, 1, 0, 3, 0, 1) // several groups, tiles of four pixels, no cache
	w.one((groups - 1) & 0xff)
	w.one((groups - 1) >> 8)
	for range 3 {
		w.one(0)
	}
}

func webpChunk(kind string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
	if out = append(out, data...); len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func webpOf(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// canvas is the header of a picture with transparency.
func canvas(width, height int) []byte {
	return webpChunk("VP8X", []byte{0x10, 0, 0, 0, byte(width - 1), byte((width - 1) >> 8), 0, byte(height - 1), byte((height - 1) >> 8), 0})
}

func lossless(width, height, groups int) []byte {
	w := &bitWriter{}
	w.put(0x2f, 8, width-1, 14, height-1, 14, 0, 4)
	manyGroups(w, groups)
	return webpChunk("VP8L", w.bytes())
}

func TestAFewBytesOfWebPCannotTakeAllMemory(t *testing.T) {
	alpha := &bitWriter{}
	alpha.put(1, 8)
	manyGroups(alpha, 65536)
	frame := func(size string) []byte {
		return webpChunk("VP8 ", []byte("\x10\x00\x00\x9d\x01\x2a"+size+size+"\x00\x00\x00\x00"))
	}
	// The decoder makes room for as many bytes as the file says that it has.
	cut := frame("\x01\x00")
	cut[7] = 8 // 128 MiB
	claims := webpOf(canvas(1, 1), webpChunk("ALPH", make([]byte, 2)), cut)
	claims[7] = 9
	tests := map[string]struct {
		file []byte
		want error
	}{
		"one group":              {webpOf(lossless(1, 1, 1)), nil},
		"as many as large ones":  {webpOf(lossless(1, 1, 2600)), nil},
		"65536 groups":           {webpOf(lossless(1, 1, 65536)), ErrTooLarge},
		"… behind a canvas":      {webpOf(canvas(1, 1), lossless(1, 1, 65536)), ErrTooLarge},
		"… of transparency":      {webpOf(canvas(1, 1), webpChunk("ALPH", alpha.bytes()), frame("\x01\x00")), ErrTooLarge},
		"more than the header":   {webpOf(canvas(1, 1), webpChunk("ALPH", make([]byte, 2)), frame("\xff\x3f")), ErrBroken},
		"… in a lossless one":    {webpOf(canvas(1, 1), lossless(2000, 2000, 1)), ErrBroken},
		"an animation":           {webpOf(canvas(1, 1), webpChunk("ANIM", make([]byte, 6))), ErrBroken},
		"longer than the file":   {claims, ErrTooLarge},
		"a code that is not one": {webpOf(webpChunk("VP8L", []byte{0x2f, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0, 0})), ErrBroken},
	}
	for name, tt := range tests {
		if _, err := Inspect(tt.file, limits); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	groups, err := os.ReadFile("testdata/groups.webp")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(groups)
	f.Add(webpOf(canvas(1, 1), lossless(1, 1, 9)))
	f.Add(jpegOf(f, image.NewGray(image.Rect(0, 0, 8, 8))))
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := Inspect(file, Limits{Pixels: 1 << 16, Memory: 8 << 20})
		if err != nil {
			return
		}
		if img, _, err := Decode(t.Context(), file); err == nil && (img.Bounds().Dx() > h.Width || img.Bounds().Dy() > h.Height) {
			t.Errorf("%v in a picture of %d × %d", img.Bounds(), h.Width, h.Height)
		}
	})
}
