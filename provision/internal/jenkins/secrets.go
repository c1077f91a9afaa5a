package jenkins

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// The secret that a stack makes itself, and the pair that replaces the
// machine's own certificate where both are given.
const (
	InventorySecret = "SWARM_INVENTORY"
	Certificate     = "JENKINS_TLS_CERTIFICATE"
	CertificateKey  = "JENKINS_TLS_KEY"
)

// secretLimit is how many bytes a vault keeps in one secret; see
// https://learn.microsoft.com/azure/key-vault/secrets/about-secrets.
const secretLimit = 25 * 1024

// ValidateSecrets lists everything that is wrong with what an operator gave,
// joined by errors.Join. It never shows a value.
func (s Settings) ValidateSecrets(given map[string]string) error {
	var f faults
	wanted := s.givenSecrets(given)
	for _, name := range wanted {
		if strings.TrimSpace(given[name]) == "" {
			f.add(name, "is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		switch {
		case !slices.Contains(wanted, name):
			f.add(name, "is not a secret of these settings")
		case len(value) > secretLimit:
			f.add(name, "has %d bytes, and a vault keeps %d", len(value), secretLimit)
		case strings.HasSuffix(name, "_SSH_KEY") && value != "":
			f.privateKey(name, value)
		}
	}
	if given[Certificate] != "" && given[CertificateKey] != "" {
		f.certificate(given)
	}
	return f.join()
}

// givenSecrets are the names that an operator has to give. The certificate's
// two are wanted as soon as one of them is there.
func (s Settings) givenSecrets(given map[string]string) []string {
	names := slices.DeleteFunc(s.Secrets(), func(name string) bool { return name == InventorySecret })
	_, certificate := given[Certificate]
	_, key := given[CertificateKey]
	if certificate || key {
		names = append(names, Certificate, CertificateKey)
	}
	return names
}

func (f *faults) privateKey(field, value string) {
	if _, err := ssh.ParsePrivateKey([]byte(value)); err != nil {
		f.add(field, "must be a private SSH key without a passphrase, with all its lines")
	}
}

func (f *faults) certificate(given map[string]string) {
	if _, err := tls.X509KeyPair([]byte(given[Certificate]), []byte(given[CertificateKey])); err != nil {
		f.add(Certificate, "must be PEM, and belong to %s", CertificateKey)
	}
}

// VaultName is a secret's name as Key Vault takes it: without underscores.
func VaultName(secret string) string { return strings.ReplaceAll(secret, "_", "-") }

// InventoryFits refuses an inventory that is too large for a secret.
func InventoryFits(document []byte) error {
	if len(document) > secretLimit {
		return fmt.Errorf("the inventory has %d bytes, and a vault keeps %d in a secret", len(document), secretLimit)
	}
	return nil
}
