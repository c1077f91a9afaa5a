package cluster

import (
	"os"
	"strings"
	"testing"
)

// testFingerprint is what gpg says of testdata/key.asc.
const testFingerprint = "4173FF925E57B82258D4FAADD644E6AD085736D8"

func readKey(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnlyTheOneTrustedKeyPasses(t *testing.T) {
	key := readKey(t, "key.asc")
	for name, tt := range map[string]struct {
		file, fingerprint string
		wrong             string // part of the error; empty where the key passes
	}{
		"the key":           {key, testFingerprint, ""},
		"another key":       {key, DockerCE().Fingerprint, "it holds " + testFingerprint},
		"one key more":      {readKey(t, "two-keys.asc"), testFingerprint, " and "},
		"two blocks":        {key + key, testFingerprint, "not one whole"},
		"a login page":      {"<html>", testFingerprint, "no OpenPGP public key"},
		"cut off":           {key[:len(key)/2], testFingerprint, "not one whole"},
		"no packets":        {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PUBLIC KEY BLOCK-----\n", testFingerprint, "it holds no key"},
		"not base64":        {strings.Replace(key, "\n\nm", "\n\n!", 1), testFingerprint, "base64"},
		"a line is missing": {shorten(key), testFingerprint, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkKey(tt.file, tt.fingerprint)
			switch {
			case tt.wrong == "" && err != nil:
				t.Error(err)
			case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
				t.Errorf("got %v, want %q", err, tt.wrong)
			}
		})
	}
}

// shorten takes whole lines out of the middle of the block.
func shorten(key string) string {
	lines := strings.SplitAfter(key, "\n")
	return strings.Join(append(lines[:6:6], lines[len(lines)-3:]...), "")
}

func FuzzCheckKeyNeverPanics(f *testing.F) {
	text, err := os.ReadFile("testdata/key.asc")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Fuzz(func(t *testing.T, armored string) {
		if checkKey(armored, "0000") == nil {
			t.Error("a key passed for a fingerprint that none has")
		}
	})
}
