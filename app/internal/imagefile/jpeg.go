package imagefile

import (
	"bytes"
	"encoding/binary"
)

// What the standard library's decoder does not say of a JPEG (ITU-T T.81).

// jpegSegments calls visit for each segment before the first scan, until it
// returns false. It ends at whatever a decoder might read in another way: markers
// that have no length, and bytes between segments.
func jpegSegments(file []byte, visit func(marker byte, body []byte) bool) {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker := file[at+1]
		if marker == 0xff { // padding
			at++
			continue
		}
		const firstFrame, restart, startOfScan = 0xc0, 0xd0, 0xda
		length := int(binary.BigEndian.Uint16(file[at+2:]))
		end := at + 2 + length
		bare := marker < firstFrame || marker >= restart && marker <= startOfScan
		if bare || length < 2 || end > len(file) || !visit(marker, file[at+4:end]) {
			return
		}
		at = end
	}
}

// jpegScans counts what may be the beginning of a scan.
func jpegScans(file []byte) int { return bytes.Count(file, []byte{0xff, 0xda}) }

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

// samplesPerPixel reads a frame header (B.2.2), and rounds up.
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

// Orientation returns the EXIF orientation of a JPEG, 1 to 8 (CIPA DC-008, 4.6.4
// A): how to turn it so that it stands upright.
func Orientation(file []byte) int {
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
