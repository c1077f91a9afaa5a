package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker/api/types/registry"
)

// hubKey is what docker's config file calls Docker Hub.
const hubKey = "https://index.docker.io/v1/"

// Credentials are those for one registry. They print as registry and user,
// never as the password.
type Credentials struct {
	// Registry is the host, as image names begin with it.
	Registry string
	auth     registry.AuthConfig
}

// String says whom the registry takes us for.
func (c Credentials) String() string {
	switch {
	case c.Anonymous():
		return "registry " + c.Registry + " without credentials"
	case c.auth.Username == "":
		return "registry " + c.Registry + " with a token"
	}
	return "registry " + c.Registry + " as user " + c.auth.Username
}

// GoString keeps the password out of %#v as well.
func (c Credentials) GoString() string { return c.String() }

// Anonymous tells whether there are no credentials.
func (c Credentials) Anonymous() bool {
	return c.auth.Username == "" && c.auth.IdentityToken == "" && c.auth.RegistryToken == ""
}

// Auth is what the engine's API takes; it is nil where a login would prove
// nothing, because there is no user or only a token for one request.
func (c Credentials) Auth() *registry.AuthConfig {
	if c.Anonymous() || c.auth.RegistryToken != "" {
		return nil
	}
	auth := c.auth
	return &auth
}

// Header is the value of X-Registry-Auth, empty without credentials.
func (c Credentials) Header() (string, error) {
	if c.Anonymous() {
		return "", nil
	}
	text, err := registry.EncodeAuthConfig(c.auth)
	if err != nil {
		return "", fmt.Errorf("encode credentials for %s: %w", c, err)
	}
	return text, nil
}

// Keychain finds credentials by registry.
type Keychain struct {
	file  *configfile.ConfigFile
	given map[string]types.AuthConfig
}

// Load reads docker's config file: $DOCKER_CONFIG/config.json, else
// ~/.docker/config.json. That there is none is no fault.
func Load() (*Keychain, error) {
	file, err := config.Load("")
	if err != nil {
		return nil, fmt.Errorf("read docker's credentials: %w", err)
	}
	if !file.ContainsAuth() {
		file.CredentialsStore = credentials.DetectDefaultStore(file.CredentialsStore)
	}
	return &Keychain{file: file, given: map[string]types.AuthConfig{}}, nil
}

// Give adds credentials that go before those of docker's config file.
func (k *Keychain) Give(host, user, password string) {
	auth := types.AuthConfig{Username: user, Password: password, ServerAddress: key(host)}
	k.given[host] = auth
	if k.file.AuthConfigs == nil {
		k.file.AuthConfigs = map[string]types.AuthConfig{}
	}
	if k.file.CredentialHelpers == nil {
		k.file.CredentialHelpers = map[string]string{}
	}
	// A helper that is there and empty: the store of all hosts is not asked.
	k.file.AuthConfigs[key(host)] = auth
	k.file.CredentialHelpers[key(host)] = ""
}

// For finds the credentials for a registry; they are anonymous where there are none.
func (k *Keychain) For(host string) (Credentials, error) {
	auth, ok := k.given[host]
	if !ok {
		var err error
		if auth, err = k.file.GetAuthConfig(key(host)); err != nil {
			return Credentials{}, helperError{host, err}
		}
	}
	if auth.ServerAddress == "" {
		auth.ServerAddress = key(host)
	}
	return Credentials{Registry: host, auth: registry.AuthConfig(auth)}, nil
}

// ConfigFile is the keychain as BuildKit's sessions take it. Nothing of it is
// ever saved.
func (k *Keychain) ConfigFile() *configfile.ConfigFile { return k.file }

func key(host string) string {
	if host == Hub || host == "index."+Hub {
		return hubKey
	}
	return host
}

// helperError is a credential helper that did not answer.
type helperError struct {
	host string
	err  error
}

func (e helperError) Error() string {
	return fmt.Sprintf("ask docker's credential helper for registry %s: %v", e.host, e.err)
}

func (e helperError) Unwrap() error { return e.err }

// Hint says what to do next.
func (e helperError) Hint() string {
	return "the helper is named by credsStore or credHelpers in docker's config.json and must be on the PATH; --registry-user with --registry-password-stdin goes without it"
}

// Password takes a password as it is piped: one line, without its end.
func Password(text []byte) (string, error) {
	password := strings.TrimRight(string(text), "\r\n")
	switch {
	case password == "":
		return "", errors.New("standard input is empty")
	case strings.ContainsAny(password, "\r\n"):
		return "", errors.New("standard input has several lines")
	}
	return password, nil
}
