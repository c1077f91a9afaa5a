package cloudmodel

import (
	"net/netip"
	"testing"
)

func TestAConnectionReachesAnElasticAddressThroughItsSecurityGroup(t *testing.T) {
	w := watched(t)
	for name, c := range map[string]struct {
		from string
		port uint16
		want string
	}{
		"a named source": {"192.0.2.9", 22, "10.30.0.4:22"},
		"another source": {"203.0.113.9", 22, ""},
		"another port":   {"192.0.2.9", 443, ""},
		"its neighbour":  {"198.51.100.8", 22, ""},
	} {
		if got := carried(w, c.from, c.port, true); got != c.want {
			t.Errorf("%s: ends at %q, want %q", name, got, c.want)
		}
	}
	for _, id := range w.IDs() {
		if r := w.resources[id]; r.Type == awsAssociation {
			w.Remove(id)
		}
	}
	if got := carried(w, "192.0.2.9", 22, true); got != "" {
		t.Errorf("without an association it ends at %q", got)
	}
}

// started remembers what machines began with.
type started struct {
	idle

	machines []Machine
}

func (s *started) Start(m Machine) error {
	s.machines = append(s.machines, m)
	return nil
}

func TestAnInstanceStartsWithItsUserDataAndKey(t *testing.T) {
	s := &started{}
	w := New(s)
	for _, r := range monitored {
		if _, err := w.create(r.kind, parsed(t, r.inputs)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.machines) != 1 {
		t.Fatalf("started %+v", s.machines)
	}
	m := s.machines[0]
	if m.Name != "ops" || m.PrivateAddress != "10.30.0.4" || m.CustomData != "#cloud-config" || m.User != "ubuntu" || len(m.Keys) != 1 || m.Keys[0] != "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h ops" {
		t.Errorf("started %+v", m)
	}
	second := parsed(t, monitored[8].inputs)
	if r, err := w.create(awsInstance, second); err != nil || netip.MustParseAddr(r.State.Text("privateIp")).String() != "10.30.0.5" {
		t.Errorf("the next one: %+v, %v", r, err)
	}
}
