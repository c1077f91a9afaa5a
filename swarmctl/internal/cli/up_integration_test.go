//go:build integration

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/cluster"
	"github.com/ycesproject/yces/swarmctl/internal/display"
	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// repository is an apt repository laid out and signed as Docker's is. Its
// docker-ce is the distribution's engine in another box, so that it runs.
type repository struct {
	url, fingerprint string
}

const testVersion = "28.5.2"

func newRepository(t *testing.T, gateway netip.Addr) repository {
	t.Helper()
	root := t.TempDir()
	debian := filepath.Join(root, "linux", "debian")
	pool := filepath.Join(debian, "dists", "bookworm", "pool")
	pinned := "5:" + testVersion + "-1~debian.12~bookworm"
	var index strings.Builder
	engine := unpackEngine(t)
	for _, p := range []struct{ name, version, content, depends string }{
		{"docker-ce", pinned, engine, "containerd, runc, iptables"},
		{"docker-ce-cli", pinned, t.TempDir(), ""},
		{"docker-ce", "5:99.0.0-1~debian.12~bookworm", t.TempDir(), ""}, // newer, and not asked for
		{"docker-ce-cli", "5:99.0.0-1~debian.12~bookworm", t.TempDir(), ""},
		{"containerd.io", "1.7.28-1", t.TempDir(), ""},
	} {
		index.WriteString(makePackage(t, debian, pool, p.name, p.version, p.content, p.depends))
	}
	release := filepath.Join(debian, "dists", "bookworm")
	packages := filepath.Join(release, "stable", "binary-amd64", "Packages")
	write(t, packages, index.String())
	sum := sha256.Sum256([]byte(index.String()))
	write(t, filepath.Join(release, "Release"), fmt.Sprintf(
		"Origin: Docker\nSuite: bookworm\nCodename: bookworm\nComponents: stable\nArchitectures: amd64\nDate: %s\nSHA256:\n %x %d stable/binary-amd64/Packages\n",
		time.Now().UTC().Format(time.RFC1123), sum, index.Len()))
	home := "GNUPGHOME=" + shortDir(t)
	tool(t, home, "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "Test repository", "rsa3072", "sign", "never")
	tool(t, home, "gpg", "--batch", "--clearsign", "--output", filepath.Join(release, "InRelease"), filepath.Join(release, "Release"))
	tool(t, home, "gpg", "--batch", "--armor", "--output", filepath.Join(debian, "gpg"), "--export")
	var fingerprint string
	for line := range strings.Lines(tool(t, home, "gpg", "--batch", "--with-colons", "--list-keys")) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" && fingerprint == "" {
			fingerprint = fields[9]
		}
	}
	return repository{serve(t, root, gateway) + "/linux", fingerprint}
}

// unpackEngine returns the folder of the distribution's own package.
func unpackEngine(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("apt-get", "download", "docker.io")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("apt-get download docker.io: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "docker.io_*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("downloaded %q, %v", found, err)
	}
	unpacked := filepath.Join(dir, "unpacked")
	tool(t, "", "dpkg-deb", "--raw-extract", found[0], unpacked)
	return unpacked
}

func makePackage(t *testing.T, debian, pool, name, version, content, depends string) string {
	t.Helper()
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: Test <test@example.com>\nDescription: test\n", name, version)
	if depends != "" {
		control += "Depends: " + depends + "\n"
	}
	write(t, filepath.Join(content, "DEBIAN", "control"), control)
	file := filepath.Join(pool, name+"_"+strings.ReplaceAll(version, ":", "_")+".deb")
	if err := os.MkdirAll(pool, 0o755); err != nil {
		t.Fatal(err)
	}
	tool(t, "", "dpkg-deb", "--root-owner-group", "-Znone", "--build", content, file)
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(debian, file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%sFilename: %s\nSize: %d\nSHA256: %x\n\n", control, path, len(body), sha256.Sum256(body))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shortDir is for gpg, whose agent's socket must have a short path.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("env", "GNUPGHOME="+dir, "gpgconf", "--kill", "gpg-agent").Run()
		_ = os.RemoveAll(dir)
	})
	return dir
}

func tool(t *testing.T, env, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env)
	var diagnostics bytes.Buffer
	cmd.Stderr = &diagnostics
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, out, diagnostics.String())
	}
	return string(out)
}

// serve serves the folder where the machines reach this one.
func serve(t *testing.T, root string, gateway netip.Addr) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(gateway.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.FileServer(http.Dir(root))}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + l.Addr().String()
}

// newLocalApp makes bare machines of its own and returns the app that has them as target.
func newLocalApp(t *testing.T, managers string) *app {
	t.Helper()
	name := fmt.Sprintf("it-%d", time.Now().UnixNano()%1_000_000)
	dir := t.TempDir()
	getenv := func(key string) string {
		if key == "XDG_STATE_HOME" {
			return dir
		}
		return os.Getenv(key)
	}
	run := func(args ...string) {
		var log bytes.Buffer
		if code := Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &log, Err: &log}, getenv); code != 0 {
			t.Fatalf("%q: exit code %d\n%s", args, code, log.String())
		}
	}
	t.Cleanup(func() {
		cmd := []string{"local", "down", "--name", name}
		// The test's context has ended by now.
		if code := Main(context.Background(), cmd, Streams{Out: io.Discard, Err: os.Stderr}, getenv); code != 0 {
			t.Errorf("%q: exit code %d", cmd, code)
		}
	})
	run("local", "up", "--bare", "--name", name, "--managers", managers, "--http-port", "0")
	d, err := display.New(io.Discard, display.None, getenv)
	if err != nil {
		t.Fatal(err)
	}
	return &app{getenv: getenv, target: "local:" + name, display: d}
}

func TestInstallFromASignedRepository(t *testing.T) {
	a := newLocalApp(t, "1")
	f, err := a.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	node := f.ByRole(inventory.Manager)[0]
	addr := netip.MustParseAddr(node.Address).As4()
	addr[3] = 1 // the bridge's own address
	repo := newRepository(t, netip.AddrFrom4(addr))
	good := cluster.Installer{Version: testVersion, Repository: repo.url, Fingerprint: repo.fingerprint}

	wrong := good
	wrong.Fingerprint = cluster.DockerCE().Fingerprint
	if err := applyUp(t, a, f, wrong); err == nil || !strings.Contains(err.Error(), "it holds "+repo.fingerprint) {
		t.Fatalf("with another key: %v", err)
	}
	if out := onNode(t, f, node, "command -v dockerd; ls /etc/apt/keyrings; true"); strings.Contains(out, "docker") {
		t.Fatalf("with another key, the machine now has:\n%s", out)
	}

	absent := good
	absent.Version = "28.0.0"
	err = applyUp(t, a, f, absent)
	if err == nil || !strings.Contains(err.Error(), "has no docker-ce 5:28.0.0-1~debian.12~bookworm; it has: 5:99.0.0-1~debian.12~bookworm 5:28.5.2-1") || hintOf(err) == "" {
		t.Fatalf("with a version that is not there: %v", err)
	}

	if err := applyUp(t, a, f, good); err != nil {
		t.Fatal(err)
	}
	out := onNode(t, f, node, "dpkg-query -W -f '${Version}\\n' docker-ce; apt-mark showhold; systemctl is-enabled docker")
	want := "5:28.5.2-1~debian.12~bookworm\ncontainerd.io\ndocker-ce\ndocker-ce-cli\nenabled\n"
	if out != want {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
	plan, err := a.planUp(t.Context(), f.Inventory, clusterFleet{f})
	if err != nil || !plan.Empty() {
		t.Errorf("run again: %v\n%s", err, plan)
	}
}

func applyUp(t *testing.T, a *app, f *fleet, from cluster.Installer) error {
	t.Helper()
	plan, err := a.planUp(t.Context(), f.Inventory, clusterFleet{f})
	if err != nil {
		t.Fatal(err)
	}
	return plan.Apply(t.Context(), clusterFleet{f}, from, func(e event.Event) { t.Log(e.Kind, e.Subject, e.Text) })
}

func onNode(t *testing.T, f *fleet, node inventory.Node, script string) string {
	t.Helper()
	host, err := clusterFleet{f}.Host(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	out, err := host.RunScript(t.Context(), "look", script, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
