package stackfile

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/docker/cli/cli/compose/convert"
	composetypes "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/swarm"
)

// Vault has the values of variables that the environment lacks.
type Vault interface {
	// Find returns the values of those variables that it has.
	Find(ctx context.Context, variables []string) (map[string]string, error)
	// Missing says where a variable was looked for, and how it gets there.
	Missing(variable string) string
}

// The sections whose entries may name a variable.
const configs, secrets = "configs", "secrets"

// variables are the configs and secrets whose content is a variable's, as the
// Compose Specification has it: section and name to the variable.
type variables map[string]map[string]string

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// takeVariables takes `environment` out of configs and secrets, a key that
// docker/cli's loader does not know. Later files override earlier ones.
func takeVariables(files []composetypes.ConfigFile) (variables, []string) {
	taken := variables{configs: {}, secrets: {}}
	var faults []string
	for _, file := range files {
		for _, section := range []string{configs, secrets} {
			entries, _ := file.Config[section].(map[string]any)
			for _, name := range sortedKeys(entries) {
				entry, _ := entries[name].(map[string]any)
				if fault := taken.take(section, name, entry); fault != "" {
					faults = append(faults, fmt.Sprintf("%s.%s.environment: %s", section, name, fault))
				}
			}
		}
	}
	return taken, faults
}

// take takes the variable out of one entry and returns what is wrong with it.
func (v variables) take(section, name string, entry map[string]any) (fault string) {
	value, given := entry["environment"]
	delete(entry, "environment")
	for _, other := range []string{"file", "external", "driver"} {
		if _, has := entry[other]; !has {
			continue
		}
		if given {
			return "stands beside " + other + "; only one says where the content comes from"
		}
		delete(v[section], name)
	}
	if !given {
		return ""
	}
	text, _ := value.(string)
	v[section][name] = text
	if !variableName.MatchString(text) {
		return "must be a variable's name" // what it is instead may be the secret itself
	}
	return ""
}

// names are the variables, each once.
func (v variables) names() []string {
	all := slices.Concat(slices.Collect(maps.Values(v[configs])), slices.Collect(maps.Values(v[secrets])))
	slices.Sort(all)
	return slices.Compact(all)
}

// values looks the variables up: in the environment, and what that lacks in
// the vault, which is not asked for anything else. A variable that is empty
// counts as not set, because the swarm takes no empty config or secret.
func (v variables) values(ctx context.Context, opts Options) (map[string]string, error) {
	values := map[string]string{}
	var lacking []string
	for _, name := range v.names() {
		if values[name] = opts.Environment[name]; values[name] == "" {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return values, nil
	}
	if opts.Vault != nil {
		found, err := opts.Vault.Find(ctx, lacking)
		if err != nil {
			return nil, err
		}
		maps.Copy(values, found)
	}
	if faults := v.missing(values, opts.Vault); len(faults) > 0 {
		return nil, &InvalidError{Files: opts.Files, Faults: faults}
	}
	return values, nil
}

func (v variables) missing(values map[string]string, vault Vault) []string {
	var faults []string
	for _, section := range []string{configs, secrets} {
		for _, name := range sortedKeys(v[section]) {
			variable := v[section][name]
			if values[variable] != "" {
				continue
			}
			fault := fmt.Sprintf("%s.%s.environment: %s is not set", section, name, variable)
			if vault != nil {
				fault += "; " + vault.Missing(variable)
			}
			faults = append(faults, fault)
		}
	}
	return faults
}

// without returns the entries that are not a variable's: those that the
// converter can read from files.
func without[V any](entries map[string]V, taken map[string]string) map[string]V {
	rest := maps.Clone(entries)
	maps.DeleteFunc(rest, func(name string, _ V) bool { _, ok := taken[name]; return ok })
	return rest
}

// specs are the configs and secrets whose content is a variable's.
func (v variables) specs(ns convert.Namespace, config *composetypes.Config, values map[string]string) (c []swarm.ConfigSpec, s []swarm.SecretSpec) {
	for _, name := range sortedKeys(v[configs]) {
		obj := composetypes.FileObjectConfig(config.Configs[name])
		c = append(c, swarm.ConfigSpec{Annotations: annotations(ns, name, obj), Data: []byte(values[v[configs][name]]), Templating: templating(obj)})
	}
	for _, name := range sortedKeys(v[secrets]) {
		obj := composetypes.FileObjectConfig(config.Secrets[name])
		s = append(s, swarm.SecretSpec{Annotations: annotations(ns, name, obj), Data: []byte(values[v[secrets][name]]), Templating: templating(obj)})
	}
	return c, s
}

func annotations(ns convert.Namespace, name string, obj composetypes.FileObjectConfig) swarm.Annotations {
	return swarm.Annotations{Name: firstOf(obj.Name, ns.Scope(name)), Labels: convert.AddStackLabel(ns, obj.Labels)}
}

func templating(obj composetypes.FileObjectConfig) *swarm.Driver {
	if obj.TemplateDriver == "" {
		return nil
	}
	return &swarm.Driver{Name: obj.TemplateDriver}
}
