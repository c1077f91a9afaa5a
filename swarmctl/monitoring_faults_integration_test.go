//go:build integration

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// long is how long a mail is waited for: some checks, a busy machine.
const long = 2 * time.Minute

// toldOnce waits until somebody was told, and fails where it was not in one of
// these words, once.
func (w *watched) toldOnce(n int, to, about string, words ...string) {
	w.t.Helper()
	eventually(w.t, long, fmt.Sprintf("told %s that %s is %s", to, about, words), func() bool {
		return slices.ContainsFunc(w.mails.words(n, to, about), func(word string) bool { return slices.Contains(words, word) })
	})
	if got := w.mails.words(n, to, about); len(got) != 1 {
		w.t.Errorf("%s was told of %s: %q", to, about, got)
	}
}

func (w *watched) recovered(n int, to, about string) {
	w.t.Helper()
	eventually(w.t, long, "told "+to+" that "+about+" recovered", w.mails.got(n, to, about+": recovered"))
}

func (w *watched) testDisk(t *testing.T) {
	w = w.in(t)
	node := w.node(3)
	disk, inodes := "Disk on "+node.Name, "Inodes on "+node.Name
	w.ledger.allow(disk, "ana", "lead")
	w.ledger.allow(inodes, "ana", "lead")
	n := w.mails.count()
	w.mustOn(node, `mkdir -p /srv/data /srv/few
		mount -t tmpfs -o size=8m tmpfs /srv/data
		dd if=/dev/zero of=/srv/data/full bs=1M count=8 2>/dev/null || true
		mount -t tmpfs -o size=8m,nr_inodes=20 tmpfs /srv/few
		for i in $(seq 19); do touch /srv/few/$i; done 2>/dev/null || true`)
	w.toldOnce(n, "ana", disk, "CRITICAL")
	w.toldOnce(n, "ana", inodes, "CRITICAL")
	for _, mail := range w.mails.since(n) {
		if mail.about == disk && (mail.to != "ana" || !strings.Contains(mail.body, "/srv/data") || !strings.Contains(mail.body, "runbook#disk")) {
			t.Errorf("the first mail is not to operations alone, or doesn't say which disk and what to do: %s\n%s", mail.to, mail.body)
			break
		}
	}
	eventually(t, long, "escalated to management", w.mails.got(n, "lead", disk+": CRITICAL (notification 2)"))
	w.acknowledge(node.Name, "Disk")
	eventually(t, long, "told that it was acknowledged", w.mails.got(n, "ana", disk+": acknowledged"))
	quiet := w.mails.count()
	w.mustOn(node, "umount /srv/data /srv/few")
	w.recovered(n, "ana", disk)
	w.recovered(n, "ana", inodes)
	if w.mails.got(quiet, "ana", disk+": CRITICAL")() {
		t.Error("mails about an acknowledged problem went on")
	}
}

// testCapacity makes a machine a small one, and uses it up.
func (w *watched) testCapacity(t *testing.T) {
	w = w.in(t)
	node := w.node(2)
	cpu, memory := "CPU on "+node.Name, "Memory on "+node.Name
	w.ledger.allow(cpu, "ana", "lead")
	w.ledger.allow(memory, "ana", "lead")
	w.resize(node, container.Resources{NanoCPUs: 5e8, CPUShares: 8 << 10, Memory: 1 << 30, MemorySwap: 1 << 30})
	eventually(t, long, "of its new size", func() bool {
		return strings.Contains(w.mustOn(node, "head -n 1 /proc/meminfo"), "1048576 kB")
	})
	n := w.mails.count()
	// Both end by themselves, whatever becomes of the test.
	w.mustOn(node, `systemd-run -q --collect --unit busy -p RuntimeMaxSec=240 -p Nice=19 sh -c 'while :; do :; done'
		while read -r key value unit; do
			case $key in MemTotal:) total=$value ;; MemAvailable:) left=$value ;; esac
		done </proc/meminfo
		eaten=$(echo "$left $total" | awk '{ print int(($1 - $2 * 14 / 100) / 1024) }')
		mkdir -p /srv/eaten && mount -t tmpfs -o size=8g tmpfs /srv/eaten
		dd if=/dev/zero of=/srv/eaten/file bs=1M count="$eaten" 2>/dev/null`)
	w.toldOnce(n, "ana", cpu, "CRITICAL", "WARNING")
	w.toldOnce(n, "ana", memory, "WARNING")
	w.mustOn(node, "systemctl stop busy; umount /srv/eaten")
	w.recovered(n, "ana", cpu)
	w.recovered(n, "ana", memory)
}

// resize changes what a machine has.
func (w *watched) resize(node inventory.Node, to container.Resources) {
	w.t.Helper()
	docker, err := engine.Local()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	if _, err := docker.ContainerUpdate(w.t.Context(), "swarmctl."+w.name+"."+node.Name, container.UpdateConfig{Resources: to}); err != nil {
		w.t.Fatal(err)
	}
}

// testCertificates lets one machine's certificate of NRPE end soon, and another
// one's have ended.
func (w *watched) testCertificates(t *testing.T) {
	w = w.in(t)
	soon, late := w.node(3), w.node(1)
	aboutSoon, aboutLate := "NRPE certificate on "+soon.Name, "NRPE on "+late.Name
	w.ledger.allow(aboutSoon, "ana", "lead")
	w.ledger.allow(aboutLate, "ana", "lead")
	n := w.mails.count()
	w.certify(soon, 5*24*time.Hour)
	w.certify(late, -time.Hour)
	w.mustOn(late, "systemctl restart nagios-nrpe-server")
	w.toldOnce(n, "ana", aboutSoon, "CRITICAL")
	w.toldOnce(n, "ana", aboutLate, "CRITICAL")
	r := w.must(apply("--wait", "0")...)
	for _, node := range []inventory.Node{soon, late} {
		if !strings.Contains(r.stdout+r.stderr, "issue the certificate node (it ends on ") {
			t.Errorf("apply doesn't say that it renews the certificate of %s:\n%s%s", node.Name, r.stdout, r.stderr)
		}
	}
	w.recovered(n, "ana", aboutSoon)
	w.recovered(n, "ana", aboutLate)
}

// certify gives a machine a certificate of the cluster's own authority that is
// good for so long.
func (w *watched) certify(node inventory.Node, left time.Duration) {
	w.t.Helper()
	const dir = monitoring.ConfigDir + "/ca"
	authority, err := pki.Load(pki.Pair{
		Cert: []byte(w.mustOn(w.monitor(), "cat "+dir+"/ca.crt")), Key: []byte(w.mustOn(w.monitor(), "cat "+dir+"/ca.key")),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	pair, err := authority.Issue(pki.Serve, node.Name, []string{node.SwarmAddress()}, time.Now().Add(left-pki.CertificateLife))
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(node, monitoring.NodeKey, string(pair.Key))
	w.put(node, monitoring.NodeCert, string(pair.Cert))
}
