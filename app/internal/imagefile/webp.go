package imagefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/riff"
	"golang.org/x/image/vp8"
)

// webpMemory says what decoding a WebP takes beside its pixels. A picture whose
// parts differ in size is refused: the header speaks for them.
func webpMemory(file []byte, width, height int) (int64, error) {
	_, chunks, err := riff.NewReader(bytes.NewReader(file))
	if err != nil {
		return 0, err
	}
	memory := int64(0)
	for {
		kind, length, data, err := chunks.Next()
		switch {
		case errors.Is(err, io.EOF):
			return 0, errors.New("webp: no still picture")
		case err != nil:
			return 0, err
		}
		more, last := int64(0), true
		switch string(kind[:]) {
		case "VP8 ":
			more, err = lossyMemory(data, int(length), width, height)
		case "VP8L":
			more, err = losslessMemory(data, width, height)
		case "ALPH":
			last = false
			more, err = alphaMemory(data, width, height)
		default:
			last = false
		}
		memory += more
		if err != nil || last {
			return memory, err
		}
	}
}

func checkSize(width, height, wantWidth, wantHeight int) error {
	if width != wantWidth || height != wantHeight {
		return fmt.Errorf("webp: a part of %d × %d pixels in a picture of %d × %d", width, height, wantWidth, wantHeight)
	}
	return nil
}

// lossyMemory is what the decoder copies of the file.
func lossyMemory(data io.Reader, length, width, height int) (int64, error) {
	d := vp8.NewDecoder()
	d.Init(data, length)
	frame, err := d.DecodeFrameHeader()
	if err != nil {
		return 0, err
	}
	return int64(length), checkSize(frame.Width, frame.Height, width, height)
}

// losslessMemory reads a VP8L header (RFC 9649, 3.4) and what follows.
func losslessMemory(data io.Reader, width, height int) (int64, error) {
	b := &bitReader{r: bufio.NewReader(data)}
	magic := b.read(8)
	w, h := int(b.read(14))+1, int(b.read(14))+1
	b.read(4) // a hint of transparency, and the version
	if magic != 0x2f {
		b.fail()
	}
	if b.err == nil {
		b.err = checkSize(w, h, width, height)
	}
	return b.codesMemory(width, height), b.err
}

// alphaMemory reads a transparency chunk (RFC 9649, 2.7.1.2): a VP8L picture
// without its header, or bytes.
func alphaMemory(data io.Reader, width, height int) (int64, error) {
	b := &bitReader{r: bufio.NewReader(data)}
	const lossless = 1
	if b.read(8)&3 != lossless {
		return 0, b.err
	}
	return b.codesMemory(width, height), b.err
}
