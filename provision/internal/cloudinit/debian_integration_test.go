//go:build integration

package cloudinit

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
)

const image = "yces-cloudinit-tests"

// docker runs a docker command with a standard input and returns what it printed.
func docker(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "docker", args...)
	command.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}

func buildImage(t *testing.T) {
	t.Helper()
	if out, err := docker(t, "", "build", "-q", "-t", image, "testdata"); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
}

func TestDocumentsKeepCloudInitsSchema(t *testing.T) {
	buildImage(t)
	schema := func(doc string) (string, error) {
		return docker(t, doc, "run", "-i", "--rm", image, "sh", "-c", "cat >/tmp/doc && cloud-init schema --config-file /tmp/doc")
	}
	for name, doc := range documents(t) {
		if out, err := schema(doc); err != nil || !strings.Contains(out, "Valid cloud-config") || strings.Contains(strings.ToLower(out), "deprecat") {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, doc)
		}
	}
	if out, err := schema("#cloud-config\nssh_deletekeys: perhaps\n"); err == nil {
		t.Errorf("the schema accepts anything:\n%s", out)
	}
}

// What a machine is after its first boot, by Debian's cloud-init.
func TestAFirstBootMakesTheMachineWhatItShouldBe(t *testing.T) {
	buildImage(t)
	script := `/usr/local/sbin/boot
cloud-init status | grep -v '^$'
grep -c . /var/lib/yces/role
stat -c '%a %n' /etc/ssh/sshd_config.d/10-yces.conf /usr/local/sbin/yces-first-boot
cat /var/log/systemctl
sshd -T | grep -E '^(permitrootlogin|passwordauthentication|kbdinteractiveauthentication|allowtcpforwarding|allowstreamlocalforwarding) '
ls /etc/ssh/ssh_host_*.pub
echo KEYS
` + HostKeysScript()
	private, public := cloudmodel.NewKey()
	docs := documents(t)
	var err error
	if docs["monitor"], err = Monitor(private, public, []string{publicKey}); err != nil {
		t.Fatal(err)
	}
	// These need Azure's disk and Jenkins's own repository, and have a test of their own.
	delete(docs, "jenkins")
	delete(docs, "jenkins without a site")
	for name, doc := range docs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := docker(t, doc, "run", "-i", "--rm", image, "sh", "-c", script)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			before, printed, _ := strings.Cut(out, "KEYS\n")
			want := []string{"status: done", "600 /etc/ssh/sshd_config.d/10-yces.conf", "755 /usr/local/sbin/yces-first-boot", "reload ssh", "permitrootlogin no", "passwordauthentication no", "kbdinteractiveauthentication no", "ssh_host_ed25519_key.pub"}
			if name == "bastion" {
				want = append(want, "allowtcpforwarding local", "allowstreamlocalforwarding no")
			} else {
				want = append(want, "allowtcpforwarding yes", "allowstreamlocalforwarding yes")
			}
			for _, line := range want {
				if !strings.Contains(before, line) {
					t.Errorf("%q is not in\n%s", line, before)
				}
			}
			if strings.Contains(before, "ssh_host_rsa") || strings.Contains(before, "ssh_host_dsa") {
				t.Errorf("old kinds of host keys:\n%s", before)
			}
			keys, err := HostKeys(printed)
			if err != nil || strings.TrimSpace(printed) != strings.Join(keys, "\n") {
				t.Errorf("the script printed %q: %v", printed, err)
			}
			if name == "monitor" && !slices.Contains(keys, strings.TrimSpace(public)) {
				t.Errorf("the monitor has the keys %q", keys)
			}
		})
	}
}

func TestShellPassesShellcheck(t *testing.T) {
	var scripts []string
	for _, pattern := range []string{"*/*.sh", "testdata/jenkins/*.sh", "testdata/jenkins/*/DEBIAN/*", "testdata/jenkins/java/usr/bin/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: found %q, %v", pattern, found, err)
		}
		scripts = append(scripts, found...)
	}
	if out, err := exec.Command("shellcheck", scripts...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
