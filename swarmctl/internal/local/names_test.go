package local

import (
	"net/netip"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
)

func TestAddressesInTheLargestClusterAreUnique(t *testing.T) {
	o := Options{Name: "big", Managers: MaxManagers, Workers: MaxWorkers, Monitor: true}
	seen := map[byte]string{hostGateway: "gateway", hostBalancer: "balancer"}
	for _, m := range o.machines() {
		if other, taken := seen[m.host]; taken {
			t.Errorf("%s has the address of %s", m.Name, other)
		}
		seen[m.host] = m.Name
	}
}

func TestAClusterThatGrowsLeavesMachinesWhereTheyAre(t *testing.T) {
	before := map[string]machine{}
	for _, m := range (Options{Name: "c", Managers: 1, Workers: 2}).machines() {
		before[m.Name] = m
	}
	kept := 0
	for _, m := range (Options{Name: "c", Managers: 3, Workers: 5, Monitor: true}).machines() {
		if old, ok := before[m.Name]; ok {
			kept++
			if old != m {
				t.Errorf("%s was %+v, is %+v", m.Name, old, m)
			}
		}
	}
	if kept != len(before) {
		t.Errorf("%d of %d machines are still there", kept, len(before))
	}
}

func TestContainersOfDifferentClustersNeverShareAName(t *testing.T) {
	// Both have a machine called a-worker-1.
	worker := Options{Name: "a", Managers: 1, Workers: 1}.machines()[1]
	manager := Options{Name: "a-worker", Managers: 1}.machines()[0]
	if worker.Name != manager.Name {
		t.Fatalf("machines are %q and %q; the test needs equal names", worker.Name, manager.Name)
	}
	if resourceName("a", worker.Name) == resourceName("a-worker", manager.Name) {
		t.Error("containers share a name")
	}
}

func TestMachinesAreListedByRole(t *testing.T) {
	var roles []inventory.Role
	for _, m := range (Options{Name: "c", Managers: 1, Workers: 1, Monitor: true}).machines() {
		roles = append(roles, m.Role)
	}
	want := []inventory.Role{inventory.Manager, inventory.Worker, inventory.Monitor}
	for i := range want {
		if roles[i] != want[i] {
			t.Errorf("roles = %v, want %v", roles, want)
		}
	}
}

func TestHostAddressReplacesTheLastByte(t *testing.T) {
	got := hostAddress(netip.MustParsePrefix("10.213.7.0/24"), 21)
	if want := netip.MustParseAddr("10.213.7.21"); got != want {
		t.Errorf("address = %s, want %s", got, want)
	}
}
