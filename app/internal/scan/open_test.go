package scan

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
	"testing"

	"golang.org/x/image/bmp"
)

// picture has a dark left upper quarter in light.
func picture() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 32, 16))
	for i := range img.Pix {
		img.Pix[i] = 250
		if i%32 < 16 && i/32 < 8 {
			img.Pix[i] = 5
		}
	}
	return img
}

func encoded(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOpensEveryFormat(t *testing.T) {
	colours := image.NewNRGBA(image.Rect(0, 0, 32, 16))
	for i := range 32 * 16 {
		c := color.NRGBA{} // transparent: white
		if i%32 < 16 && i/32 < 8 {
			c = color.NRGBA{0, 0, 40, 255}
		}
		colours.SetNRGBA(i%32, i/32, c)
	}
	files := map[string][]byte{
		"png":             encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture()) }),
		"transparent png": encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, colours) }),
		"jpeg":            encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(), nil) }),
		"gif":             encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture(), nil) }),
		"bmp":             encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, picture()) }),
	}
	for name, file := range files {
		if _, err := Inspect(file); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := Open(t.Context(), file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.plane.w != 32 || p.plane.h != 16 || p.plane.pix[3*32+3] > 40 || p.plane.pix[12*32+28] < 220 {
			t.Errorf("%s: %d × %d, dark %d, light %d", name, p.plane.w, p.plane.h, p.plane.pix[3*32+3], p.plane.pix[12*32+28])
		}
	}
}

// withOrientation puts an EXIF segment into a JPEG.
func withOrientation(file []byte, order binary.AppendByteOrder, mark string, value uint16) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3)
	tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), value), 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
	return append(append(append([]byte{}, file[:2]...), segment...), file[2:]...)
}

func TestPhotosStandUpright(t *testing.T) {
	// Where the dark quarter lies once the picture stands upright (CIPA DC-008).
	dark := map[uint16][2]bool{ // right, lower
		1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true},
		5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	}
	file := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(), nil) })
	for value, want := range dark {
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			p, err := Open(t.Context(), withOrientation(file, order, mark, value))
			if err != nil {
				t.Fatal(err)
			}
			w, h := p.plane.w, p.plane.h
			if (value > 4) != (w == 16) {
				t.Errorf("%s %d: %d × %d", mark, value, w, h)
			}
			x, y := w/4, h/4
			if want[0] {
				x = w * 3 / 4
			}
			if want[1] {
				y = h * 3 / 4
			}
			if p.plane.pix[y*w+x] > 60 {
				t.Errorf("%s %d: %d at %d, %d", mark, value, p.plane.pix[y*w+x], x, y)
			}
		}
	}
}

// A deadline ends a decoder that has not read its input to the end.
func TestOpenEndsWithItsContext(t *testing.T) {
	file := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture()) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, file); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(encoded(f, func(b *bytes.Buffer) error { return png.Encode(b, picture()) }))
	f.Add(withOrientation(encoded(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(), nil) }), binary.BigEndian, "MM", 8))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return gif.Encode(b, picture(), nil) }))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return bmp.Encode(b, picture()) }))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		memory, err := Inspect(file)
		if err != nil || memory > 1<<20 {
			return
		}
		p, err := Open(t.Context(), file)
		if err != nil {
			return
		}
		for _, s := range Read(t.Context(), p, Strong) {
			if s.Symbology == "" || len(s.Corners) != 4 {
				t.Errorf("read %+v", s)
			}
		}
	})
}

// FuzzRead gives the readers pixels rather than files.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"qr", "datamatrix", "aztec", "code128", "ean13"} {
		d := draw(f, name, examples[name], "")
		small := d.pixels.shrink(d.modules, max(1, d.pixels.h*d.modules/d.pixels.w))
		f.Add(uint8(small.w), small.pix)
	}
	all, err := ParseSet("all")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, width uint8, pixels []byte) {
		w := max(1, int(width))
		h := len(pixels) / w
		if h == 0 || w > 100 || h > 100 {
			return
		}
		p := &plane{w, h, pixels[:w*h]}
		Read(t.Context(), &Picture{p.double()}, all)
	})
}
