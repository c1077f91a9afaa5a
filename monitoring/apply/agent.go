package apply

import (
	"context"
	_ "embed" // the scripts
	"fmt"
	"slices"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// Where the agent comes from: apt trusts the keys in agentKeyring for agentList
// and for nothing else.
const (
	agentList    = "/etc/apt/sources.list.d/swarmctl-datadog.list"
	agentKeyring = "/usr/share/keyrings/swarmctl-datadog.gpg"
)

// agentState is Datadog's agent on a machine.
type agentState struct {
	Version string
	Held    bool
	// Keys are the fingerprints of those that may sign its repository.
	Keys []string
}

func (s *agentState) take(f []string) error {
	switch f[0] {
	case "version":
		s.Version = f[len(f)-1]
	case "held":
		s.Held = true
	case "key":
		s.Keys = append(s.Keys, f[len(f)-1])
	default:
		return fmt.Errorf("%q is not understood", f[0])
	}
	return nil
}

// AgentPlan is what has to be done about Datadog's agent.
type AgentPlan struct {
	// Package is its name and version, and where it comes from, in words.
	Package string
	// Install and Restart say why; "" where there is no need.
	Install, Restart string
}

// agentVersion is the package's, with Datadog's epoch and revision.
func agentVersion(d monitoring.Datadog) string { return "1:" + d.AgentVersion + "-1" }

// agentSource is what apt reads; its last field but two is the URL.
func agentSource(d monitoring.Datadog) File {
	text := "# Made by swarmctl; changes are lost.\ndeb [signed-by=" + agentKeyring + "] " + strings.Join(strings.Fields(d.Repository), " ") + "\n"
	return File{agentList, 0o644, "root", []byte(text)}
}

func (p *Plan) planAgent(m MachinePlan, is Machine) AgentPlan {
	if !p.in.Model.HasAgent() {
		return AgentPlan{}
	}
	d := *p.in.Model.Datadog
	plan := AgentPlan{
		Package: "datadog-agent " + agentVersion(d) + " from " + strings.Fields(d.Repository)[0],
		Install: agentInstallCause(d, is),
	}
	switch {
	case plan.Install != "":
		plan.Restart = "it is installed anew"
	case slices.ContainsFunc(m.Files, func(c Change) bool { return strings.HasPrefix(c.File.Path, agentDir+"/") }):
		plan.Restart = "its configuration is new"
	case !is.Fresh["agent"]:
		plan.Restart = "it does not run with what is on the disk"
	}
	return plan
}

func agentInstallCause(d monitoring.Datadog, is Machine) string {
	switch keys := slices.Sorted(slices.Values(is.Agent.Keys)); {
	case is.Agent.Version == "":
		return "not installed"
	case is.Agent.Version != agentVersion(d):
		return "it is " + is.Agent.Version
	case differs(agentSource(d), is) != "":
		return "its repository differs"
	case !slices.Equal(keys, slices.Sorted(slices.Values(d.KeyFingerprints))):
		return "the keys that may sign its repository differ"
	case !is.Agent.Held:
		return "it is not on hold"
	}
	return ""
}

var (
	//go:embed agent_install.sh
	agentInstallScript string
	//go:embed agent_start.sh
	agentStartScript string
)

// installAgent installs the package once the repository is known to be signed by
// the keys of the settings; until then the machine stays as it is.
func (p Plan) installAgent(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if m.Agent.Install == "" {
		return nil
	}
	d := *p.in.Model.Datadog
	subject := "machine " + m.Host.Name
	report.Start(subject, "installing "+m.Agent.Package)
	_, err := host.RunScript(ctx, "install Datadog's agent", preamble(map[string]string{
		"LIST": agentList, "SOURCE": string(agentSource(d).Data), "KEYRING": agentKeyring,
		"KEYS": strings.Join(d.Keys, " "), "FINGERPRINTS": strings.Join(d.KeyFingerprints, " "), "VERSION": agentVersion(d),
	})+aptScript+agentInstallScript, func(line string) { report.Output(subject, line) })
	return err
}

// startAgent starts it, or starts it anew, and waits until it says that it is well.
func (p Plan) startAgent(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if m.Agent.Restart == "" {
		return nil
	}
	report.Start("machine "+m.Host.Name, "starting Datadog's agent")
	_, err := host.RunScript(ctx, "start Datadog's agent", agentStartScript, nil)
	return err
}
