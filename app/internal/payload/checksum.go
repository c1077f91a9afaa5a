package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/sha3"
)

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// isBase58Check verifies 21 bytes with one of the versions and their checksum.
func isBase58Check(address string, versions []byte) bool {
	if len(address) > 40 {
		return false
	}
	n := new(big.Int)
	for _, c := range []byte(address) {
		digit := strings.IndexByte(base58Digits, c)
		if digit < 0 {
			return false
		}
		n.Mul(n, big.NewInt(58)).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(address) - len(strings.TrimLeft(address, "1"))
	raw := append(make([]byte, zeros), n.Bytes()...)
	if len(raw) != 25 || !slices.Contains(versions, raw[0]) {
		return false
	}
	once := sha256.Sum256(raw[:21])
	twice := sha256.Sum256(once[:])
	return bytes.Equal(raw[21:], twice[:4])
}

const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// The constants that the checksums of BIP-173 and BIP-350 come to.
const (
	bech32Sum  = 1
	bech32mSum = 0x2bc830a3
)

// isSegwit verifies an address of BIP-173 (version 0) or BIP-350 (later ones).
func isSegwit(prefix, address string) bool {
	if strings.ToLower(address) != address && strings.ToUpper(address) != address {
		return false
	}
	data := strings.TrimPrefix(strings.ToLower(address), prefix+"1")
	if len(address) > 90 || len(data) < 8 {
		return false
	}
	groups := make([]byte, len(data))
	for i := range groups {
		digit := strings.IndexByte(bech32Digits, data[i])
		if digit < 0 {
			return false
		}
		groups[i] = byte(digit)
	}
	version, program := groups[0], groups[1:len(groups)-6]
	size := len(program) * 5 / 8
	switch sum := polymod(prefix, groups); {
	case version == 0:
		return sum == bech32Sum && (size == 20 || size == 32) && padded(program)
	case version <= 16:
		return sum == bech32mSum && size >= 2 && size <= 40 && padded(program)
	}
	return false
}

// padded tells whether the bits that fill up the last group are fewer than five
// and zero.
func padded(groups []byte) bool {
	spare := len(groups) * 5 % 8
	return spare < 5 && groups[len(groups)-1]&(1<<spare-1) == 0
}

func polymod(prefix string, groups []byte) uint32 {
	var expanded []byte
	for _, c := range []byte(prefix) {
		expanded = append(expanded, c>>5)
	}
	expanded = append(expanded, 0)
	for _, c := range []byte(prefix) {
		expanded = append(expanded, c&31)
	}
	sum := uint32(1)
	for _, v := range append(expanded, groups...) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, generator := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= generator
			}
		}
	}
	return sum
}

var ethereumForm = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)

// isEthereum verifies the capitals of EIP-55; an address all in one case has no
// checksum, which the EIP allows.
func isEthereum(address string) bool {
	if !ethereumForm.MatchString(address) {
		return false
	}
	digits := address[2:]
	lower := strings.ToLower(digits)
	if digits == lower || digits == strings.ToUpper(digits) {
		return true
	}
	hash := sha3.NewLegacyKeccak256()
	hash.Write([]byte(lower))
	sum := hex.EncodeToString(hash.Sum(nil))
	for i := range lower {
		capital := lower[i] >= 'a' && sum[i] >= '8'
		if capital != (digits[i] != lower[i]) {
			return false
		}
	}
	return true
}
