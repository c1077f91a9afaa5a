package render

import (
	"bytes"
	"context"
	"errors"
	"image"
	stdjpeg "image/jpeg"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

func TestALogoThatCostsMoreThanItShowsIsRefused(t *testing.T) {
	var photo, bitmap bytes.Buffer
	if err := errors.Join(stdjpeg.Encode(&photo, disc(20), nil), bmp.Encode(&bitmap, disc(20))); err != nil {
		t.Fatal(err)
	}
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0x10, 0x3f}
	tests := map[string]struct {
		file []byte
		says string
	}{
		"scans": {append(photo.Bytes()[:photo.Len()-2], bytes.Repeat(scan, 800)...), "at most 64; save it anew"},
		// One pixel, 65536 groups of prefix codes and none of them.
		"groups": {[]byte("RIFF\x1c\x00\x00\x00WEBPVP8L\x10\x00\x00\x00/\x00\x00\x00\x00\x84\xfe\xf7\xbf\x00\x05(\x00\x00\x00\x00"), "too much memory"},
		"bmp":    {bitmap.Bytes(), "must be a PNG, JPEG, WebP or GIF file"},
	}
	for name, tt := range tests {
		if _, err := ParseLogo(t.Context(), tt.file); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

func TestALogoDoesNotWaitForOthersWhenNobodyWantsItAnyMore(t *testing.T) {
	if err := decoding.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	defer decoding.Release(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ParseLogo(ctx, pngOf(t, image.NewGray(image.Rect(0, 0, 8, 8)))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
