package local

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/ycesproject/yces/provision/inventory"
)

func testSetting(t *testing.T) setting {
	t.Helper()
	login, err := newKeyPair("test")
	if err != nil {
		t.Fatal(err)
	}
	return setting{
		cluster: "c", network: bridge{ID: "n1", Subnet: netip.MustParsePrefix("10.213.4.0/24")},
		image: "swarmctl-machine:x", login: login,
	}
}

func TestAMachinesSecretsAreOnlyInFilesOfItsOwn(t *testing.T) {
	s := testSetting(t)
	host, err := newKeyPair("c-1")
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.files(host)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for _, f := range files {
		modes[f.Name] = f.Mode
		if strings.Contains(string(f.Data), string(s.login.private)) {
			t.Errorf("%s holds the login key", f.Name)
		}
	}
	for name, want := range map[string]int64{
		"etc/ssh/ssh_host_ed25519_key": 0o600, "root/.ssh/": 0o700, "root/.ssh/authorized_keys": 0o600,
	} {
		if modes[name] != want {
			t.Errorf("%s has mode %o, want %o", name, modes[name], want)
		}
	}
}

func TestEverythingOfAMachineCarriesTheClustersLabel(t *testing.T) {
	s := testSetting(t)
	m := machine{"c-1", inventory.Manager, 11}
	if got := s.config(m, "ssh-ed25519 AAAA").Labels[labelCluster]; got != "c" {
		t.Errorf("container: %q", got)
	}
	volumes := 0
	for _, mount := range s.hostConfig(m).Mounts {
		if mount.VolumeOptions == nil {
			continue
		}
		volumes++
		if got := mount.VolumeOptions.Labels[labelCluster]; got != "c" {
			t.Errorf("volume %s: %q", mount.Source, got)
		}
	}
	if volumes != 2 {
		t.Errorf("%d volumes, want 2", volumes)
	}
}

func TestAStoppedMachineStillHasItsAddress(t *testing.T) {
	s := container.Summary{
		State:  container.StateExited,
		Labels: map[string]string{labelNode: "c-1", labelRole: "manager", labelHostKey: "ssh-ed25519 AAAA"},
		NetworkSettings: &container.NetworkSettingsSummary{Networks: map[string]*network.EndpointSettings{
			"swarmctl.c.net": {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.213.4.11"}},
		}},
	}
	p := newPart(s)
	if p.Address != "10.213.4.11" || p.halfMade() {
		t.Errorf("part = %+v", p)
	}
}

func TestAContainerThatNeverStartedIsHalfMade(t *testing.T) {
	if p := newPart(container.Summary{State: container.StateCreated}); !p.halfMade() {
		t.Error("it counts as a machine")
	}
}

func TestMachinesAreOrderedByRoleThenAddress(t *testing.T) {
	c := cluster{Name: "c", Machines: []part{
		{Node: "c-monitor", Role: "monitor", Address: "10.213.4.3"},
		{Node: "c-worker-1", Role: "worker", Address: "10.213.4.21"},
		{Node: "c-2", Role: "manager", Address: "10.213.4.12"},
		{Node: "c-1", Role: "manager", Address: "10.213.4.11"},
	}}
	var names []string
	for _, n := range c.inventory().Nodes {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, " "); got != "c-1 c-2 c-worker-1 c-monitor" {
		t.Errorf("order = %s", got)
	}
	if n := len(backendNodes(c.inventory())); n != 3 {
		t.Errorf("%d nodes behind the balancer, want 3: the monitor is none", n)
	}
}

func TestTheNetworkWithMachinesIsKeptAndTheOtherIsInTheWay(t *testing.T) {
	older := bridge{ID: "older", Subnet: netip.MustParsePrefix("10.213.4.0/24"), Created: time.Unix(1, 0)}
	newer := bridge{ID: "newer", Subnet: netip.MustParsePrefix("10.213.5.0/24"), Created: time.Unix(2, 0)}
	c := cluster{Networks: []bridge{newer, older}}
	if home, others := c.home(); home.ID != "older" || len(others) != 1 {
		t.Errorf("without machines: home %s, others %v", home.ID, others)
	}
	c.Machines = []part{{Node: "c-1", Address: "10.213.5.11"}}
	if home, others := c.home(); home.ID != "newer" || others[0].ID != "older" {
		t.Errorf("with a machine in it: home %s, others %v", home.ID, others)
	}
}
