package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// imageFlags say where images are built, where they go, and which are taken as
// they are.
type imageFlags struct {
	// builder is "local" or "node:NAME".
	builder string
	// registry is where built images are pushed, whatever their names say.
	registry      string
	user          string
	passwordStdin bool
	// chosen are the images of --image, [SERVICE=]REF.
	chosen []string
	// file is what build and push write and the others read.
	file string
	// built is what push pushes, where a file names it.
	built *madeImages
}

const localBuilder = "local"

// registerBuild adds the flags of those who build or push.
func (f *imageFlags) registerBuild(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.builder, "builder", localBuilder, "the `ENGINE` that builds, pushes and holds images: local, or node:NAME for a machine's, over SSH")
	complete(cmd, "builder", localBuilder, "node:")
	flags.StringVar(&f.registry, "registry", "", "`HOST[/PATH]` that built images are pushed to, whatever their names say")
	f.registerLogin(cmd)
}

// registerLogin adds the flags of those whose nodes may pull.
func (f *imageFlags) registerLogin(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.user, "registry-user", "", "`USER` at the registry (default: docker's own credentials)")
	cmd.Flags().BoolVar(&f.passwordStdin, "registry-password-stdin", false, "read the registry's password or token from standard input")
}

// registerChosen adds the flags of those who can take images as they are.
func (f *imageFlags) registerChosen(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.chosen, "image", nil, "take `[SERVICE=]NAME@DIGEST` and build nothing; may be given several times")
	flags.StringVar(&f.file, "images", "", "take the images that `FILE` names, written by build or push, and build nothing")
}

// check finds what no stack could make right.
func (f *imageFlags) check() error {
	var faults []error
	if f.builder != localBuilder && f.builderNode() == "" {
		faults = append(faults, fmt.Errorf("--builder: must be local or node:NAME, got %q", f.builder))
	}
	if f.registry != "" {
		if err := registry.CheckPrefix(f.registry); err != nil {
			faults = append(faults, fmt.Errorf("--registry: %w, got %q", err, f.registry))
		}
	}
	if f.passwordStdin != (f.user != "") {
		faults = append(faults, errors.New("--registry-user and --registry-password-stdin: one needs the other"))
	}
	if f.file != "" && len(f.chosen) > 0 {
		faults = append(faults, errors.New("--image and --images: one of them says it all"))
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// builderNode is the machine that builds, empty for this one.
func (f *imageFlags) builderNode() string {
	name, _ := strings.CutPrefix(f.builder, "node:")
	if name == f.builder {
		return ""
	}
	return name
}

// keychain is docker's, with the credentials that were given for the registry.
func (f *imageFlags) keychain(in io.Reader, hosts []string) (*registry.Keychain, error) {
	keys, err := registry.Load()
	if err != nil {
		return nil, usageError{err}
	}
	if f.user == "" {
		return keys, nil
	}
	switch {
	case len(hosts) == 0:
		return nil, usageError{errors.New("--registry-user: no image names a registry; say which with --registry")}
	case len(hosts) > 1:
		return nil, usageError{fmt.Errorf("--registry-user: images name several registries: %s; say which with --registry, and `docker login` to the others", strings.Join(hosts, ", "))}
	}
	// A registry's tokens are a few kilobytes at most.
	text, err := io.ReadAll(io.LimitReader(in, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("read the registry's password: %w", err)
	}
	password, err := registry.Password(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("--registry-password-stdin: %w", err)}
	}
	keys.Give(hosts[0], f.user, password)
	return keys, nil
}
