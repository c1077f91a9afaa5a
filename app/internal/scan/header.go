package scan

import (
	"bytes"
	"encoding/binary"
)

// What the standard library's decoders do not say of a file.

// jpegSegments calls visit for each segment before the first scan, until it
// returns false.
func jpegSegments(file []byte, visit func(marker byte, body []byte) bool) {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker := file[at+1]
		if marker == 0xff { // padding
			at++
			continue
		}
		length := int(binary.BigEndian.Uint16(file[at+2:]))
		end := at + 2 + length
		const startOfScan = 0xda
		if marker == startOfScan || length < 2 || end > len(file) || !visit(marker, file[at+4:end]) {
			return
		}
		at = end
	}
}

// jpegBytesPerPixel says what decoding takes: samples of a byte, and where the
// file is progressive, all coefficients of four bytes.
func jpegBytesPerPixel(file []byte) int64 {
	const baseline, extended, progressive = 0xc0, 0xc1, 0xc2
	most := int64(4 * 5)
	jpegSegments(file, func(marker byte, body []byte) bool {
		if marker != baseline && marker != extended && marker != progressive {
			return true
		}
		most = samplesPerPixel(body)
		if marker == progressive {
			most *= 5
		}
		return false
	})
	return most
}

// samplesPerPixel reads a frame header (ITU-T T.81, B.2.2), and rounds up.
func samplesPerPixel(frame []byte) int64 {
	const head, component = 6, 3
	all, largest := int64(0), int64(1)
	for at := head; at+component <= len(frame); at += component {
		samples := int64(frame[at+1]>>4) * int64(frame[at+1]&15)
		all += samples
		largest = max(largest, samples)
	}
	return max(1, (all+largest-1)/largest)
}

// orientation returns the EXIF orientation of a JPEG, 1 to 8 (CIPA DC-008, 4.6.4
// A): how to turn it so that it stands upright.
func orientation(file []byte) int {
	turn := 1
	jpegSegments(file, func(marker byte, body []byte) bool {
		const app1 = 0xe1
		tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		if marker != app1 || !ok {
			return true
		}
		turn = tiffOrientation(tiff)
		return false
	})
	return turn
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	directory := uint64(order.Uint32(tiff[4:]))
	if directory+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[directory+2:]
	for range order.Uint16(tiff[directory:]) {
		const entry, tag = 12, 0x0112
		if len(entries) < entry {
			return 1
		}
		if order.Uint16(entries) == tag {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[entry:]
	}
	return 1
}

// upright undoes an EXIF orientation.
func (p *plane) upright(orientation int) *plane {
	turns := [9]int{3: 2, 4: 2, 5: 1, 6: 1, 7: 3, 8: 3}[orientation]
	for range turns {
		p = p.turn()
	}
	switch orientation {
	case 2, 4, 5, 7:
		p = p.mirror()
	}
	return p
}

// mirror swaps left and right.
func (p *plane) mirror() *plane {
	out := newPlane(p.w, p.h)
	for y := range p.h {
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			out.pix[y*p.w+p.w-1-x] = v
		}
	}
	return out
}

const (
	// treesPerByte is what a byte of lossless WebP can make its decoder allocate:
	// a Huffman tree of kilobytes takes a few bytes in the file.
	treesPerByte = 240
	// maxLossless keeps that below MaxMemory.
	maxLossless = 384 << 10
)

// losslessBytes returns the size of a WebP's lossless chunks, transparency included.
func losslessBytes(file []byte) int {
	total := 0
	for at := 12; at+8 <= len(file); {
		size := int(binary.LittleEndian.Uint32(file[at+4:]))
		if kind := string(file[at : at+4]); kind == "VP8L" || kind == "ALPH" {
			total += min(size, len(file)-at)
		}
		at += 8 + size + size&1
	}
	return total
}
