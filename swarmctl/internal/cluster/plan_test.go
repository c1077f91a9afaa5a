package cluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
)

// three is an inventory of two managers and a worker, n1 to n3 at 10.1.0.1 and on.
func three() inventory.Inventory {
	node := func(name, addr string, role inventory.Role) inventory.Node {
		return inventory.Node{Name: name, Role: role, Address: addr, User: "root"}
	}
	return inventory.Inventory{Name: "test", Nodes: []inventory.Node{
		node("n1", "10.1.0.1", inventory.Manager),
		node("n2", "10.1.0.2", inventory.Manager),
		node("n3", "10.1.0.3", inventory.Worker),
		node("build", "10.1.0.9", inventory.Jenkins), // never part of the swarm
	}}
}

// bare is a machine as it comes: Debian, no Docker.
func bare(name string) Machine {
	return Machine{Hostname: name, IPVS: true, OS: OS{ID: "debian", Version: "12", Codename: "bookworm", Arch: "x86_64", Systemd: true}}
}

func withDocker(name string) Machine {
	m := bare(name)
	m.Docker = Docker{Installed: true, Enabled: true, Running: true, Version: "28.5.2"}
	m.Swarm.LocalNodeState = swarm.LocalNodeStateInactive
	return m
}

// inSwarm is a machine that is the member "id-NAME" of the swarm.
func inSwarm(name string, manager bool) Machine {
	m := withDocker(name)
	m.Swarm = swarm.Info{NodeID: "id-" + name, LocalNodeState: swarm.LocalNodeStateActive, ControlAvailable: manager}
	return m
}

func entry(name, addr string, role swarm.NodeRole) swarm.Node {
	n := swarm.Node{ID: "id-" + name, Status: swarm.NodeStatus{State: swarm.NodeStateReady, Addr: addr}}
	n.Spec.Role, n.Spec.Availability = role, swarm.NodeAvailabilityActive
	n.Description.Hostname = name
	if role == swarm.NodeRoleManager {
		n.ManagerStatus = &swarm.ManagerStatus{Reachability: swarm.ReachabilityReachable, Addr: addr + ":2377"}
	}
	return n
}

func machines(list ...Machine) map[string]Machine {
	m := map[string]Machine{}
	for _, machine := range list {
		m[machine.Hostname] = machine
	}
	return m
}

// complete is the state that the inventory asks for.
func complete() State {
	return State{
		Machines: machines(inSwarm("n1", true), inSwarm("n2", true), inSwarm("n3", false)),
		Members: []swarm.Node{
			entry("n1", "10.1.0.1", swarm.NodeRoleManager),
			entry("n2", "10.1.0.2", swarm.NodeRoleManager),
			entry("n3", "10.1.0.3", swarm.NodeRoleWorker),
		},
	}
}

func TestPlan(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*inventory.Inventory, *State)
		want   string
	}{
		"nothing to do": {
			func(*inventory.Inventory, *State) {},
			"no change\n",
		},
		"bare machines": {
			func(_ *inventory.Inventory, s *State) {
				*s = State{Machines: machines(bare("n1"), bare("n2"), bare("n3"))}
			},
			`
node n1  install Docker (not there; debian 12)
node n2  install Docker (not there; debian 12)
node n3  install Docker (not there; debian 12)
node n1  initialize the swarm at 10.1.0.1, networks from 10.201.0.0/16 (there is no swarm yet)
node n2  join as manager at 10.1.0.2 (not in the swarm)
node n3  join as worker at 10.1.0.3 (not in the swarm)
`,
		},
		"another manager has the swarm": {
			func(_ *inventory.Inventory, s *State) {
				s.Machines["n1"], s.Machines["n3"] = withDocker("n1"), bare("n3")
				s.Members = s.Members[1:2]
			},
			`
node n3  install Docker (not there; debian 12)
node n1  join as manager at 10.1.0.1 (not in the swarm)
node n3  join as worker at 10.1.0.3 (not in the swarm)
`,
		},
		"a stopped engine may belong to a swarm": {
			func(_ *inventory.Inventory, s *State) {
				*s = State{Machines: machines(bare("n1"), withDocker("n2"), withDocker("n3"))}
				m := s.Machines["n3"]
				m.Docker.Running = false
				s.Machines["n3"] = m
			},
			`
node n1  install Docker (not there; debian 12)
node n3  enable and start Docker (it does not run)
then look again: an engine that does not run does not tell its swarm
`,
		},
		"an installation was killed": {
			func(_ *inventory.Inventory, s *State) {
				m := bare("n3")
				m.Docker = Docker{Installed: true, Unfinished: true}
				s.Machines["n3"], s.Members = m, s.Members[:2]
			},
			`
node n3  install Docker (its installation was interrupted)
then look again: an engine that does not run does not tell its swarm
`,
		},
		"an engine that would not survive a reboot": {
			func(_ *inventory.Inventory, s *State) {
				m := s.Machines["n2"]
				m.Docker.Enabled = false
				s.Machines["n2"] = m
			},
			"\nnode n2  enable and start Docker (it does not start at boot)\n",
		},
		"roles were swapped": {
			func(inv *inventory.Inventory, _ *State) {
				inv.Nodes[1].Role, inv.Nodes[2].Role = inventory.Worker, inventory.Manager
			},
			`
node n3  promote to manager (the inventory says manager)
node n2  demote to worker (the inventory says worker)
`,
		},
		"a rebuilt manager left its entry": {
			func(_ *inventory.Inventory, s *State) {
				s.Machines["n2"] = bare("n2")
				s.Members[1].Status.State = swarm.NodeStateDown
			},
			`
node n2  install Docker (not there; debian 12)
node n2  remove the former entry id-n2 (the machine left it behind)
node n2  join as manager at 10.1.0.2 (not in the swarm)
`,
		},
		"a machine that left has an entry that the swarm still trusts": {
			func(_ *inventory.Inventory, s *State) { s.Machines["n3"] = withDocker("n3") },
			`
node n3  remove the former entry id-n3 (the machine left it behind)
node n3  join as worker at 10.1.0.3 (not in the swarm)
`,
		},
		"a machine that left and joined again twice": {
			func(_ *inventory.Inventory, s *State) {
				for _, id := range []string{"former-1", "former-2"} {
					ghost := entry("n3", "10.1.0.3", swarm.NodeRoleWorker)
					ghost.ID, ghost.Status.State = id, swarm.NodeStateDown
					s.Members = append(s.Members, ghost)
				}
			},
			`
node n3  remove the former entry former-1 (the machine left it behind)
node n3  remove the former entry former-2 (the machine left it behind)
`,
		},
		"a stranger of the same name elsewhere": {
			func(_ *inventory.Inventory, s *State) {
				twin := entry("n3", "10.7.0.3", swarm.NodeRoleWorker)
				twin.ID = "twin"
				s.Members = append(s.Members, twin)
			},
			`
warning: node n3: is in the swarm but not in the inventory (twin); it is left alone
no change
`,
		},
		"machines that a scale-down took": {
			func(_ *inventory.Inventory, s *State) {
				for name, role := range map[string]swarm.NodeRole{"n4": swarm.NodeRoleManager, "n5": swarm.NodeRoleWorker} {
					s.Members = append(s.Members, gone(name, "10.1.0.9", role))
				}
				slices.SortFunc(s.Members, func(a, b swarm.Node) int { return strings.Compare(a.ID, b.ID) })
			},
			`
warning: node n4: is in the swarm but not in the inventory (id-n4); it is down and still counts as one of 3 managers, of which more than half must answer: if its machine is gone, ` + "`swarmctl node rm n4`" + ` takes it out
warning: node n5: is in the swarm but not in the inventory (id-n5); it is down: if its machine is gone, ` + "`swarmctl node rm n5`" + ` takes it out
no change
`,
		},
		"a member is down": {
			func(_ *inventory.Inventory, s *State) { s.Members[2].Status.State = swarm.NodeStateDown },
			"\nnode n3  wait until ready (its machine answers, the swarm says down)\n",
		},
		"labels": {
			func(inv *inventory.Inventory, s *State) {
				inv.Nodes[0].Labels = map[string]string{"zone": "a", "disk": "ssd"}
				inv.Nodes[1].Labels = map[string]string{"zone": "b"}
				s.Members[0].Spec.Labels = map[string]string{"zone": "b", "by-hand": "1", "old": "x", managedLabels: "old,zone"}
				s.Members[1].Spec.Labels = map[string]string{"zone": "b", managedLabels: "zone"}
			},
			"\nnode n1  label disk=ssd, swarmctl.labels=disk,zone, zone=a, no old (the inventory's labels differ)\n",
		},
		"the inventory's last label is gone": {
			func(_ *inventory.Inventory, s *State) {
				s.Members[0].Spec.Labels = map[string]string{"zone": "b", "by-hand": "1", managedLabels: "zone"}
			},
			"\nnode n1  label no zone, no swarmctl.labels (the inventory's labels differ)\n",
		},
		"labels of a machine that joins": {
			func(inv *inventory.Inventory, s *State) {
				inv.Nodes[2].Labels = map[string]string{"zone": "c"}
				s.Machines["n3"], s.Members = withDocker("n3"), s.Members[:2]
			},
			`
node n3  join as worker at 10.1.0.3 (not in the swarm)
node n3  label swarmctl.labels=zone, zone=c (the inventory's labels differ)
`,
		},
		"what is only worth a warning": {
			func(inv *inventory.Inventory, s *State) {
				inv.Nodes[2].PrivateAddress = "10.9.0.3"
				for _, name := range []string{"n1", "n2", "n3"} {
					m := s.Machines[name]
					m.IPVS = false
					s.Machines[name] = m
				}
				m := s.Machines["n1"]
				m.ClockOffset, m.Hostname = -90*time.Second, "vm-1"
				s.Machines["n1"] = m
				s.Members = append(s.Members, entry("stranger", "10.1.0.7", swarm.NodeRoleWorker))
			},
			`
warning: node n1: the machine calls itself "vm-1", and so does the swarm
warning: node n1: its clock is off by 1m30s; the swarm's certificates need the right time
warning: nodes n1, n2, n3: no IPVS in the kernel: ports in ingress mode and virtual IPs carry nothing, so publish ports in host mode
warning: node n3: the swarm reaches it at 10.1.0.3, the inventory says 10.9.0.3; a node keeps its address until it leaves and joins again
warning: node stranger: is in the swarm but not in the inventory (id-stranger); it is left alone
no change
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inv, state := three(), complete()
			tt.change(&inv, &state)
			plan, err := NewPlan(inv, state)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := plan.String(), strings.TrimPrefix(tt.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestPlanRefusesEverythingThatItWouldDestroy(t *testing.T) {
	state := complete()
	other := inSwarm("n2", false)
	other.Swarm.NodeID = "of-another"
	other.Swarm.RemoteManagers = []swarm.Peer{{Addr: "10.8.0.2:2377"}, {Addr: "10.8.0.1:2377"}}
	locked := inSwarm("n3", false)
	locked.Swarm.LocalNodeState = swarm.LocalNodeStateLocked
	state.Machines["n2"], state.Machines["n3"] = other, locked
	_, err := NewPlan(three(), state)
	if !errors.As(err, new(*ConflictError)) {
		t.Fatalf("got %v, want a ConflictError", err)
	}
	for _, want := range []string{
		"node n2: it belongs to another swarm, with managers at 10.8.0.1:2377, 10.8.0.2:2377",
		"node n3: its part of the swarm is locked",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
}

func TestPlanRefusesWhatItCannotInstallOn(t *testing.T) {
	for os, want := range map[string]string{"debian": "", "ubuntu": "", "fedora": "Debian and Ubuntu only", "": "Debian and Ubuntu only"} {
		m := bare("n1")
		m.OS.ID = os
		_, err := NewPlan(three(), State{Machines: machines(m, bare("n2"), bare("n3"))})
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", os, err, want)
		}
	}
}

func TestAddressPoolHoldsNoMachine(t *testing.T) {
	inv := three()
	inv.Nodes[1].Address = "10.201.7.7"
	inv.Nodes[2].PrivateAddress = "10.202.0.4"
	if got := addressPool(inv); got != "172.29.0.0/16" {
		t.Errorf("got %s", got)
	}
}

func TestPromotionsComeBeforeDemotions(t *testing.T) {
	inv := three()
	inv.Nodes[0].Role, inv.Nodes[1].Role, inv.Nodes[2].Role = inventory.Worker, inventory.Worker, inventory.Manager
	plan, err := NewPlan(inv, complete())
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Stages) != 2 || len(plan.Stages[0]) != 1 || len(plan.Stages[1]) != 2 {
		t.Errorf("want one promotion, then two demotions, got:\n%s", plan)
	}
}

func TestMembersJoinsSwarmAndInventory(t *testing.T) {
	state := complete()
	state.Members[0].ManagerStatus.Leader = true
	state.Members[1].Description.Hostname = "stranger"
	var got []string
	for _, m := range Members(three(), state.Members) {
		got = append(got, strings.Join([]string{m.Name, m.Role, m.Status, m.Address, map[bool]string{true: "known"}[m.InInventory], map[bool]string{true: "leader"}[m.Leader]}, " "))
	}
	want := "n1 manager ready 10.1.0.1 known leader|n2 manager absent 10.1.0.2 known |n3 worker ready 10.1.0.3 known |stranger manager ready 10.1.0.2  "
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

// gone is an entry whose machine does not answer.
func gone(name, addr string, role swarm.NodeRole) swarm.Node {
	n := entry(name, addr, role)
	n.Status.State = swarm.NodeStateDown
	return n
}
