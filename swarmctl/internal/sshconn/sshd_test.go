package sshconn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/inventory"
)

// These tests talk to OpenSSH's own server, whose limits the package keeps.

// openSSH starts sshd on loopback with its defaults and the settings.
func openSSH(t *testing.T, settings ...string) (inventory.Node, Config) {
	t.Helper()
	dir := t.TempDir()
	hostSigner, hostKey := newSigner(t)
	userSigner, userKey := newSigner(t)
	authorizedKeys := filepath.Join(dir, "authorized_keys")
	if err := os.WriteFile(authorizedKeys, []byte(authorized(userSigner)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	config := filepath.Join(dir, "config")
	lines := append([]string{
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", port),
		"HostKey " + writeKey(t, hostKey, ""), "AuthorizedKeysFile " + authorizedKeys,
		"PidFile none", "UsePAM no", "StrictModes no",
	}, settings...)
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	node := inventory.Node{Name: "real", Address: "127.0.0.1", Port: port, User: me.Username, HostKeys: []string{authorized(hostSigner)}}
	return node, Config{Identities: []string{writeKey(t, userKey, "")}}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func TestOpenSSHTakesEverythingAtOnce(t *testing.T) {
	node, cfg := openSSH(t)
	c, err := newPool(t, cfg).Conn(testContext(t), node)
	if err != nil {
		t.Fatal(err)
	}
	socket := echoSocket(t)
	var wg sync.WaitGroup
	for range 15 {
		wg.Go(func() {
			if res, err := c.Run(testContext(t), Command{Args: []string{"echo", "hi"}}); err != nil || res.Stdout != "hi\n" {
				t.Errorf("run: %q, %v", res.Stdout, err)
			}
		})
		wg.Go(func() {
			conn, err := c.DialUnix(testContext(t), socket)
			if err != nil {
				t.Error(err)
				return
			}
			checkEcho(t, conn)
		})
	}
	wg.Wait()
}

func TestOpenSSHDropsDialsThatAreTriedAgain(t *testing.T) {
	// Beyond the first login under way, every other connection is dropped.
	node, cfg := openSSH(t, "MaxStartups 1:50:100")
	var wg sync.WaitGroup
	for range 6 {
		p := newPool(t, cfg)
		wg.Go(func() {
			if _, err := p.Conn(testContext(t), node); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenSSHThatDoesNotForward(t *testing.T) {
	node, cfg := openSSH(t, "AllowTcpForwarding no", "AllowStreamLocalForwarding no")
	c, err := newPool(t, cfg).Conn(testContext(t), node)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Listen(testContext(t), "127.0.0.1:0"); !errors.As(err, new(*ListenError)) {
		t.Errorf("listen: %v, want a ListenError", err)
	}
	if _, err := c.DialUnix(testContext(t), echoSocket(t)); err == nil {
		t.Error("reached a socket in spite of the setting")
	}
}

func TestOpenSSHListensForUs(t *testing.T) {
	node, cfg := openSSH(t)
	c, err := newPool(t, cfg).Conn(testContext(t), node)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	l, err := c.Listen(testContext(t), addr)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = conn.Write([]byte("hello"))
			_ = conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if _, err := conn.Read(buf); err != nil || string(buf) != "hello" {
		t.Errorf("got %q, %v", buf, err)
	}
	_ = l.Close()
	if _, err := c.Listen(testContext(t), addr); err != nil {
		t.Errorf("the port was not given back: %v", err)
	}
}
