package cluster

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"strings"
)

// Installer says where the engine comes from. The zero value is not usable;
// see DockerCE.
type Installer struct {
	// Version is the engine's; the distribution's own packages have theirs.
	Version string
	// Repository is the URL of a repository as Docker lays its out: a folder
	// for each distribution, with its key in the file `gpg`.
	Repository string
	// Fingerprint is that of the repository's key, in upper case hexadecimal.
	Fingerprint string
}

// DockerCE is Docker's own repository; for the fingerprint see
// https://docs.docker.com/engine/install/debian/.
func DockerCE() Installer {
	return Installer{
		Version:     "28.5.2",
		Repository:  "https://download.docker.com/linux",
		Fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
	}
}

// The scripts are functions that their last line calls: of a script that was
// cut off, because we were killed while sending it, nothing runs.
var (
	//go:embed fetchkey.sh
	fetchKeyScript string
	//go:embed install.sh
	installScript string
	//go:embed enable.sh
	enableScript string
)

func (o InstallDocker) apply(ctx context.Context, a *applier) error {
	host, err := a.fleet.Host(ctx, o.Node)
	if err != nil {
		return err
	}
	line := func(text string) { a.sink.Output(o.Subject(), text) }
	in := a.installer
	key, err := in.fetchKey(ctx, host, o.OS)
	switch {
	case errors.Is(err, errNoRepository):
		a.sink.Warn(o.Subject(), fmt.Sprintf("%s can't be reached from there; installing the distribution's own package", in.Repository))
	case err != nil:
		return err
	}
	_, err = host.RunScript(ctx, "install Docker", in.preamble(o.OS, key)+installScript, line)
	var exit interface{ Status() int }
	if errors.As(err, &exit) && exit.Status() == exitNoVersion {
		return noVersionError{err}
	}
	return err
}

// exitNoVersion is how install.sh ends where the repository lacks the version.
const exitNoVersion = 65

// noVersionError is a repository without the engine's pinned version for the
// machine's release of its distribution.
type noVersionError struct{ error }

func (e noVersionError) Unwrap() error { return e.error }

// Hint says what to do next.
func (noVersionError) Hint() string {
	return "the distribution's release may be too old or too new for this version of Docker: take another image for the machine, or install an engine there yourself; one that is there stays"
}

// errNoRepository is a machine that can't reach the repository.
var errNoRepository = errors.New("repository not reached")

// fetchKey lets the machine fetch the repository's key and returns it once it
// is known to be the right one.
func (in Installer) fetchKey(ctx context.Context, host Host, os OS) (string, error) {
	out, err := host.RunScript(ctx, "fetch key", in.preamble(os, "")+fetchKeyScript, nil)
	if err != nil {
		return "", err
	}
	key, found := strings.CutPrefix(out, "key\n")
	if !found {
		return "", errNoRepository
	}
	if err := checkKey(key, in.Fingerprint); err != nil {
		return "", fmt.Errorf("check the key of %s: %w", in.Repository, err)
	}
	return key, nil
}

// preamble sets what the scripts read. An empty key means the distribution's
// own package.
func (in Installer) preamble(os OS, key string) string {
	vars := [][2]string{
		{"REPOSITORY", in.Repository + "/" + os.ID},
		{"CODENAME", os.Codename},
		{"VERSION", fmt.Sprintf("5:%s-1~%s.%s~%s", in.Version, os.ID, os.Version, os.Codename)},
		{"KEY", key},
	}
	var b strings.Builder
	for _, v := range vars {
		fmt.Fprintf(&b, "%s='%s'\n", v[0], strings.ReplaceAll(v[1], "'", `'\''`))
	}
	return b.String()
}

func (o EnableDocker) apply(ctx context.Context, a *applier) error {
	host, err := a.fleet.Host(ctx, o.Node)
	if err != nil {
		return err
	}
	_, err = host.RunScript(ctx, "enable Docker", enableScript, func(text string) { a.sink.Output(o.Subject(), text) })
	return err
}
