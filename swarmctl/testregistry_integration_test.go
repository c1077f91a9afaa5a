//go:build integration

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"golang.org/x/crypto/bcrypt"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// testRegistry is Debian's docker-registry on the machines' own network, with
// a certificate of a private CA and basic authentication.
type testRegistry struct {
	m    *machines
	host string // as image names begin with it
	dir  string
	ca   []byte
	// server is shared by the copies that subtests have.
	server *registryServer
}

// registryServer is the process, which may be stopped and started again.
type registryServer struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

const registryUser = "ci"

func newTestRegistry(m *machines) *testRegistry {
	m.t.Helper()
	gateway := m.gateway()
	l, err := net.Listen("tcp", gateway+":0")
	if err != nil {
		m.t.Fatal(err)
	}
	r := &testRegistry{m: m, host: l.Addr().String(), dir: m.t.TempDir(), server: &registryServer{}}
	if err := l.Close(); err != nil {
		m.t.Fatal(err)
	}
	r.certify(net.ParseIP(gateway))
	r.password("first")
	r.write("config.yml", fmt.Sprintf(`version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: %[1]s/data}}
http:
  addr: %[2]s
  secret: not a secret
  tls: {certificate: %[1]s/cert.pem, key: %[1]s/key.pem}
auth: {htpasswd: {realm: test, path: %[1]s/htpasswd}}
`, r.dir, r.host))
	m.t.Cleanup(func() {
		r.stop()
		r.removeImages()
		if m.t.Failed() {
			m.t.Logf("the registry said:\n%s", r.server.log.String())
		}
	})
	r.start()
	// The engine that builds is this machine's; it reads the folder for each request.
	trusted := filepath.Join("/etc/docker/certs.d", r.host)
	if err := os.MkdirAll(trusted, 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = os.RemoveAll(trusted) })
	if err := os.WriteFile(filepath.Join(trusted, "ca.crt"), r.ca, 0o644); err != nil {
		m.t.Fatal(err)
	}
	for _, n := range m.target().Swarm() {
		r.trustedBy(n)
	}
	return r
}

// gateway is this machine's address on the machines' network.
func (m *machines) gateway() string {
	m.t.Helper()
	docker, err := engine.Local()
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	ours := filters.NewArgs(filters.Arg("label", "swarmctl.local.cluster="+m.name))
	networks, err := docker.NetworkList(context.Background(), network.ListOptions{Filters: ours})
	if err != nil || len(networks) != 1 || len(networks[0].IPAM.Config) == 0 {
		m.t.Fatalf("find the machines' network: %v, %+v", err, networks)
	}
	return networks[0].IPAM.Config[0].Gateway
}

// certify makes a CA and the registry's certificate.
func (r *testRegistry) certify(ip net.IP) {
	r.m.t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private CA of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "registry"}, IPAddresses: []net.IP{ip},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authorityKey, leafKey := r.key(), r.key()
	r.ca = r.sign(authority, authority, authorityKey, authorityKey)
	r.write("cert.pem", string(r.sign(leaf, authority, leafKey, authorityKey)))
	der, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		r.m.t.Fatal(err)
	}
	r.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func (r *testRegistry) key() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.m.t.Fatal(err)
	}
	return key
}

func (r *testRegistry) sign(cert, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		r.m.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (r *testRegistry) write(name, text string) {
	r.m.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.m.t.Fatal(err)
	}
}

// password sets that of the user; the registry reads it anew when it changes.
func (r *testRegistry) password(password string) {
	r.m.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		r.m.t.Fatal(err)
	}
	r.write("htpasswd", registryUser+":"+string(hash)+"\n")
}

func (r *testRegistry) start() {
	r.m.t.Helper()
	cmd := exec.Command("docker-registry", "serve", filepath.Join(r.dir, "config.yml"))
	cmd.Stdout, cmd.Stderr = &r.server.log, &r.server.log
	if err := cmd.Start(); err != nil {
		r.m.t.Fatalf("start the registry: %v; .ci/setup.sh installs it", err)
	}
	r.server.cmd = cmd
	eventually(r.m.t, 20*time.Second, "listening", func() bool {
		conn, err := net.Dial("tcp", r.host)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func (r *testRegistry) stop() {
	if r.server.cmd != nil {
		_ = r.server.cmd.Process.Kill()
		_ = r.server.cmd.Wait()
		r.server.cmd = nil
	}
}

// removeImages takes away what this machine's engine built for the registry.
func (r *testRegistry) removeImages() {
	docker, err := engine.Local()
	if err != nil {
		r.m.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	ctx := context.Background()
	images, err := docker.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", r.host+"/*/*"))})
	if err != nil {
		r.m.t.Error(err)
	}
	for _, img := range images {
		for _, tag := range img.RepoTags {
			if _, err := docker.ImageRemove(ctx, tag, image.RemoveOptions{}); err != nil {
				r.m.t.Errorf("remove image %s: %v", tag, err)
			}
		}
	}
}

// trustedBy gives the CA to a machine's engine, where engines look for it.
func (r *testRegistry) trustedBy(node inventory.Node) {
	r.m.t.Helper()
	pool := sshconn.NewPool(sshconn.Config{Identities: r.m.target().Identities})
	defer func() { _ = pool.Close() }()
	ctx := context.Background()
	conn, err := pool.Conn(ctx, node)
	if err == nil {
		err = conn.Upload(ctx, bytes.NewReader(r.ca), int64(len(r.ca)), "/etc/docker/certs.d/"+r.host+"/ca.crt", 0o644, true)
	}
	if err != nil {
		r.m.t.Fatal(err)
	}
}

// loggedIn is a user's environment after `docker login` with the password.
func (r *testRegistry) loggedIn(password string) *machines {
	r.m.t.Helper()
	dir := r.m.t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.host, auth)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
		r.m.t.Fatal(err)
	}
	return r.m.with("DOCKER_CONFIG=" + dir)
}

// digest is what the registry itself says of a tag.
func (r *testRegistry) digest(name, password string) string {
	r.m.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.ca)
	path, tag, _ := strings.Cut(name, ":")
	req, err := http.NewRequest(http.MethodHead, "https://"+r.host+"/v2/"+path+"/manifests/"+tag, nil)
	if err != nil {
		r.m.t.Fatal(err)
	}
	req.SetBasicAuth(registryUser, password)
	req.Header.Set("Accept", "application/vnd.docker.distribution.manifest.v2+json")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		r.m.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Docker-Content-Digest")
}
