package render

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// inflater is what reading a zlib stream needs; making one costs more than using it.
type inflater struct {
	stream io.ReadCloser
	reader bytes.Reader
	pixels []byte
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// inflate returns the n bytes of a stream that holds no more; they are valid
// until the next call.
func (f *inflater) inflate(packed []byte, n int) ([]byte, error) {
	f.reader.Reset(packed)
	if cap(f.pixels) < n {
		f.pixels = make([]byte, n)
	}
	var err error
	if resetter, ok := f.stream.(zlib.Resetter); ok {
		err = resetter.Reset(&f.reader, nil)
	} else {
		f.stream, err = zlib.NewReader(&f.reader)
	}
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(f.stream, f.pixels[:n]); err != nil {
		return nil, err
	}
	// The end is where the checksum is compared.
	var more [1]byte
	if _, err := f.stream.Read(more[:]); err != io.EOF {
		return nil, fmt.Errorf("inflate: %w", ErrUnreadable)
	}
	return f.pixels[:n], nil
}

// comparePNG says whether the pixels of a file of one bit a pixel are the
// symbol's modules.
func (p *Picture) comparePNG(file []byte) error {
	packed, err := chunk(file, "IDAT")
	if err != nil {
		return err
	}
	scale := p.style.Scale
	stride := 1 + (p.width*scale+7)/8
	f, _ := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	pixels, err := f.inflate(packed, stride*p.height*scale)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	y := p.quiet.Top
	for _, row := range p.symbol.Rows {
		at := y*scale + scale/2 // above the text, which may stand between guard bars
		y += row.Height
		line := pixels[at*stride+1 : (at+1)*stride]
		x := p.quiet.Left*scale + scale/2
		for _, dark := range row.Modules {
			if line[x>>3]<<(x&7)&0x80 != 0 != dark {
				return ErrUnreadable
			}
			x += scale
		}
	}
	return nil
}

// chunk returns the data of a file's first chunk of a kind.
func chunk(file []byte, kind string) ([]byte, error) {
	const head, tail = 8, 4
	for rest := file[min(len(file), len(pngSignature)):]; len(rest) >= head; {
		n := int(binary.BigEndian.Uint32(rest))
		if len(rest) < head+n+tail {
			break
		}
		if string(rest[4:head]) == kind {
			return rest[head : head+n], nil
		}
		rest = rest[head+n+tail:]
	}
	return nil, fmt.Errorf("find chunk %s: %w", kind, ErrUnreadable)
}
