package cloudinit

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n"
	publicKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"
)

// documents are all that machines start with.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for name, write := range map[string]func() (string, error){
		"node": Node, "bastion": Bastion,
		"jenkins": func() (string, error) { return Jenkins(build(t)) }, "jenkins without a site": func() (string, error) { return Jenkins(Build{KeyFingerprint: build(t).KeyFingerprint}) },
		"monitor": func() (string, error) { return Monitor(privateKey, publicKey, []string{publicKey}) },
	} {
		doc, err := write()
		if err != nil {
			t.Fatal(err)
		}
		docs[name] = doc
	}
	return docs
}

func TestADocumentIsTheSameEachTime(t *testing.T) {
	first, second := documents(t), documents(t)
	for name := range first {
		if first[name] != second[name] {
			t.Errorf("%s differs from itself", name)
		}
	}
}

func TestEveryDocumentClosesPasswordsAndRoot(t *testing.T) {
	for name, doc := range documents(t) {
		var c config
		if err := yaml.UnmarshalStrict([]byte(doc), &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.HasPrefix(doc, "#cloud-config\n") || c.SSHPasswords || !c.DisableRoot || !c.DeleteHostKeys {
			t.Errorf("%s: %+v", name, c)
		}
		if !slices.ContainsFunc(c.WriteFiles, func(f file) bool {
			return f.Path == "/etc/ssh/sshd_config.d/10-yces.conf" && strings.Contains(f.Content, "PasswordAuthentication no")
		}) {
			t.Errorf("%s does not configure sshd", name)
		}
	}
}

func TestOnlyTheMonitorBringsItsHostKey(t *testing.T) {
	for name, doc := range documents(t) {
		if got := strings.Contains(doc, "BEGIN OPENSSH PRIVATE KEY"); got != (name == "monitor") {
			t.Errorf("%s holds a private key: %t", name, got)
		}
	}
}

func TestHostKeysAreReadFromWhatAMachinePrinted(t *testing.T) {
	got, err := HostKeys("warning: x\n" + publicKey + " root@n1\necdsa-sha2-nistp256 AAAA= root@n1\n\n")
	if want := []string{publicKey, "ecdsa-sha2-nistp256 AAAA="}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, output := range []string{"", "ssh-ed25519\n", "no such file\n"} {
		if _, err := HostKeys(output); !errors.Is(err, ErrNoHostKeys) {
			t.Errorf("%q: got %v", output, err)
		}
	}
}
