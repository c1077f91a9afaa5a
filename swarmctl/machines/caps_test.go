package machines

import (
	"slices"
	"testing"

	"github.com/docker/docker/api/types/container"
)

func TestMissingCapabilitiesAreReadFromTheBoundingSet(t *testing.T) {
	for name, c := range map[string]struct {
		status string
		want   []string
	}{
		"all of a new kernel":  {"Name:\tdockerd\nCapBnd:\t000001ffffffffff\n", nil},
		"all of an old kernel": {"CapBnd:\t0000003fffffffff\n", nil},
		"without SYS_RESOURCE": {"CapBnd:\t000001fffeffffff\n", []string{"SYS_RESOURCE"}},
		"two missing":          {"CapBnd:\t000001fffeffffdf\n", []string{"KILL", "SYS_RESOURCE"}},
		"the highest missing":  {"CapBnd:\t000000ffffffffff\n", nil},
		"AUDIT_READ missing":   {"CapBnd:\t0000001fffffffff\n", []string{"AUDIT_READ"}},
	} {
		got, err := capsMissingIn(c.status)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestAStatusWithoutABoundingSetIsAnError(t *testing.T) {
	for _, status := range []string{"", "CapEff:\t00\n", "CapBnd:\tzz\n"} {
		if _, err := capsMissingIn(status); err == nil {
			t.Errorf("status %q was accepted", status)
		}
	}
}

func TestAnEngineWithEverythingGetsPrivilegedMachines(t *testing.T) {
	var h container.HostConfig
	grant(&h, nil)
	if !h.Privileged || len(h.CapAdd) > 0 {
		t.Errorf("host config = %+v, want privileged alone", h)
	}
}

func TestAnEngineThatLacksACapabilityGetsMachinesWithoutIt(t *testing.T) {
	var h container.HostConfig
	grant(&h, []string{"SYS_RESOURCE"})
	if h.Privileged {
		t.Error("machines are privileged, which the engine would refuse")
	}
	if !slices.Equal(h.CapDrop, []string{"SYS_RESOURCE"}) || !slices.Equal(h.CapAdd, []string{"ALL"}) {
		t.Errorf("capabilities: +%v -%v", h.CapAdd, h.CapDrop)
	}
	// nil would mean the engine's default lists, which hide /proc/sys.
	if h.MaskedPaths == nil || h.ReadonlyPaths == nil {
		t.Error("system paths are masked")
	}
}
