//go:build integration

package cloudinit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cloudsVariable makes this test binary the stand-ins for what a machine
// reaches outside; its value is their folder.
const cloudsVariable = "CLOUDINIT_TEST_CLOUDS"

// accessToken is what the stand-in of the metadata service gives.
const accessToken = "eyJ0eXAiOiJKV1QifQ.machines-own-token"

func TestMain(m *testing.M) {
	if folder := os.Getenv(cloudsVariable); folder != "" {
		fmt.Fprintln(os.Stderr, serveClouds(folder))
		return
	}
	m.Run()
}

// serveClouds answers as Azure's metadata service on port 80, and on port 443 as
// a key vault and as the hosts whose files lie in www/HOST.
func serveClouds(folder string) error {
	hosts := http.NewServeMux()
	hosts.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, r.Method, r.Host, r.URL.Path)
		if strings.HasSuffix(r.Host, ".vault.azure.net") {
			vault(folder, w, r)
			return
		}
		http.FileServer(http.Dir(filepath.Join(folder, "www", filepath.Base(r.Host)))).ServeHTTP(w, r)
	}))
	ended := make(chan error)
	go func() { ended <- http.ListenAndServe(":80", http.HandlerFunc(metadata)) }()
	go func() {
		ended <- http.ListenAndServeTLS(":443", filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), hosts)
	}()
	return <-ended
}

// metadata is the part of the metadata service that gives tokens; see
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token.
func metadata(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(os.Stderr, r.Method, r.Host, r.URL.Path)
	query := r.URL.Query()
	switch {
	case r.Host != "169.254.169.254" || r.URL.Path != "/metadata/identity/oauth2/token":
		http.NotFound(w, r)
	case r.Header.Get("Metadata") != "true" || r.Header.Get("X-Forwarded-For") != "":
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "Required metadata header not specified"})
	case query.Get("api-version") != "2018-02-01" || query.Get("resource") != "https://vault.azure.net":
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_resource"})
	default:
		answer(w, http.StatusOK, map[string]any{"access_token": accessToken, "token_type": "Bearer", "resource": query.Get("resource")})
	}
}

// vault keeps secrets in a folder. It lets the machine in once there is a file
// admitted, and is away while there is a file away.
func vault(folder string, w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/secrets/")
	value, err := os.ReadFile(filepath.Join(folder, "secrets", filepath.Base(name)))
	switch {
	case exists(folder, "away"):
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "")
	case r.Header.Get("Authorization") != "Bearer "+accessToken:
		refuse(w, http.StatusUnauthorized, "Unauthorized", "AKV10000")
	case !exists(folder, "admitted"):
		refuse(w, http.StatusForbidden, "Forbidden", "ForbiddenByRbac")
	case r.URL.Query().Get("api-version") != "7.4" || strings.ContainsAny(name, "_/"):
		refuse(w, http.StatusBadRequest, "BadParameter", "")
	case errors.Is(err, os.ErrNotExist):
		refuse(w, http.StatusNotFound, "SecretNotFound", "")
	default:
		answer(w, http.StatusOK, map[string]any{"value": string(value), "id": "https://" + r.Host + r.URL.Path + "/1"})
	}
}

func exists(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}

func refuse(w http.ResponseWriter, status int, code, inner string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": "no", "innererror": map[string]any{"code": inner}}})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
