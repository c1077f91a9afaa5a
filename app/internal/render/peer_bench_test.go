package render

import (
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
)

// BenchmarkPeers compares a PNG from text, ours (read back before it counts)
// with skip2's own Encode, for a web address, a contact and all that fits.
func BenchmarkPeers(b *testing.B) {
	for name, text := range map[string]string{
		"url-40B":    "https://example.org/path?x=1&y=2&z=three4",
		"vcard-300B": strings.Repeat("BEGIN:VCARD N:Doe;Jane;;; TEL:+4912345678 ", 7),
		"max-2300B":  strings.Repeat("The quick brown fox jumps over it. ", 66),
	} {
		b.Run(name+"/ours", func(b *testing.B) {
			for b.Loop() {
				renderAs(b, "png", encode(b, "qr", text), plain)
			}
		})
		b.Run(name+"/skip2", func(b *testing.B) {
			for b.Loop() {
				if _, err := qrcode.Encode(text, qrcode.Medium, 512); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
