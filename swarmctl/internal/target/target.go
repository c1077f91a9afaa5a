// Package target resolves what the user names with --target into an inventory:
// machines as containers on this machine, the outputs of a Pulumi stack, or a
// file.
package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/inventory"
)

// Target is an inventory and what it takes to log in.
type Target struct {
	inventory.Inventory
	// Identities are private key files to log in with; empty means the agent
	// and the user's default keys.
	Identities []string
}

// ErrInvalid is wrapped by every error that the user mends in what was named
// or written, as opposed to one of the machine.
var ErrInvalid = errors.New("invalid target")

// invalidError carries its own text and is ErrInvalid.
type invalidError struct {
	error
	hint string
}

func (e invalidError) Is(err error) bool { return err == ErrInvalid }
func (e invalidError) Unwrap() error     { return e.error }

// Hint says what to do next.
func (e invalidError) Hint() string { return e.hint }

// Load resolves `local`, `local:NAME`, `pulumi:STACK` or a file's path.
func Load(ctx context.Context, spec string, getenv func(string) string) (Target, error) {
	if name, ok := strings.CutPrefix(spec, stackPrefix); ok {
		return loadStack(ctx, name)
	}
	if kind, name, _ := strings.Cut(spec, ":"); kind == "local" {
		return loadLocal(name, getenv)
	}
	return loadFile(spec)
}

// stackPrefix begins a target that is a Pulumi stack.
const stackPrefix = "pulumi:"

// LocalDir is where `local up` keeps a cluster's inventory and key; see
// the XDG base directory specification for $XDG_STATE_HOME.
func LocalDir(name string, getenv func(string) string) string {
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification ignores such a path
		state = filepath.Join(getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "swarmctl", "local", name)
}

// The files of a local cluster in LocalDir, and its default name.
const (
	InventoryFile = "inventory.json"
	IdentityFile  = "id_ed25519"
	DefaultLocal  = "local"
)

func loadLocal(name string, getenv func(string) string) (Target, error) {
	if name == "" {
		name = DefaultLocal
	}
	dir := LocalDir(name, getenv)
	t, err := loadFile(filepath.Join(dir, InventoryFile))
	if errors.Is(err, os.ErrNotExist) {
		return Target{}, invalidError{fmt.Errorf("there is no local cluster %q", name), fmt.Sprintf("`swarmctl local up%s` makes one; name another target with --target", nameFlag(name))}
	}
	if err != nil {
		return Target{}, err
	}
	t.Identities = []string{filepath.Join(dir, IdentityFile)}
	return t, nil
}

func nameFlag(name string) string {
	if name == DefaultLocal {
		return ""
	}
	return " --name " + name
}

// loadFile reads an inventory; YAML is turned into JSON first, of which it is
// a superset.
func loadFile(path string) (Target, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Target{}, invalidError{fmt.Errorf("read target: %w", err), "--target takes local, pulumi:STACK or an inventory file"}
	}
	doc, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return Target{}, invalidError{fmt.Errorf("%s: %w", path, err), ""}
	}
	inv, err := inventory.Parse(doc)
	if err != nil {
		return Target{}, invalidError{fmt.Errorf("%s: %w", path, err), ""}
	}
	return Target{Inventory: inv}, nil
}
