//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
)

// From nothing to a page, and back to nothing: the real pulumi command, the real
// program, the real swarmctl, machines that cloud-init boots, and the model's
// network between them.
func TestFromNothingToThePage(t *testing.T) {
	t.Parallel()
	o := newOperation(t, "monitor", "true")
	o.step("pulumi up", o.apply)
	o.step("what cloud-init made", o.checkFirstBoots)
	o.step("who may log in", o.checkDoors)
	o.step("swarmctl up", func() { o.do(2, "up") })
	o.step("a swarm", func() { o.checkNodes("yces-dev-manager-1 manager", "yces-dev-worker-1 worker") })
	o.step("no page yet", o.checkNoPage)
	o.step("swarmctl deploy", func() { o.deploy(2) })
	o.step("the page", func() { o.checkPage("yces-dev-manager-1", "yces-dev-worker-1") })
	o.step("a machine with another key", func() {
		o.checkForeignKey("yces-dev-worker-1", o.node("yces-dev-worker-1").Address, "up")
	})
	o.step("pulumi up, one worker more", func() { o.set("workers", "2"); o.apply() })
	o.step("swarmctl up", o.joinWorker)
	o.step("swarmctl deploy", func() { o.deploy(3) })
	o.step("the page", func() { o.checkPage("yces-dev-manager-1", "yces-dev-worker-1", "yces-dev-worker-2") })
	o.step("a worker rebuilt", o.rebuildWorker)
	o.step("one worker fewer", o.dropWorker)
	o.step("pulumi destroy", o.checkEnd)
}

// A stack with a bastion: the nodes have no address of their own, and swarmctl
// reaches them all the same.
func TestTheBastionIsTheOnlyWayIn(t *testing.T) {
	t.Parallel()
	o := newOperation(t, "bastion", "true", "workers", "0")
	o.step("pulumi up", o.apply)
	inv := o.inventory()
	if inv.Bastion == nil || !o.vms.subnet.Contains(netip.MustParseAddr(inv.Nodes[0].Address)) {
		t.Fatalf("the inventory is %+v", inv)
	}
	if got := greeting(strangerAddress, inv.Bastion.Address, "22"); got != "" {
		t.Errorf("the bastion greets a stranger with %q", got)
	}
	o.step("swarmctl up, planned", func() {
		if out := o.do(0, "up", "--dry-run"); !strings.Contains(out, "yces-dev-manager-1") {
			t.Errorf("up --dry-run printed:\n%s", out)
		}
	})
	o.step("a bastion with another key", func() {
		o.checkForeignKey("yces-dev-bastion", inv.Bastion.Address, "up", "--dry-run")
	})
	o.step("pulumi destroy", o.checkEnd)
}

// checkFirstBoots wants each machine to be what its document says, and the keys
// of the outputs to be its own.
func (o *operation) checkFirstBoots() {
	o.t.Helper()
	for _, n := range o.inventory().Nodes {
		role := "node"
		if n.Role == inventory.Monitor {
			role = "monitor"
		}
		got := o.onMachine(n.Name, `cloud-init status
cat /var/lib/yces/role
hostname
sshd -T | grep -E '^(permitrootlogin|passwordauthentication) '
sudo -u `+n.User+` sudo -n id -u
systemctl is-system-running --wait
command -v dockerd || echo no Docker yet`)
		if want := "status: done\n" + role + "\n" + n.Name + "\npermitrootlogin no\npasswordauthentication no\n0\nrunning\nno Docker yet\n"; got != want {
			o.t.Errorf("%s after its first boot:\n%swant\n%s", n.Name, got, want)
		}
		var keys []string
		for line := range strings.Lines(o.onMachine(n.Name, "cat /etc/ssh/ssh_host_*_key.pub")) {
			keys = append(keys, strings.Join(strings.Fields(line)[:2], " "))
		}
		slices.Sort(keys)
		if told := slices.Sorted(slices.Values(n.HostKeys)); !slices.Equal(told, keys) {
			o.t.Errorf("%s has the keys %q, and the outputs %q", n.Name, keys, told)
		}
	}
}

// checkDoors wants SSH to be open to the operator alone, with the keys of the
// outputs.
func (o *operation) checkDoors() {
	o.t.Helper()
	for _, n := range o.inventory().Nodes {
		if got := o.logIn(n); got != n.User+"\n" {
			o.t.Errorf("%s logs %q in, want %s", n.Name, got, n.User)
		}
		if got := greeting(strangerAddress, n.Address, "22"); got != "" {
			o.t.Errorf("%s greets a stranger with %q", n.Name, got)
		}
	}
}

// checkNodes wants these nodes, ready, and `swarmctl up` to find nothing to do.
func (o *operation) checkNodes(want ...string) {
	o.t.Helper()
	var members []struct {
		Name, Role, Status string
		InInventory        bool
	}
	if err := json.Unmarshal([]byte(o.do(0, "node", "ls", "-o", "json")), &members); err != nil {
		o.t.Fatal(err)
	}
	var got []string
	for _, m := range members {
		if m.Status == "ready" && m.InInventory {
			got = append(got, m.Name+" "+m.Role)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		o.t.Errorf("nodes are %+v, want %q ready", members, want)
	}
	if out := o.do(0, "up"); !strings.HasSuffix(out, "no change\n") {
		o.t.Errorf("up, run again, printed:\n%s", out)
	}
}

// checkNoPage wants the balancer to carry nothing while no member is healthy.
func (o *operation) checkNoPage() {
	o.t.Helper()
	if text, err := o.get(o.endpoint()); err == nil || len(o.edge.members()) > 0 {
		o.t.Errorf("before the deploy the members %q are healthy, and the page is %.80q", o.edge.members(), text)
	}
}

// checkPage wants the page at the stack's endpoint, from each of the nodes.
func (o *operation) checkPage(nodes ...string) {
	o.t.Helper()
	endpoint := o.endpoint()
	o.eventually(fmt.Sprintf("%d healthy members", len(nodes)), func() error {
		if members := o.edge.members(); len(members) != len(nodes) {
			return fmt.Errorf("healthy are %q", members)
		}
		return nil
	})
	page, err := o.get(endpoint + "/")
	if err != nil || !strings.Contains(page, "<title>") {
		o.t.Fatalf("the page at %s: %v\n%s", endpoint, err, page)
	}
	answered := map[string]bool{}
	o.eventually(fmt.Sprintf("answers of %q", nodes), func() error {
		text, err := o.get(endpoint + "/version")
		if err != nil {
			o.t.Fatal(err)
		}
		var version struct{ Host string }
		if err := json.Unmarshal([]byte(text), &version); err != nil {
			o.t.Fatal(err)
		}
		answered[version.Host] = true
		for _, n := range nodes {
			if !answered[n] {
				return fmt.Errorf("answers came from %v", answered)
			}
		}
		return nil
	})
	if len(answered) != len(nodes) {
		o.t.Errorf("answers came from %v, want %q", answered, nodes)
	}
}

// checkForeignKey puts another host key on a machine behind everybody's back, as
// somebody who answers in its place would have, and wants a command to stop there.
func (o *operation) checkForeignKey(machine, address string, command ...string) {
	o.t.Helper()
	o.onMachine(machine, `mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys/ && ssh-keygen -q -A && systemctl restart ssh`)
	for range 2 { // the second time as the first: nothing was learned
		_, stderr, code := o.run(0, command...)
		if code != 6 || !strings.Contains(stderr, "check host key of") || !strings.Contains(stderr, " at "+address+":22") {
			o.t.Errorf("with a foreign host key, swarmctl %s exited %d:\n%s", strings.Join(command, " "), code, stderr)
		}
	}
	o.onMachine(machine, `mv /root/keys/* /etc/ssh/ && systemctl restart ssh`)
	o.do(0, command...)
	if left, err := os.ReadDir(filepath.Join(o.home, ".ssh")); err != nil || len(left) != 1 {
		o.t.Errorf("~/.ssh holds %v, %v; want the login key alone", left, err)
	}
}

// rebuildWorker wants a machine that is made anew to return under its name and
// addresses, with keys of its own, and to be a node again.
func (o *operation) rebuildWorker() {
	o.t.Helper()
	const name = "yces-dev-worker-1"
	before := o.node(name)
	o.deploy(2) // a node can be spared
	o.do(0, "node", "drain", "--timeout", "1m", name)
	o.set("rebuild[0]", name)
	o.set("sshKeys[1]", login) // what the machine starts with has changed
	o.apply()
	after := o.node(name)
	if slices.Equal(before.HostKeys, after.HostKeys) || before.Address != after.Address || before.PrivateAddress != after.PrivateAddress {
		o.t.Errorf("rebuilt, it is %+v, was %+v", after, before)
	}
	o.do(0, "up")
	o.checkNodes("yces-dev-manager-1 manager", "yces-dev-worker-1 worker", "yces-dev-worker-2 worker")
}

// joinWorker wants `up` to touch the new machine alone.
func (o *operation) joinWorker() {
	o.t.Helper()
	var report struct {
		Operations []struct{ Subject, Operation string }
	}
	if err := json.Unmarshal([]byte(o.do(0, "up", "-o", "json")), &report); err != nil {
		o.t.Fatal(err)
	}
	for _, op := range report.Operations {
		if !strings.Contains(op.Subject+op.Operation, "yces-dev-worker-2") {
			o.t.Errorf("up did %+v", op)
		}
	}
	o.checkNodes("yces-dev-manager-1 manager", "yces-dev-worker-1 worker", "yces-dev-worker-2 worker")
}

// dropWorker takes a node out of the swarm, then its machine away: its task moves
// to the machine that was rebuilt, which gets the image first.
func (o *operation) dropWorker() {
	o.t.Helper()
	o.deploy(2)
	o.do(0, "node", "rm", "--yes", "--timeout", "1m", "yces-dev-worker-2")
	o.set("workers", "1")
	o.apply()
	o.checkNodes("yces-dev-manager-1 manager", "yces-dev-worker-1 worker")
	o.checkPage("yces-dev-manager-1", "yces-dev-worker-1")
}

// checkEnd wants nothing to be left, in the stack, in the clouds or here.
func (o *operation) checkEnd() {
	o.t.Helper()
	endpoint := o.endpoint()
	o.destroyed()
	o.edge.follow()
	if left := o.vms.running(); len(left) > 0 {
		o.t.Errorf("machines that still run: %q", left)
	}
	if text, err := o.get(endpoint); err == nil {
		o.t.Errorf("%s still answers %.80q", endpoint, text)
	}
}
