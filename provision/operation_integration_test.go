//go:build integration

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
	"github.com/ycesproject/yces/provision/inventory"
)

// operation is a stack whose machines run, and an operator's home.
type operation struct {
	*pulumiStack
	vms            *vms
	edge           *edge
	home, swarmctl string
}

// The operator's address, as the edge sees it, and a stranger's.
const (
	operatorAddress = "127.0.0.1"
	strangerAddress = "127.0.0.9"
)

// newOperation has nothing yet but settings and a key. The machines' network is a
// quarter the nodes', an eighth the bastion's and one Jenkins's, and half the
// monitoring host's.
func newOperation(t *testing.T, config ...string) *operation {
	t.Helper()
	o := &operation{home: t.TempDir()}
	number := operations.Add(1)
	o.vms = newVMs(t, fmt.Sprintf("yces-test-%d-%d", os.Getpid(), number))
	world := cloudmodel.New(o.vms)
	// Of this test in this process alone: several may run at once.
	block := func(cloud int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(64 + os.Getpid()>>8%32*4 + int(number)%2*2 + cloud), byte(os.Getpid()), 0}), 24)
	}
	world.In(block(0), block(1))
	private, key := cloudmodel.NewKey()
	part := func(first byte, bits int) string {
		four := o.vms.subnet.Addr().As4()
		four[3] = first
		return netip.PrefixFrom(netip.AddrFrom4(four), bits).String()
	}
	o.pulumiStack = newStackOn(t, world, nil, "Pulumi.dev.yaml", append([]string{
		"sshKeys[0]", strings.TrimSpace(key), "adminCidrs[0]", operatorAddress + "/32", "jenkins", "false",
		"networkCidr", part(0, 25), "swarmCidr", part(0, 26), "bastionCidr", part(64, 27), "jenkinsCidr", part(96, 27), "monitorCidr", part(128, 25),
	}, config...)...)
	o.edge = newEdge(t, world)
	o.arrange(private)
	return o
}

// operations counts them.
var operations atomic.Int32

// arrange puts the login key where ssh has it, and both commands on the PATH.
func (o *operation) arrange(key string) {
	o.t.Helper()
	var err error
	if o.swarmctl, err = buildSwarmctl(); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Symlink(cli(), filepath.Join(o.bin, "pulumi")); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(o.home, ".ssh"), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.home, ".ssh", "id_ed25519"), []byte(key), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// step says how long a step takes.
func (o *operation) step(name string, do func()) {
	o.t.Helper()
	start := time.Now()
	do()
	o.t.Logf("%6.1f s  %s", time.Since(start).Seconds(), name)
}

// apply runs `pulumi up`, after which the network is as the stack says.
func (o *operation) apply() {
	o.t.Helper()
	o.up()
	o.edge.follow()
}

// run runs swarmctl where Pulumi.yaml is, for the repository's own service.
func (o *operation) run(replicas int, args ...string) (stdout, stderr string, code int) {
	o.t.Helper()
	command := exec.CommandContext(o.t.Context(), o.swarmctl, append([]string{"-t", "pulumi:dev"}, args...)...)
	command.Dir = o.project
	command.Env = append(slices.Clone(o.env), "HOME="+o.home, "SSH_AUTH_SOCK=", "QR_IMAGE=yces/qr-provision", fmt.Sprintf("QR_REPLICAS=%d", replicas),
		"APP_DRAIN=3s", "UPDATE_DELAY=2s", "UPDATE_MONITOR=6s", "STOP_GRACE=12s", "HEALTH_INTERVAL=1s", "HEALTH_START_PERIOD=1s", "APP_RATE_LIMIT=off")
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		o.t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

// do is run for what has to succeed.
func (o *operation) do(replicas int, args ...string) string {
	o.t.Helper()
	stdout, stderr, code := o.run(replicas, args...)
	if code != 0 {
		o.t.Fatalf("swarmctl %s exited %d:\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

func (o *operation) deploy(replicas int) {
	o.t.Helper()
	file, err := filepath.Abs("../compose.yaml")
	if err != nil {
		o.t.Fatal(err)
	}
	o.do(replicas, "deploy", "--file", file)
}

// onMachine runs a script as root on a machine, past SSH.
func (o *operation) onMachine(name, script string) string {
	o.t.Helper()
	out, err := o.vms.Run(name, script)
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

// logIn is who plain ssh becomes there, knowing the keys of the outputs alone.
func (o *operation) logIn(n inventory.Node) string {
	o.t.Helper()
	known := filepath.Join(o.t.TempDir(), "known_hosts")
	var text strings.Builder
	for _, key := range n.HostKeys {
		fmt.Fprintln(&text, n.Address, key)
	}
	if err := os.WriteFile(known, []byte(text.String()), 0o600); err != nil {
		o.t.Fatal(err)
	}
	out, err := exec.CommandContext(o.t.Context(), "ssh", "-F", "none", "-i", filepath.Join(o.home, ".ssh", "id_ed25519"), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
		"-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile="+known, "-o", "GlobalKnownHostsFile=none", n.User+"@"+n.Address, "id", "-un").CombinedOutput()
	if err != nil {
		o.t.Errorf("log in to %s: %v", n.Name, err)
	}
	return string(out)
}

// greeting is the first line that a server sends to a client at an address;
// empty where there is none.
func greeting(from, host, port string) string {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	conn, err := dialer.Dial("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	line := make([]byte, 64)
	n, _ := conn.Read(line)
	return string(line[:n])
}

// endpoint is the stack's output of that name.
func (o *operation) endpoint() string {
	o.t.Helper()
	var endpoint string
	o.output("endpoint", &endpoint)
	return endpoint
}

// get asks the service through the balancer, on a connection of its own.
func (o *operation) get(url string) (string, error) {
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return string(text), err
}

// eventually waits for what takes a while by nature.
func (o *operation) eventually(what string, check func() error) {
	o.t.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Since(start) > time.Minute {
			o.t.Fatalf("after a minute not yet %s: %v", what, err)
		}
	}
}

// node is one of the inventory's.
func (o *operation) node(name string) inventory.Node {
	o.t.Helper()
	for _, n := range o.inventory().Nodes {
		if n.Name == name {
			return n
		}
	}
	o.t.Fatalf("the inventory has no %s", name)
	return inventory.Node{}
}
