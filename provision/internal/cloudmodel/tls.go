package cloudmodel

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"

	"golang.org/x/crypto/ssh"
)

var tlsKinds = map[string]kind{
	"tls:index/privateKey:PrivateKey": {
		id: func(w *World, _ Object) string { return number("key-%d", w.fresh()) },
		check: func(_ *World, r, _ *Resource) []error {
			if r.Inputs.Text("algorithm") != "ED25519" {
				return []error{refuse("InvalidAlgorithm", "the model makes ED25519 keys only, got %q", r.Inputs.Text("algorithm"))}
			}
			return nil
		},
		adds: func(_ *World, _, old *Resource) Object {
			if old != nil {
				return old.State
			}
			private, public := NewKey()
			return Object{"privateKeyOpenssh": private, "publicKeyOpenssh": public}
		},
		replaces: []string{"algorithm"},
	},
}

// NewKey makes an SSH key pair in OpenSSH's formats.
func NewKey() (private, public string) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // no randomness, no tests
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		panic(err)
	}
	signer, err := ssh.NewPublicKey(pub)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(signer))
}
