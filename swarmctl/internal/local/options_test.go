package local

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDefaultOptionsAreValid(t *testing.T) {
	if faults := DefaultOptions().validate(); len(faults) > 0 {
		t.Errorf("faults = %v, want none", faults)
	}
}

func TestEveryFaultOfTheOptionsIsNamedAtOnce(t *testing.T) {
	o := Options{Name: "Not-Ok", Managers: 8, Workers: -1, HTTPPort: 70000, ProbeInterval: time.Millisecond, ProbeThreshold: 0}
	err := asError(o.validate())
	for _, want := range []string{
		"6 faults, nothing was changed",
		`--name: must be 1 to 32 lower-case letters, digits and hyphens, got "Not-Ok"`,
		"--managers: must be between 1 and 7, got 8",
		"--workers: must be between 0 and 32, got -1",
		"--http-port: must be between 0 and 65535, got 70000",
		"--probe-interval: must be between 100ms and 1m, got 1ms",
		"--probe-threshold: must be between 1 and 10, got 0",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%s", want, err)
		}
	}
	if !errors.Is(err, ErrOptions) {
		t.Error("error is not ErrOptions")
	}
}

func TestNamesThatAreNoHostNamesAreRefused(t *testing.T) {
	for _, name := range []string{"", "-a", "a-", "a.b", "a_b", "ä", "../x", strings.Repeat("a", 33)} {
		o := DefaultOptions()
		o.Name = name
		if len(o.validate()) != 1 {
			t.Errorf("name %q was accepted", name)
		}
	}
}

func TestFaultsOfTheMachineAreNoFaultsOfTheCommandLine(t *testing.T) {
	err := asError([]fault{{text: "no engine", cure: "start it"}, {text: "no room", cure: "make some"}})
	if errors.Is(err, ErrOptions) {
		t.Error("error is ErrOptions")
	}
	var f FaultsError
	if !errors.As(err, &f) || !strings.Contains(f.Hint(), "start it") || !strings.Contains(f.Hint(), "make some") {
		t.Errorf("hint = %q, want both cures", f.Hint())
	}
}

func TestWhatWasNotAskedForStaysAsItIs(t *testing.T) {
	have := cluster{
		Machines: []part{{Node: "local-1", Bare: true}},
		Balancer: &part{Port: 9000, ProbeInterval: time.Second, ProbeThreshold: 3},
	}
	o := DefaultOptions()
	o.ProbeThreshold = 4
	o.Given = func(flag string) bool { return flag == "probe-threshold" }
	got := o.keeping(have, shape{Managers: 1, Workers: 2})
	if !got.Bare || got.HTTPPort != 9000 || got.ProbeInterval != time.Second || got.ProbeThreshold != 4 || got.Managers != 1 || got.Workers != 2 {
		t.Errorf("options = %+v", got)
	}
	if got := o.keeping(cluster{}, shape{}); got.Managers != 3 || got.HTTPPort != 8080 || got.Bare || got.ProbeInterval != 5*time.Second {
		t.Errorf("options of a new cluster = %+v", got)
	}
	o.Given = nil
	if got := o.keeping(have, shape{Managers: 1, Workers: 2}); got.Bare || got.HTTPPort != 8080 {
		t.Errorf("options that were all given = %+v", got)
	}
}

func TestARunThatWasKilledIsFinishedWithoutItsFlags(t *testing.T) {
	dir := t.TempDir()
	asked := Options{Managers: 3, Workers: 2, Monitor: true}
	if err := writeShape(dir, asked.shape(cluster{})); err != nil {
		t.Fatal(err)
	}
	half := cluster{Machines: []part{{Node: "c-1", Role: "manager"}}}
	was, err := readShape(dir, half)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Given = func(string) bool { return false }
	if got := o.keeping(half, was); got.Managers != 3 || got.Workers != 2 || !got.Monitor {
		t.Errorf("options = %+v", got)
	}
}

func TestAClusterWhoseStateWasLostKeepsItsMachines(t *testing.T) {
	have := cluster{Machines: []part{{Role: "manager"}, {Role: "worker"}, {Role: "worker"}, {Role: "monitor"}}}
	was, err := readShape(t.TempDir(), have)
	if want := (shape{1, 2, true}); err != nil || was != want {
		t.Errorf("shape = %+v, %v; want %+v", was, err, want)
	}
}

func TestAClusterNeverShrinksByAsking(t *testing.T) {
	have := cluster{Machines: []part{{Role: "manager"}, {Role: "worker"}, {Role: "worker"}}}
	if got, want := (Options{Managers: 3}).shape(have), (shape{3, 2, false}); got != want {
		t.Errorf("shape = %+v, want %+v", got, want)
	}
}
