package render

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// A PNG with a palette of two colours and one bit a pixel (ISO/IEC 15948).
var png = Format{Name: "png", MediaType: "image/png", Render: renderPNG}

const pngSignature = "\x89PNG\r\n\x1a\n"

func renderPNG(s *symbol.Symbol, st Style) ([]byte, error) {
	raster, err := newRaster(s, st.Scale)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, 4096), pngSignature...)

	header := binary.BigEndian.AppendUint32(nil, uint32(raster.width))
	header = binary.BigEndian.AppendUint32(header, uint32(raster.height))
	// One bit deep, colour type palette, and the only compression, filter set and no interlace.
	header = append(header, 1, 3, 0, 0, 0)
	out = appendChunk(out, "IHDR", header)

	bg, fg := st.Background, st.Foreground
	out = appendChunk(out, "PLTE", []byte{bg.R, bg.G, bg.B, fg.R, fg.G, fg.B})

	stream := newDeflater(raster.stride + 1)
	line := make([]byte, raster.stride+1) // filter type 0, then the pixels
	raster.each(func(pixels []byte, times int) {
		copy(line[1:], pixels)
		stream.line(line, times)
	})
	out = appendChunk(out, "IDAT", stream.close())
	return appendChunk(out, "IEND", nil), nil
}

// appendChunk writes a chunk: length, type, data and the CRC of the latter two.
func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
