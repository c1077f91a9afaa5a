package cli

import (
	"fmt"
	"strings"

	"github.com/containerd/errdefs"

	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// registryError is what a registry refused, or did not answer.
type registryError struct {
	doing string
	creds registry.Credentials
	err   error
}

const logIn = "log in"

func (e registryError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.doing, e.creds, strings.TrimPrefix(e.err.Error(), "Error response from daemon: "))
}

func (e registryError) Unwrap() error { return e.err }

// Hint says what to do next.
func (e registryError) Hint() string {
	trusted := "the engine reaches the registry and trusts it: a private CA goes to /etc/docker/certs.d/" + e.creds.Registry + "/ca.crt on every machine"
	switch {
	case refused(e.err):
		return "see that user and password are right and not expired: " + loginAgain(e.creds.Registry)
	case e.doing == logIn:
		// Engines before 25 have no type for a refused login.
		return "see that user and password are right and not expired: " + loginAgain(e.creds.Registry) + "; and that " + trusted
	case e.creds.Anonymous():
		return "see that name and tag are right and that the image was pushed; a private one needs credentials: " + loginAgain(e.creds.Registry)
	}
	return "see that name and tag are right, that the user may read and write there, and that " + trusted
}

func loginAgain(host string) string {
	return fmt.Sprintf("`docker login %s` on this machine, or --registry-user with --registry-password-stdin", host)
}

// refused: the registry does not know us, or does not let us.
func refused(err error) bool {
	return errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err)
}
