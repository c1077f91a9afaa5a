package sshconn

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/ycesproject/yces/provision/inventory"
)

func TestManyCallersShareOneConnection(t *testing.T) {
	f := newFixture(t)
	conns := make([]*Conn, 20)
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() { conns[i] = f.conn(t) })
	}
	wg.Wait()
	for _, c := range conns {
		if c != conns[0] {
			t.Fatal("callers were given different connections")
		}
	}
	if n := f.dials.Load(); n != 1 {
		t.Errorf("dialled %d times, want 1", n)
	}
}

func TestBrokenConnectionIsDialledAnew(t *testing.T) {
	f := newFixture(t)
	first := f.conn(t)
	f.cutAll()
	<-first.gone
	if _, err := f.conn(t).Run(testContext(t), Command{Args: []string{"true"}}); err != nil {
		t.Fatal(err)
	}
	if n := f.logins.Load(); n != 2 {
		t.Errorf("logged in %d times, want 2", n)
	}
}

func TestDroppedDialsAreRepeated(t *testing.T) {
	f := newFixture(t)
	f.drop.Store(3)
	f.conn(t)
	if n := f.dials.Load(); n != 4 {
		t.Errorf("dialled %d times, want 4", n)
	}
}

func TestDialsAtOneTimeAreBounded(t *testing.T) {
	f := newFixture(t)
	f.mute.Store(true)
	f.pool = newPool(t, Config{Identities: []string{f.file}, MaxDials: 2, ConnectTimeout: 300 * time.Millisecond})
	var wg sync.WaitGroup
	for i := range 6 {
		node := f.node()
		node.Name += string(rune('a' + i))
		wg.Go(func() { _, _ = f.pool.Conn(testContext(t), node) })
	}
	time.Sleep(150 * time.Millisecond)
	if n := f.dials.Load(); n != 2 {
		t.Errorf("%d dials at one time, want 2", n)
	}
	wg.Wait()
}

func TestWrongHostKeyIsRefusedAndNamed(t *testing.T) {
	f := newFixture(t)
	other, _ := newSigner(t)
	node := f.node()
	node.HostKeys = []string{authorized(other)}
	_, err := f.pool.Conn(testContext(t), node)
	var wrong *HostKeyError
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want a HostKeyError", err)
	}
	if want := "ssh-ed25519 " + ssh.FingerprintSHA256(f.hostKey.PublicKey()); wrong.Shown != want {
		t.Errorf("shown %q, want %q", wrong.Shown, want)
	}
	if want := "ssh-ed25519 " + ssh.FingerprintSHA256(other.PublicKey()); len(wrong.Expected) != 1 || wrong.Expected[0] != want {
		t.Errorf("expected %q, want %q", wrong.Expected, want)
	}
	if n := f.logins.Load(); n != 0 {
		t.Errorf("logged in %d times in spite of the key", n)
	}
	if n := f.dials.Load(); n != 1 {
		t.Errorf("dialled %d times, want 1: a wrong key is not retried", n)
	}
}

func TestKeyOfAnotherTypeIsNamedToo(t *testing.T) {
	f := newFixture(t)
	node := f.node()
	node.HostKeys = []string{"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="}
	_, err := f.pool.Conn(testContext(t), node)
	var wrong *HostKeyError
	if !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Shown, "ssh-ed25519 SHA256:") {
		t.Fatalf("got %v, want a HostKeyError that names the key shown", err)
	}
}

func TestUnknownKeyIsAnAuthErrorThatListsWhatWasTried(t *testing.T) {
	f := newFixture(t)
	_, stranger := newSigner(t)
	_, locked := newSigner(t)
	strangerFile, lockedFile := writeKey(t, stranger, ""), writeKey(t, locked, "secret")
	missing := filepath.Join(t.TempDir(), "none")
	p := newPool(t, Config{Identities: []string{strangerFile, lockedFile, missing}})
	_, err := p.Conn(testContext(t), f.node())
	var refused *AuthError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want an AuthError", err)
	}
	for _, want := range []string{strangerFile + " (ssh-ed25519 SHA256:", lockedFile + " (encrypted", missing + " (no such file"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q: %v", want, err)
		}
	}
	if !strings.Contains(refused.Hint(), "ssh-add") {
		t.Errorf("hint for an encrypted key: %q", refused.Hint())
	}
	if n := f.dials.Load(); n != 1 {
		t.Errorf("dialled %d times, want 1: a refusal is not retried", n)
	}
}

func TestAgentOpensAnEncryptedKey(t *testing.T) {
	f := newFixture(t)
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: f.key}); err != nil {
		t.Fatal(err)
	}
	p := newPool(t, Config{Identities: []string{writeKey(t, f.key, "secret")}, AgentSocket: serveAgent(t, ring)})
	if _, err := p.Conn(testContext(t), f.node()); err != nil {
		t.Fatal(err)
	}
}

func serveAgent(t *testing.T, ring agent.Agent) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
	return socket
}

func TestDefaultIdentitiesArePassedOverWhereMissing(t *testing.T) {
	f := newFixture(t)
	p := newPool(t, Config{DefaultIdentities: append(DefaultIdentities(t.TempDir()), f.file)})
	if _, err := p.Conn(testContext(t), f.node()); err != nil {
		t.Fatal(err)
	}
}

func TestSilentHostIsUnreachableInTime(t *testing.T) {
	f := newFixture(t)
	f.mute.Store(true)
	p := newPool(t, Config{Identities: []string{f.file}, ConnectTimeout: 100 * time.Millisecond})
	_, err := p.Conn(testContext(t), f.node())
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !errors.Is(err, errSilent) {
		t.Fatalf("got %v, want an UnreachableError for silence", err)
	}
	if unreachable.ExitCode() != 6 {
		t.Errorf("exit code %d, want 6", unreachable.ExitCode())
	}
}

func TestRefusedPortIsUnreachable(t *testing.T) {
	f := newFixture(t)
	_ = f.listener.Close()
	_, err := f.pool.Conn(testContext(t), f.node())
	if !errors.As(err, new(*UnreachableError)) {
		t.Fatalf("got %v, want an UnreachableError", err)
	}
}

func TestCancelledCallerLeavesTheDialToTheNext(t *testing.T) {
	f := newFixture(t)
	f.mute.Store(true)
	ctx, cancel := context.WithCancel(testContext(t))
	first := make(chan error, 1)
	go func() {
		_, err := f.pool.Conn(ctx, f.node())
		first <- err
	}()
	for f.dials.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	go func() {
		_, err := f.pool.Conn(testContext(t), f.node())
		second <- err
	}()
	f.mute.Store(false)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled caller: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the other caller: %v", err)
	}
}

func TestBastionIsSharedAndItsKeyChecked(t *testing.T) {
	f := newFixture(t)
	signer := f.signer(t)
	bastion := startServer(t, signer.PublicKey())
	b := bastion.node()
	via := &inventory.Bastion{Address: b.Address, Port: b.Port, User: b.User, HostKeys: b.HostKeys}
	other := startServer(t, signer.PublicKey())

	p := newPool(t, Config{Identities: []string{f.file}, Bastion: via})
	for _, s := range []*server{f.server, other} {
		c, err := p.Conn(testContext(t), s.node())
		if err != nil {
			t.Fatal(err)
		}
		if res, err := c.Run(testContext(t), Command{Args: []string{"echo", "hi"}}); err != nil || res.Stdout != "hi\n" {
			t.Fatalf("got %q, %v", res.Stdout, err)
		}
	}
	if n := bastion.logins.Load(); n != 1 {
		t.Errorf("logged in to the bastion %d times, want 1", n)
	}

	wrong := *via
	wrong.HostKeys = f.node().HostKeys
	_, err := newPool(t, Config{Identities: []string{f.file}, Bastion: &wrong}).Conn(testContext(t), f.node())
	var key *HostKeyError
	if !errors.As(err, &key) || key.Host != "bastion" {
		t.Errorf("wrong key of the bastion: %v", err)
	}
}

func (f *fixture) signer(t *testing.T) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(f.key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostBehindTheBastionIsUnreachable(t *testing.T) {
	f := newFixture(t)
	bastion := startServer(t, f.signer(t).PublicKey())
	b := bastion.node()
	_ = f.listener.Close()
	p := newPool(t, Config{Identities: []string{f.file}, Bastion: &inventory.Bastion{Address: b.Address, Port: b.Port, User: b.User, HostKeys: b.HostKeys}})
	_, err := p.Conn(testContext(t), f.node())
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || unreachable.Via != "127.0.0.1" {
		t.Fatalf("got %v, want an UnreachableError that names the bastion", err)
	}
}

func TestMutedHostIsGivenUp(t *testing.T) {
	f := newFixture(t)
	// A proxy that can stop passing bytes on, as a dead network does.
	proxy, freeze := startProxy(t, f.addr)
	node := f.node()
	node.Port = proxy
	p := newPool(t, Config{Identities: []string{f.file}, KeepAlive: 50 * time.Millisecond})
	c, err := p.Conn(testContext(t), node)
	if err != nil {
		t.Fatal(err)
	}
	freeze()
	start := time.Now()
	_, err = c.Run(testContext(t), Command{Args: []string{"sleep", "20"}})
	if !errors.As(err, new(*UnreachableError)) || !errors.Is(err, errDead) {
		t.Fatalf("got %v, want an UnreachableError for a dead machine", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("noticed after %v", took)
	}
}

func TestClosedPoolConnectsNoMore(t *testing.T) {
	f := newFixture(t)
	c := f.conn(t)
	if err := f.pool.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pool.Conn(testContext(t), f.node()); !errors.Is(err, ErrClosed) {
		t.Errorf("Conn: %v, want ErrClosed", err)
	}
	if _, err := c.Run(testContext(t), Command{Args: []string{"true"}}); !errors.Is(err, ErrClosed) {
		t.Errorf("Run: %v, want ErrClosed", err)
	}
}
