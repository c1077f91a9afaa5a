package local

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// keyPair is an ed25519 key in OpenSSH's formats.
type keyPair struct {
	// private is the PEM file, public the authorized-key line without comment.
	private []byte
	public  string
}

func newKeyPair(comment string) (keyPair, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return keyPair{}, fmt.Errorf("make key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return keyPair{}, fmt.Errorf("encode key: %w", err)
	}
	return parseKeyPair(pem.EncodeToMemory(block))
}

func parseKeyPair(private []byte) (keyPair, error) {
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return keyPair{}, fmt.Errorf("read key: %w", err)
	}
	return keyPair{private, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}, nil
}

// loginKey reads the cluster's login key, or makes it.
func loginKey(path, cluster string) (keyPair, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := parseKeyPair(text)
		if err != nil {
			return keyPair{}, hintError{fmt.Errorf("%s: %w", path, err), "remove that file; the next `local up` makes another key"}
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return keyPair{}, fmt.Errorf("read login key: %w", err)
	}
	key, err := newKeyPair("swarmctl local " + cluster)
	if err != nil {
		return keyPair{}, err
	}
	return key, writeFile(path, key.private)
}

// writeFile replaces a file, readable by its owner only, in one step: whoever
// reads it meanwhile, or after this process was killed, sees the old text or
// the new one.
func writeFile(path string, data []byte) error {
	temp := path + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}
