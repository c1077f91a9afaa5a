package jenkins

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// The secret that a stack makes itself, and the pair that replaces the
// machine's own certificate where both are given.
const (
	inventorySecret = "SWARM_INVENTORY"
	Certificate     = "JENKINS_TLS_CERTIFICATE"
	CertificateKey  = "JENKINS_TLS_KEY"
)

// What lies in the vault, by its names there: two JSON objects of the secrets by
// their names, and the inventory. There are always all three, because nothing can
// be taken out of the vault from outside, nor made where it lies already.
const (
	vaultSecrets     = "JENKINS-SECRETS"
	vaultCertificate = "JENKINS-TLS"
	VaultInventory   = "SWARM-INVENTORY"
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
		case strings.HasSuffix(name, "_SSH_KEY") && value != "":
			f.privateKey(name, value)
		}
	}
	if given[Certificate] != "" && given[CertificateKey] != "" {
		f.certificate(given)
	}
	f.tooLong(given)
	return f.join()
}

// tooLong names the longest of those that together are more than a vault keeps.
func (f *faults) tooLong(given map[string]string) {
	parts := divide(given)
	for _, vault := range slices.Sorted(maps.Keys(parts)) {
		part := parts[vault]
		size := len(object(part))
		if size <= secretLimit {
			continue
		}
		longest := slices.MaxFunc(slices.Sorted(maps.Keys(part)), func(a, b string) int { return len(part[a]) - len(part[b]) })
		f.add(longest, "has %d bytes, with what lies beside it %d, and a vault keeps %d", len(part[longest]), size, secretLimit)
	}
}

// InVault is what an operator gave as it lies in the vault, by its names there.
func InVault(given map[string]string) map[string]string {
	texts := map[string]string{}
	for vault, part := range divide(given) {
		texts[vault] = object(part)
	}
	return texts
}

// divide sorts secrets by where they lie in the vault. Both parts are there,
// whatever was given.
func divide(given map[string]string) map[string]map[string]string {
	parts := map[string]map[string]string{vaultSecrets: {}, vaultCertificate: {}}
	for name, value := range given {
		// ssh takes no key whose last line does not end.
		if strings.Contains(value, "-----END ") {
			value = strings.TrimRight(value, "\n") + "\n"
		}
		if name == Certificate || name == CertificateKey {
			parts[vaultCertificate][name] = value
		} else {
			parts[vaultSecrets][name] = value
		}
	}
	return parts
}

func object(part map[string]string) string {
	text, _ := json.Marshal(part) // strings only
	return string(text)
}

// givenSecrets are the names that an operator has to give. The certificate's
// two are wanted as soon as one of them is there.
func (s Settings) givenSecrets(given map[string]string) []string {
	names := slices.DeleteFunc(s.Secrets(), func(name string) bool { return name == inventorySecret })
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

// InventoryFits refuses an inventory that is too large for a secret.
func InventoryFits(document []byte) error {
	if len(document) > secretLimit {
		return fmt.Errorf("the inventory has %d bytes, and a vault keeps %d in a secret", len(document), secretLimit)
	}
	return nil
}
