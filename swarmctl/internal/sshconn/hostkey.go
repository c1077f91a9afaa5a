package sshconn

import (
	"bytes"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
)

func parseHostKeys(lines []string) ([]ssh.PublicKey, error) {
	keys := make([]ssh.PublicKey, 0, len(lines))
	for _, line := range lines {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("parse %.40q: %w", line, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// hostKeyAlgorithms asks for a key of a known type first. The other types
// follow only so that a machine that has none of them shows a key that can be
// named in the error: whatever it shows must equal a known key.
func hostKeyAlgorithms(keys []ssh.PublicKey) []string {
	var algorithms []string
	for _, key := range keys {
		if key.Type() == ssh.KeyAlgoRSA {
			// "ssh-rsa" names the key's type; its SHA-1 signatures are not accepted.
			algorithms = append(algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		algorithms = append(algorithms, key.Type())
	}
	plain := []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	for _, algorithm := range plain {
		if !slices.Contains(algorithms, algorithm) {
			algorithms = append(algorithms, algorithm)
		}
	}
	return algorithms
}

// keyCheck compares what one host shows with what the inventory says.
type keyCheck struct {
	host   host
	passed bool
	err    error
}

func (c *keyCheck) callback(_ string, _ net.Addr, shown ssh.PublicKey) error {
	for _, known := range c.host.keys {
		if bytes.Equal(known.Marshal(), shown.Marshal()) {
			c.passed = true
			return nil
		}
	}
	c.err = &HostKeyError{Host: c.host.node.Name, Addr: c.host.addr, Shown: fingerprint(shown), Expected: fingerprints(c.host.keys)}
	return c.err
}

func fingerprints(keys []ssh.PublicKey) []string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = fingerprint(key)
	}
	return texts
}

// fingerprint is what `ssh-keygen -l` prints: type and SHA256:….
func fingerprint(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }
