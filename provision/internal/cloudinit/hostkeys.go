package cloudinit

import (
	"errors"
	"strings"
)

// HostKeysScript prints a machine's public host keys when it runs there.
func HostKeysScript() string {
	text, err := files.ReadFile("files/host-keys.sh")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	return string(text)
}

// ErrNoHostKeys says that a machine's answer held no key.
var ErrNoHostKeys = errors.New("the machine told no host key")

// HostKeys reads what HostKeysScript printed: authorized-key lines.
func HostKeys(output string) ([]string, error) {
	var keys []string
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && (strings.HasPrefix(fields[0], "ssh-") || strings.HasPrefix(fields[0], "ecdsa-")) {
			keys = append(keys, fields[0]+" "+fields[1])
		}
	}
	if len(keys) == 0 {
		return nil, ErrNoHostKeys
	}
	return keys, nil
}
