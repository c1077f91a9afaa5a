// Package stackfile turns compose.yaml into what a swarm is asked for. The
// loader and the converter are docker/cli's own, those of `docker stack
// deploy`, so that the same file means the same services. What differs is on
// purpose:
//
//   - every fault of the file is reported, not only the first;
//   - configs and secrets get names that follow from their content, because
//     the swarm can't change them in place;
//   - `build:` is kept, for images that are built and handed over;
//   - `environment:` of a config or secret takes its content from a variable,
//     as the Compose Specification has it;
//   - our own settings stand under `x-swarmctl`.
package stackfile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/docker/cli/cli/compose/loader"
	composetypes "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// Stack is what one compose.yaml asks a swarm for.
type Stack struct {
	Name string
	// Dir is the absolute folder of the file; relative paths start there.
	Dir string
	// Services by their scoped names (STACK_SERVICE). The image is as written;
	// references to configs and secrets have names but no IDs yet.
	Services map[string]swarm.ServiceSpec
	Networks map[string]network.CreateOptions
	// ExternalNetworks must exist already.
	ExternalNetworks []string
	Configs          []swarm.ConfigSpec
	Secrets          []swarm.SecretSpec
	// Builds by the scoped name of the service.
	Builds map[string]Build
	// Warnings are what is allowed and yet likely to hurt.
	Warnings []string
}

// Build is how a service's image is made.
type Build struct {
	Context    string // absolute folder
	Dockerfile string // absolute file
	Args       map[string]*string
	Labels     map[string]string
	Target     string
	Network    string
	ExtraHosts []string
}

// Options say what to load.
type Options struct {
	// Files are compose files; later ones override earlier ones.
	Files []string
	// Name is the stack's name; empty takes `x-swarmctl.stack`, then the folder's name.
	Name string
	// Environment is what ${VARIABLES} are looked up in, and the variables that
	// configs and secrets name.
	Environment map[string]string
	// Vault is asked for those of the latter that Environment lacks; nil is none.
	// ${VARIABLES} never come from there: they end in specs, which are no secret.
	Vault Vault
	// NoContent leaves configs and secrets of variables without content, for who
	// wants images or the stack's name.
	NoContent bool
}

// Load reads, validates and converts. Its error is an *InvalidError where the
// file is at fault, and lists every fault.
func Load(ctx context.Context, opts Options) (Stack, error) {
	details, err := readFiles(opts)
	if err != nil {
		return Stack{}, err
	}
	taken, variableFaults := takeVariables(details.ConfigFiles)
	config, err := loader.Load(details)
	if err != nil {
		return Stack{}, &InvalidError{Files: opts.Files, Faults: append(variableFaults, everyFault(details, err)...)}
	}
	settings, faults := readSettings(config)
	stack := Stack{Name: firstOf(opts.Name, settings.Stack, defaultName(details.WorkingDir)), Dir: details.WorkingDir}
	if !validStackName(stack.Name) {
		faults = append(faults, fmt.Sprintf("stack name: must be letters, digits, '-' and '_', got %q; set it with --stack", stack.Name))
	}
	buildFaults, buildWarnings := checkBuilds(details.ConfigFiles)
	faults = slices.Concat(faults, variableFaults, buildFaults, checkConfig(config, taken))
	stack.Warnings = buildWarnings
	if len(faults) > 0 {
		return Stack{}, &InvalidError{Files: opts.Files, Faults: faults}
	}
	given := content{variables: taken}
	if !opts.NoContent {
		if given.values, err = taken.values(ctx, opts); err != nil {
			return Stack{}, err
		}
	}
	return convertStack(ctx, stack, config, details, given)
}

func readFiles(opts Options) (composetypes.ConfigDetails, error) {
	details := composetypes.ConfigDetails{Environment: opts.Environment}
	invalid := &InvalidError{Files: opts.Files}
	if len(opts.Files) == 0 {
		invalid.Faults = append(invalid.Faults, "no compose file is named")
	}
	for _, file := range opts.Files {
		text, err := os.ReadFile(file)
		if err != nil {
			invalid.Faults = append(invalid.Faults, unwrapPath(err))
			invalid.missing = invalid.missing || errors.Is(err, os.ErrNotExist)
			continue
		}
		dict, err := loader.ParseYAML(text)
		if err != nil {
			invalid.Faults = append(invalid.Faults, yamlFault(opts.Files, file, err))
			continue
		}
		details.ConfigFiles = append(details.ConfigFiles, composetypes.ConfigFile{Filename: file, Config: dict})
	}
	if len(invalid.Faults) > 0 {
		return details, invalid
	}
	first, err := filepath.Abs(opts.Files[0])
	if err != nil {
		return details, fmt.Errorf("find folder of %s: %w", opts.Files[0], err)
	}
	details.WorkingDir = filepath.Dir(first)
	return details, nil
}

// yamlFault names the file where there are several.
func yamlFault(files []string, file string, err error) string {
	if len(files) == 1 {
		return err.Error()
	}
	return file + ": " + err.Error()
}

func convertStack(ctx context.Context, stack Stack, config *composetypes.Config, details composetypes.ConfigDetails, given content) (Stack, error) {
	ns := convert.NewNamespace(stack.Name)
	if err := nameByContent(ns, config, given); err != nil {
		return Stack{}, err
	}
	stack.Builds = builds(ns, config.Services, details.WorkingDir)
	defaultImages(ns, config)
	stack.Warnings = slices.Concat(stack.Warnings, ignoredProperties(details), warnings(config))

	var err error
	stack.Networks, stack.ExternalNetworks = convert.Networks(ns, config.Networks, declaredNetworks(config.Services))
	if stack.Configs, stack.Secrets, err = given.convert(ns, config); err != nil {
		return Stack{}, err
	}
	services, err := convert.Services(ctx, ns, config, newLookup())
	if err != nil {
		return Stack{}, &InvalidError{Files: []string{config.Filename}, Faults: []string{err.Error()}}
	}
	stack.Services = make(map[string]swarm.ServiceSpec, len(services))
	for _, spec := range services {
		stack.Services[spec.Name] = spec
	}
	return stack, nil
}

// builds keeps what docker stack deploy ignores.
func builds(ns convert.Namespace, services []composetypes.ServiceConfig, dir string) map[string]Build {
	result := map[string]Build{}
	for _, s := range services {
		if s.Build.Context == "" {
			continue
		}
		buildContext := absolute(dir, s.Build.Context)
		result[ns.Scope(s.Name)] = Build{
			Context:    buildContext,
			Dockerfile: absolute(buildContext, firstOf(s.Build.Dockerfile, "Dockerfile")),
			Args:       s.Build.Args,
			Labels:     s.Build.Labels,
			Target:     s.Build.Target,
			Network:    s.Build.Network,
			ExtraHosts: s.Build.ExtraHosts,
		}
	}
	return result
}

// defaultImages names the image of a service that is built and names none,
// STACK_SERVICE, as docker compose does with a hyphen.
func defaultImages(ns convert.Namespace, config *composetypes.Config) {
	for i, s := range config.Services {
		if s.Image == "" {
			config.Services[i].Image = strings.ToLower(ns.Scope(s.Name))
		}
	}
}

func declaredNetworks(services []composetypes.ServiceConfig) map[string]struct{} {
	names := map[string]struct{}{}
	for _, s := range services {
		if len(s.Networks) == 0 {
			names["default"] = struct{}{}
		}
		for name := range s.Networks {
			names[name] = struct{}{}
		}
	}
	return names
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
