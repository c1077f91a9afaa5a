package stackfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/docker/cli/cli/compose/convert"
	composetypes "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/swarm"
)

// maxName is the longest name that the swarm takes for a config or secret.
const maxName = 64

// content is where configs and secrets get theirs: from files, but for those
// of variables.
type content struct {
	variables variables
	// values are the variables'; nil where they are not wanted.
	values map[string]string
}

// of returns an entry's content; nil where it has none of its own.
func (c content) of(section, name string, obj composetypes.FileObjectConfig) ([]byte, error) {
	if variable, ok := c.variables[section][name]; ok {
		if c.values == nil {
			return nil, nil
		}
		return []byte(c.values[variable]), nil
	}
	if obj.External.External || obj.File == "" {
		return nil, nil
	}
	return os.ReadFile(obj.File)
}

// nameByContent gives configs and secrets names that end in a hash of their
// content: new content is a new object, which the service spec then names, so
// that a changed file rolls out and an unchanged one does not.
func nameByContent(ns convert.Namespace, config *composetypes.Config, given content) error {
	for _, key := range sortedKeys(config.Configs) {
		obj := config.Configs[key]
		if err := given.name(ns, configs, key, (*composetypes.FileObjectConfig)(&obj)); err != nil {
			return fmt.Errorf("name config %q: %w", key, err)
		}
		config.Configs[key] = obj
	}
	for _, key := range sortedKeys(config.Secrets) {
		obj := config.Secrets[key]
		if err := given.name(ns, secrets, key, (*composetypes.FileObjectConfig)(&obj)); err != nil {
			return fmt.Errorf("name secret %q: %w", key, err)
		}
		config.Secrets[key] = obj
	}
	return nil
}

func (c content) name(ns convert.Namespace, section, key string, obj *composetypes.FileObjectConfig) error {
	data, err := c.of(section, key, *obj)
	if err != nil || data == nil {
		return err
	}
	obj.Name = contentName(firstOf(obj.Name, ns.Scope(key)), obj.TemplateDriver, data)
	return nil
}

// convert makes the specs: the converter those of files, which is all that it
// knows.
func (c content) convert(ns convert.Namespace, config *composetypes.Config) ([]swarm.ConfigSpec, []swarm.SecretSpec, error) {
	fromFiles, err := convert.Configs(ns, without(config.Configs, c.variables[configs]))
	if err != nil {
		return nil, nil, fmt.Errorf("convert configs: %w", err)
	}
	secretFiles, err := convert.Secrets(ns, without(config.Secrets, c.variables[secrets]))
	if err != nil {
		return nil, nil, fmt.Errorf("convert secrets: %w", err)
	}
	fromVariables, secretVariables := c.variables.specs(ns, config, c.values)
	return append(fromFiles, fromVariables...), append(secretFiles, secretVariables...), nil
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
