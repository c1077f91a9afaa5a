package stackfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/docker/cli/cli/compose/convert"
	composetypes "github.com/docker/cli/cli/compose/types"
)

// maxName is the longest name that the swarm takes for a config or secret.
const maxName = 64

// nameByContent gives configs and secrets that come from files names that end
// in a hash of their content: new content is a new object, which the service
// spec then names, so that a changed file rolls out and an unchanged one does
// not.
func nameByContent(ns convert.Namespace, config *composetypes.Config) error {
	for _, key := range sortedKeys(config.Configs) {
		obj := config.Configs[key]
		if err := addressFile(ns, key, (*composetypes.FileObjectConfig)(&obj)); err != nil {
			return fmt.Errorf("name config %q: %w", key, err)
		}
		config.Configs[key] = obj
	}
	for _, key := range sortedKeys(config.Secrets) {
		obj := config.Secrets[key]
		if err := addressFile(ns, key, (*composetypes.FileObjectConfig)(&obj)); err != nil {
			return fmt.Errorf("name secret %q: %w", key, err)
		}
		config.Secrets[key] = obj
	}
	return nil
}

func addressFile(ns convert.Namespace, key string, obj *composetypes.FileObjectConfig) error {
	if obj.External.External || obj.File == "" {
		return nil
	}
	data, err := os.ReadFile(obj.File)
	if err != nil {
		return err
	}
	obj.Name = contentName(firstOf(obj.Name, ns.Scope(key)), obj.TemplateDriver, data)
	return nil
}

// contentName is NAME-HASH, the name cut where it would be too long.
func contentName(name, templateDriver string, data []byte) string {
	h := sha256.New()
	h.Write([]byte(templateDriver + "\x00"))
	h.Write(data)
	suffix := "-" + hex.EncodeToString(h.Sum(nil))[:12]
	if len(name) > maxName-len(suffix) {
		name = name[:maxName-len(suffix)]
	}
	return name + suffix
}
