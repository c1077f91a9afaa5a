package registry

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/api/types/registry"
)

// loaded is the keychain of a docker config file.
func loaded(t *testing.T, text string) *Keychain {
	t.Helper()
	dir := t.TempDir()
	config.SetDir(dir)
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// No helper of this machine may answer.
	t.Setenv("PATH", dir)
	keys, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func find(t *testing.T, keys *Keychain, host string) Credentials {
	t.Helper()
	creds, err := keys.For(host)
	if err != nil {
		t.Fatal(err)
	}
	return creds
}

func auths(host, user, password string) string {
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func TestCredentialsComeFromDockersConfigFile(t *testing.T) {
	keys := loaded(t, auths("example.org:5000", "ann", "hunter2"))
	got := find(t, keys, "example.org:5000")
	if auth := got.Auth(); auth == nil || auth.Username != "ann" || auth.Password != "hunter2" {
		t.Errorf("got %+v", got)
	}
	if other := find(t, keys, "example.org"); !other.Anonymous() || other.Auth() != nil {
		t.Errorf("another registry got %s", other)
	}
}

func TestDockerHubHasAKeyOfItsOwn(t *testing.T) {
	keys := loaded(t, auths("https://index.docker.io/v1/", "ann", "hunter2"))
	if got := find(t, keys, Hub); got.String() != "registry docker.io as user ann" {
		t.Errorf("got %s", got)
	}
}

func TestNoConfigFileMeansNoCredentials(t *testing.T) {
	got := find(t, loaded(t, ""), "example.org")
	header, err := got.Header()
	if !got.Anonymous() || header != "" || err != nil {
		t.Errorf("got %s, %q, %v", got, header, err)
	}
}

func TestGivenCredentialsGoBeforeThoseOfTheFileAndOfAHelper(t *testing.T) {
	keys := loaded(t, `{"auths": {"example.org": {"auth": "`+base64.StdEncoding.EncodeToString([]byte("old:old"))+`"}}, "credsStore": "missing"}`)
	if _, err := keys.For("example.org"); err == nil || !strings.Contains(err.Error(), "registry example.org") {
		t.Errorf("a helper that is missing: %v", err)
	}
	keys.Give("example.org", "ann", "new")
	header, err := find(t, keys, "example.org").Header()
	if err != nil {
		t.Fatal(err)
	}
	auth, err := registry.DecodeAuthConfig(header)
	if err != nil || auth.Username != "ann" || auth.Password != "new" || auth.ServerAddress != "example.org" {
		t.Errorf("got %+v, %v", auth, err)
	}
	// BuildKit asks the file, for base images.
	if auth, err := keys.ConfigFile().GetAuthConfig("example.org"); err != nil || auth.Username != "ann" {
		t.Errorf("a build session gets %q, %v", auth.Username, err)
	}
}

func TestAHelperIsAsked(t *testing.T) {
	keys := loaded(t, `{"credHelpers": {"example.org": "test"}}`)
	script := "#!/bin/sh\nread host\necho '{\"ServerURL\":\"'$host'\",\"Username\":\"ann\",\"Secret\":\"hunter2\"}'\n"
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "docker-credential-test"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := find(t, keys, "example.org"); got.String() != "registry example.org as user ann" {
		t.Errorf("got %s", got)
	}
}

func TestAFileThatCantBeReadIsSaid(t *testing.T) {
	dir := t.TempDir()
	config.SetDir(dir)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordsAreNeverPrinted(t *testing.T) {
	keys := loaded(t, auths("example.org", "ann", "hunter2"))
	creds := find(t, keys, "example.org")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, creds); strings.Contains(text, "hunter2") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestAPasswordIsOneLine(t *testing.T) {
	for text, want := range map[string]string{"hunter2\n": "hunter2", "hunter2": "hunter2", "with space \r\n": "with space "} {
		if got, err := Password([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "\n", "two\nlines\n"} {
		if _, err := Password([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
