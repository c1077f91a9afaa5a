package cluster

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what RFC 4880 section 12.2 makes version 4 fingerprints of
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// checkKey tells whether the OpenPGP file holds the one key of the fingerprint
// and no other: apt trusts every key of the file that it is given.
func checkKey(armored, fingerprint string) error {
	packets, err := dearmor(armored)
	if err != nil {
		return err
	}
	var found []string
	for len(packets) > 0 {
		tag, body, rest, err := nextPacket(packets)
		if err != nil {
			return err
		}
		if tag == tagPublicKey {
			found = append(found, keyFingerprint(body))
		}
		packets = rest
	}
	if len(found) == 0 {
		return fmt.Errorf("it holds no key, only %s is trusted", fingerprint)
	}
	if len(found) != 1 || found[0] != fingerprint {
		return fmt.Errorf("it holds %s, only %s is trusted", strings.Join(found, " and "), fingerprint)
	}
	return nil
}

// tagPublicKey marks a primary key's packet; see RFC 4880 section 4.3.
const tagPublicKey = 6

// dearmor undoes RFC 4880 section 6.2. The checksum is left out of account: the
// fingerprint says more.
func dearmor(text string) ([]byte, error) {
	_, text, found := strings.Cut(text, "-----BEGIN PGP PUBLIC KEY BLOCK-----")
	if !found {
		return nil, errors.New("it is no OpenPGP public key")
	}
	text, after, found := strings.Cut(text, "-----END PGP PUBLIC KEY BLOCK-----")
	if !found || strings.Contains(after, "-----BEGIN") {
		return nil, errors.New("it is not one whole OpenPGP public key")
	}
	var body strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, ": ") || strings.HasPrefix(line, "=") {
			continue // a header, or the checksum
		}
		body.WriteString(line)
	}
	return base64.StdEncoding.DecodeString(body.String())
}

var errCutOff = errors.New("an OpenPGP packet is cut off")

// nextPacket takes one packet off; see RFC 4880 section 4.2.
func nextPacket(data []byte) (tag byte, body, rest []byte, err error) {
	if data[0]&0x80 == 0 {
		return 0, nil, nil, errors.New("not an OpenPGP packet")
	}
	var size, header int
	if data[0]&0x40 != 0 {
		tag = data[0] & 0x3f
		size, header, err = newLength(data)
	} else {
		tag = data[0] >> 2 & 0x0f
		size, header, err = oldLength(data)
	}
	if err != nil {
		return 0, nil, nil, err
	}
	if size > len(data)-header {
		return 0, nil, nil, errCutOff
	}
	return tag, data[header : header+size], data[header+size:], nil
}

func oldLength(data []byte) (size, header int, err error) {
	width := 1 << (data[0] & 3)
	if width == 8 {
		return 0, 0, errors.New("an OpenPGP packet without a length")
	}
	if len(data) < 1+width {
		return 0, 0, errCutOff
	}
	for _, b := range data[1 : 1+width] {
		size = size<<8 | int(b)
	}
	return size, 1 + width, nil
}

func newLength(data []byte) (size, header int, err error) {
	if len(data) < 6 {
		return 0, 0, errCutOff
	}
	switch first := int(data[1]); {
	case first < 192:
		return first, 2, nil
	case first < 224:
		return (first-192)<<8 + int(data[2]) + 192, 3, nil
	case first == 255:
		return int(binary.BigEndian.Uint32(data[2:6])), 6, nil
	}
	return 0, 0, errors.New("an OpenPGP key in parts")
}

// keyFingerprint is RFC 4880 section 12.2.
func keyFingerprint(body []byte) string {
	var b bytes.Buffer
	b.WriteByte(0x99)
	_ = binary.Write(&b, binary.BigEndian, uint16(len(body)))
	b.Write(body)
	return fmt.Sprintf("%X", sha1.Sum(b.Bytes())) //nolint:gosec // see above
}
