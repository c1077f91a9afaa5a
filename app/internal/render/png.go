package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	stdpng "image/png"
	"math"
)

// PNG (ISO/IEC 15948): a palette of two colours and one bit a pixel for what
// needs no more, else what the standard library writes.
var png = Format{Name: "png", Title: "PNG", MediaType: "image/png", Raster: true, Alpha: true, write: writePNG, read: readPNG}

const pngSignature = "\x89PNG\r\n\x1a\n"

func writePNG(p *Picture) ([]byte, error) {
	if !p.plain() {
		return writeStyledPNG(p)
	}
	bits := newBitmap(p)
	out := append(make([]byte, 0, 4096), pngSignature...)

	header := binary.BigEndian.AppendUint32(nil, uint32(bits.width))
	header = binary.BigEndian.AppendUint32(header, uint32(bits.height))
	// One bit deep, colour type palette, and the only compression, filter set and no interlace.
	header = append(header, 1, 3, 0, 0, 0)
	out = appendChunk(out, "IHDR", header)
	out = appendDensity(out, p)

	bg, fg := p.style.Background, p.style.Foreground
	out = appendChunk(out, "PLTE", []byte{bg.R, bg.G, bg.B, fg.R, fg.G, fg.B})
	if p.style.Transparent {
		out = appendChunk(out, "tRNS", []byte{0})
	}

	stream := newDeflater(bits.stride + 1)
	line := make([]byte, bits.stride+1) // filter type 0, then the pixels
	bits.each(func(pixels []byte, times int) {
		copy(line[1:], pixels)
		stream.line(line, times)
	})
	out = appendChunk(out, "IDAT", stream.close())
	return appendChunk(out, "IEND", nil), nil
}

// writeStyledPNG adds the resolution to what the library writes.
func writeStyledPNG(p *Picture) ([]byte, error) {
	var b bytes.Buffer
	encoder := stdpng.Encoder{CompressionLevel: stdpng.DefaultCompression}
	if err := encoder.Encode(&b, fewColors(p.rasterise(p.style.Scale))); err != nil {
		return nil, fmt.Errorf("encode png: %w", err)
	}
	const headerEnd = len(pngSignature) + 4 + 4 + 13 + 4
	file := b.Bytes()
	out := append(make([]byte, 0, len(file)+21), file[:headerEnd]...)
	return append(appendDensity(out, p), file[headerEnd:]...), nil
}

// appendDensity writes the resolution, if one was asked for.
func appendDensity(out []byte, p *Picture) []byte {
	density := p.pixelsPerMetre()
	if density == 0 {
		return out
	}
	const metre = 1
	body := binary.BigEndian.AppendUint32(nil, uint32(math.Round(density)))
	body = binary.BigEndian.AppendUint32(body, uint32(math.Round(density)))
	return appendChunk(out, "pHYs", append(body, metre))
}

// appendChunk writes a chunk: length, type, data and the CRC of the latter two.
func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

func readPNG(file []byte, _ *Picture) (image.Image, error) {
	img, err := stdpng.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("decode png: %w", err)
	}
	return img, nil
}
