package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/monitoring/internal/example"
)

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h monitoring of shop"

func sshInput() Input {
	in := input()
	in.Model = example.SSH(3)
	return in
}

func TestTheSSHTransportIsLeftAloneWhereItIs(t *testing.T) {
	in := sshInput()
	if got := plan(t, in, made(t, in), now); len(got) > 0 {
		t.Errorf("planned %q", got)
	}
}

func TestWithSSHNobodyGetsNRPE(t *testing.T) {
	in := sshInput()
	got := strings.Join(plan(t, in, bare(in), now), "\n")
	for _, want := range []string{
		"machine watch: make the key that it logs in with (there is none)",
		"machine shop-1: make the account swarmctl-checks (there is none)",
		"machine ci: write /etc/swarmctl-monitoring/commands.json (it is missing)",
		"machine shop-2: write /var/lib/swarmctl-checks/.ssh/authorized_keys (the key is new)",
		"machine watch: write /etc/sudoers.d/swarmctl-checks (it is missing)",
		"machine watch: issue the certificate web (the authority is new)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	for _, no := range []string{"nrpe", "NRPE", "certificate node", "certificate client"} {
		if strings.Contains(got, no) {
			t.Errorf("%q in:\n%s", no, got)
		}
	}
}

func TestWhatTheFormerTransportLeftGoes(t *testing.T) {
	nrpe, ssh := input(), sshInput()
	for _, c := range []struct {
		name     string
		from, to Input
		want, no string
	}{
		{"to SSH", nrpe, ssh, "remove NRPE's configuration and certificates, and stop it (the transport is ssh)", "remove the account"},
		{"to NRPE", ssh, nrpe, "remove the account swarmctl-checks (the transport is nrpe)", "remove NRPE"},
	} {
		got := plan(t, c.to, made(t, c.from), now)
		for _, h := range c.to.Model.Machines() {
			if !slices.Contains(got, "machine "+h.Name+": "+c.want) {
				t.Errorf("%s: %s keeps it: %q", c.name, h.Name, got)
			}
		}
		if strings.Contains(strings.Join(got, "\n"), c.no) {
			t.Errorf("%s: planned %q", c.name, got)
		}
	}
}

func TestARotationMakesANewKeyForEveryMachine(t *testing.T) {
	in := sshInput()
	s := made(t, in)
	in.Rotate = true
	got := plan(t, in, s, now)
	logins := 0
	for _, op := range got {
		if strings.Contains(op, "authorized_keys (the key is new)") {
			logins++
		}
	}
	if logins != 5 || !slices.Contains(got, "machine watch: make the key that it logs in with (it was asked for)") {
		t.Errorf("planned %q", got)
	}
}

func TestTheMonitorsKeyIsWhatItPrintedAndNothingElse(t *testing.T) {
	in := sshInput()
	p, err := NewPlan(in, bare(in), now)
	if err != nil {
		t.Fatal(err)
	}
	other := "command=\"/bin/sh\" " + testKey
	for printed, want := range map[string]string{testKey + "\n": "", other: "printed something else", testKey + "\n" + other: "printed something else"} {
		f := newFleet(func(name, _ string) (string, error) {
			if name == "make key" {
				return printed, nil
			}
			return "", nil
		})
		err := p.Apply(context.Background(), f, now, silent{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", printed, err)
		}
		written := slices.ContainsFunc(slices.Collect(maps.Values(f.uploads)), func(data []byte) bool { return strings.Contains(string(data), testKey) })
		if written != (want == "") {
			t.Errorf("%q: written: %v", printed, written)
		}
	}
}

// The former transport works until the new one does.
func TestNothingIsSweptWhereTheReleaseIsRejected(t *testing.T) {
	in := sshInput()
	p, err := NewPlan(in, made(t, input()), now)
	if err != nil {
		t.Fatal(err)
	}
	run := func(accepted bool) []string {
		f := newFleet(func(name, _ string) (string, error) {
			switch {
			case name == "make key":
				return testKey, nil
			case name == "put release in use" && !accepted:
				return "rejected\n", errors.New("exit code 3")
			}
			return "", nil
		})
		if err := p.Apply(context.Background(), f, now, silent{}); errors.Is(err, ErrRejected) == accepted {
			t.Errorf("accepted %v: %v", accepted, err)
		}
		return *f.scripts
	}
	if scripts := run(false); slices.Contains(scripts, "remove nrpe") {
		t.Errorf("ran %q", scripts)
	}
	scripts := run(true)
	if i := slices.Index(scripts, "remove nrpe"); i < slices.Index(scripts, "put release in use") {
		t.Errorf("ran %q", scripts)
	}
}

func TestAnAgentThatDiffersIsInstalledAnew(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *Machine)
		want   string
	}{
		"another version": {func(m *Machine) { m.Agent.Version = "1:7.70.0-1" }, "(it is 1:7.70.0-1)"},
		"no hold":         {func(m *Machine) { m.Agent.Held = false }, "(it is not on hold)"},
		"another key":     {func(m *Machine) { m.Agent.Keys = []string{"A"} }, "(the keys that may sign its repository differ)"},
		"another list":    {func(m *Machine) { delete(m.Files, agentList) }, "(its repository differs)"},
	} {
		in := input()
		s := made(t, in)
		m := s["shop-2"]
		c.change(&m)
		s["shop-2"] = m
		got := plan(t, in, s, now)
		if len(got) != 2 || !strings.HasSuffix(got[0], c.want) || got[1] != "machine shop-2: start Datadog's agent (it is installed anew)" {
			t.Errorf("%s: planned %q", name, got)
		}
	}
}

func TestAnAgentIsStartedAnewOnlyForItsOwnFiles(t *testing.T) {
	in := input()
	s := made(t, in)
	in.AgentKey = "another"
	for _, op := range plan(t, in, s, now) {
		if !strings.HasSuffix(op, "write /etc/datadog-agent/environment (it differs)") && !strings.HasSuffix(op, "start Datadog's agent (its configuration is new)") {
			t.Errorf("planned %q", op)
		}
	}
	in = input()
	no := false
	in.Model.Datadog.Agent = &no
	for _, op := range plan(t, in, s, now) {
		if !strings.HasSuffix(op, "remove Datadog's agent (the settings want none)") {
			t.Errorf("planned %q", op)
		}
	}
}

func TestAnAgentThatIsNotWellIsStartedAnew(t *testing.T) {
	in := input()
	s := made(t, in)
	m := s["shop-2"]
	m.Agent.Well = false
	s["shop-2"] = m
	if got := plan(t, in, s, now); !slices.Equal(got, []string{"machine shop-2: start Datadog's agent (it is not well)"}) {
		t.Errorf("planned %q", got)
	}
}

func TestAnAgentThatIsIllHoldsNothingElseBack(t *testing.T) {
	in := sshInput()
	s := made(t, input())
	for name, m := range s {
		m.Agent = agentState{}
		s[name] = m
	}
	p, err := NewPlan(in, s, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, ill := range []string{"install Datadog's agent", "start Datadog's agent"} {
		f := newFleet(func(name, _ string) (string, error) {
			switch name {
			case "make key":
				return testKey, nil
			case ill:
				return "", errors.New("ill")
			}
			return "", nil
		})
		err := p.Apply(context.Background(), f, now, silent{})
		if err == nil || strings.Count(err.Error(), "ill") != 5 {
			t.Errorf("%s: got %v, want every machine's fault", ill, err)
		}
		release, swept := slices.Index(*f.scripts, "put release in use"), slices.Index(*f.scripts, "remove nrpe")
		if agent := slices.Index(*f.scripts, ill); release < 0 || agent < release || swept < release {
			t.Errorf("%s: ran %q", ill, *f.scripts)
		}
	}
}

func TestAnAgentOfSomebodyElseIsRefusedUnlessItIsToBeTakenOver(t *testing.T) {
	in := input()
	s := made(t, in)
	for _, name := range []string{"ci", "shop-2"} {
		m := s[name]
		m.Agent = agentState{Version: "1:7.70.0-1", Well: true}
		delete(m.Parts, "agent")
		delete(m.Files, agentList)
		s[name] = m
	}
	_, err := NewPlan(in, s, now)
	var foreign *ForeignAgentError
	if !errors.As(err, &foreign) || !slices.Equal(foreign.Machines, []string{"shop-2", "ci"}) {
		t.Errorf("got %v", err)
	}
	d := *in.Model.Datadog
	in.Model.Datadog, d.TakeOver = &d, true
	want := "machine shop-2: install datadog-agent 1:7.71.2-1 from https://apt.datadoghq.com/ (somebody else's 1:7.70.0-1 is taken over; a copy of its settings is kept in " + agentCopy + ")"
	if got := plan(t, in, s, now); len(got) != 4 || !slices.Contains(got, want) {
		t.Errorf("planned %q, want\n%s", got, want)
	}
	no := false
	d.TakeOver, d.Agent = false, &no
	if got := plan(t, in, s, now); len(got) != 3 || slices.ContainsFunc(got, func(op string) bool {
		return strings.HasPrefix(op, "machine ci") || strings.HasPrefix(op, "machine shop-2")
	}) {
		t.Errorf("without agents, planned %q", got)
	}
}

func TestWhatIsSaidOfLoginsAndAgentsIsUnderstood(t *testing.T) {
	m, err := parseMachine("arch amd64\nagent version 1:7.71.2-1\nagent held\nagent well\nagent key AB\nagent key CD\npart account\nlogin " +
		"c3NoLWVkMjU1MTkgQUFBQSBtb25pdG9yaW5nIG9mIHNob3AK\n") // ssh-ed25519 AAAA monitoring of shop
	if err != nil {
		t.Fatal(err)
	}
	if !m.Parts["account"] || m.Agent.Version != "1:7.71.2-1" || !m.Agent.Held || !m.Agent.Well || !slices.Equal(m.Agent.Keys, []string{"AB", "CD"}) || m.Key != "ssh-ed25519 AAAA monitoring of shop" {
		t.Errorf("read %+v", m)
	}
	for _, text := range []string{"login %", "login bm90IGEga2V5", "agent mood"} {
		if _, err := parseMachine("arch amd64\n" + text + "\n"); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}
