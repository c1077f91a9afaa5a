package sshconn

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/ycesproject/yces/provision/inventory"
)

// server is an SSH server in this process that runs real commands.
type server struct {
	t        *testing.T
	addr     string
	hostKey  ssh.Signer
	cfg      *ssh.ServerConfig
	listener net.Listener

	noStreamLocal atomic.Bool // refuse to open Unix sockets, as AllowStreamLocalForwarding no does
	noForward     atomic.Bool
	mute          atomic.Bool  // accept connections and say nothing
	drop          atomic.Int32 // close that many connections before saying anything
	logins        atomic.Int32
	dials         atomic.Int32
	sessions      atomic.Int32
	maxSessions   atomic.Int32

	path string // PATH of commands

	mu    sync.Mutex
	conns []net.Conn
}

func newSigner(t *testing.T) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, key
}

// writeKey writes a private key file, encrypted where there is a passphrase.
func writeKey(t *testing.T, key ed25519.PrivateKey, passphrase string) string {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func startServer(t *testing.T, allowed ssh.PublicKey) *server {
	t.Helper()
	hostKey, _ := newSigner(t)
	s := &server{t: t, hostKey: hostKey, path: os.Getenv("PATH")}
	s.cfg = &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(allowed.Marshal()) {
				return &ssh.Permissions{}, nil
			}
			return nil, fmt.Errorf("unknown key")
		},
	}
	s.cfg.AddHostKey(hostKey)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.addr = l, l.Addr().String()
	go s.accept()
	t.Cleanup(func() { _ = l.Close(); s.cutAll() })
	return s
}

func (s *server) accept() {
	for {
		raw, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.dials.Add(1)
		if s.drop.Add(-1) >= 0 {
			_ = raw.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, raw)
		s.mu.Unlock()
		if !s.mute.Load() {
			go s.serve(raw)
		}
	}
}

// cutAll breaks every connection, as a reset does.
func (s *server) cutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) node() inventory.Node {
	host, port, _ := net.SplitHostPort(s.addr)
	n, _ := strconv.Atoi(port)
	return inventory.Node{Name: "node-" + port, Address: host, Port: n, User: "root", HostKeys: []string{authorized(s.hostKey)}}
}

func authorized(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

func (s *server) serve(raw net.Conn) {
	conn, chans, reqs, err := ssh.NewServerConn(raw, s.cfg)
	if err != nil {
		_ = raw.Close()
		return
	}
	s.logins.Add(1)
	go s.global(conn, reqs)
	for ch := range chans {
		switch ch.ChannelType() {
		case "session":
			go s.session(ch)
		case "direct-tcpip":
			go s.directTCP(ch)
		case "direct-streamlocal@openssh.com":
			go s.directUnix(ch)
		default:
			_ = ch.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *server) session(nc ssh.NewChannel) {
	if s.sessions.Add(1) > 10 {
		s.sessions.Add(-1)
		_ = nc.Reject(ssh.Prohibited, "open failed")
		return
	}
	defer s.sessions.Add(-1)
	for {
		top := s.maxSessions.Load()
		if now := s.sessions.Load(); now <= top || s.maxSessions.CompareAndSwap(top, now) {
			break
		}
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	defer func() { _ = ch.Close() }()
	var cmd *exec.Cmd
	ended := make(chan error, 1)
	for {
		select {
		case req, ok := <-reqs:
			if !ok {
				if cmd != nil { // the client closed the session: its pipes go
					<-ended
				}
				return
			}
			switch req.Type {
			case "exec":
				var m struct{ Text string }
				_ = ssh.Unmarshal(req.Payload, &m)
				cmd = s.start(ch, m.Text, ended)
				_ = req.Reply(true, nil)
			default: // signals too, which sshd does not pass on to root's commands
				_ = req.Reply(false, nil)
			}
		case err := <-ended:
			status := struct{ Code uint32 }{}
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				status.Code = uint32(exit.ExitCode())
				if exit.ExitCode() < 0 {
					status.Code = 143
				}
			}
			_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(status))
			return
		}
	}
}

func (s *server) start(ch ssh.Channel, text string, ended chan<- error) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", text)
	cmd.Env = append(os.Environ(), "PATH="+s.path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	in, _ := cmd.StdinPipe()
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
	}
	go func() {
		_, _ = io.Copy(in, ch)
		_ = in.Close()
	}()
	go func() { ended <- cmd.Wait() }()
	return cmd
}

func (s *server) directTCP(nc ssh.NewChannel) {
	var m struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(nc.ExtraData(), &m)
	to, err := net.Dial("tcp", net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port))))
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	join(nc, to)
}

func (s *server) directUnix(nc ssh.NewChannel) {
	var m struct {
		Path     string
		Reserved string
		Number   uint32
	}
	_ = ssh.Unmarshal(nc.ExtraData(), &m)
	if s.noStreamLocal.Load() {
		_ = nc.Reject(ssh.Prohibited, "administratively prohibited")
		return
	}
	to, err := net.Dial("unix", m.Path)
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, "open failed")
		return
	}
	join(nc, to)
}

func join(nc ssh.NewChannel, to net.Conn) {
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	go func() {
		_, _ = io.Copy(to, ch)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	_, _ = io.Copy(ch, to)
	_ = ch.Close()
	_ = to.Close()
}

// global answers keepalives and listens for the client.
func (s *server) global(conn *ssh.ServerConn, reqs <-chan *ssh.Request) {
	for req := range reqs {
		if req.Type != "tcpip-forward" {
			_ = req.Reply(false, nil)
			continue
		}
		var m struct {
			Addr string
			Port uint32
		}
		_ = ssh.Unmarshal(req.Payload, &m)
		l, err := net.Listen("tcp", net.JoinHostPort(m.Addr, strconv.Itoa(int(m.Port))))
		if s.noForward.Load() || err != nil {
			_ = req.Reply(false, nil)
			continue
		}
		s.t.Cleanup(func() { _ = l.Close() })
		port := uint32(l.Addr().(*net.TCPAddr).Port)
		_ = req.Reply(true, ssh.Marshal(struct{ Port uint32 }{port}))
		go forward(conn, l, m.Addr, port)
	}
}

func forward(conn *ssh.ServerConn, l net.Listener, addr string, port uint32) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		ch, reqs, err := conn.OpenChannel("forwarded-tcpip", ssh.Marshal(struct {
			Addr       string
			Port       uint32
			Origin     string
			OriginPort uint32
		}{addr, port, "127.0.0.1", 40000}))
		if err != nil {
			_ = from.Close()
			continue
		}
		go ssh.DiscardRequests(reqs)
		go func() { _, _ = io.Copy(from, ch); _ = from.Close() }()
		go func() { _, _ = io.Copy(ch, from); _ = ch.Close() }()
	}
}

// fixture is a server and a pool that may log in to it.
type fixture struct {
	*server
	pool *Pool
	key  ed25519.PrivateKey
	file string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	signer, key := newSigner(t)
	s := startServer(t, signer.PublicKey())
	file := writeKey(t, key, "")
	return &fixture{server: s, pool: newPool(t, Config{Identities: []string{file}}), key: key, file: file}
}

func newPool(t *testing.T, cfg Config) *Pool {
	t.Helper()
	p := NewPool(cfg)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (f *fixture) conn(t *testing.T) *Conn {
	t.Helper()
	c, err := f.pool.Conn(testContext(t), f.node())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
