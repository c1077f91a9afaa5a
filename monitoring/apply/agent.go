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

// agentCopy keeps what was there of an agent that was taken over.
const agentCopy = "/var/backups/swarmctl-datadog-agent.tar.gz"

// agentState is Datadog's agent on a machine.
type agentState struct {
	Version string
	Held    bool
	// Well is what it says of itself.
	Well bool
	// Keys are the fingerprints of those that may sign its repository.
	Keys []string
}

func (s *agentState) take(f []string) error {
	switch f[0] {
	case "version":
		s.Version = f[len(f)-1]
	case "held":
		s.Held = true
	case "well":
		s.Well = true
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
	Files   []Change
	// Install and Restart say why; "" where there is no need.
	Install, Restart string
	// TakeOver is of an agent that somebody else installed.
	TakeOver bool
}

func (p AgentPlan) empty() bool { return p.Install == "" && len(p.Files) == 0 && p.Restart == "" }

// foreignAgent tells of an agent that somebody else installed.
func foreignAgent(is Machine) bool { return is.Agent.Version != "" && !is.Parts["agent"] }

// ForeignAgentError names machines with an agent that somebody else installed,
// who may need what it sends, and where.
type ForeignAgentError struct{ Machines []string }

func (e *ForeignAgentError) Error() string {
	return "Datadog's agent was installed by somebody else on " + strings.Join(e.Machines, ", ") + "; nothing was changed"
}

// Hint says what to do next.
func (*ForeignAgentError) Hint() string {
	return "datadog.takeOver: true replaces it, and keeps a copy of its settings; datadog.agent: false leaves it alone"
}

func checkForeign(in Input, state State) error {
	if !in.Model.HasAgent() || in.Model.Datadog.TakeOver {
		return nil
	}
	var machines []string
	for _, h := range in.Model.Machines() {
		if foreignAgent(state[h.Name]) {
			machines = append(machines, h.Name)
		}
	}
	if len(machines) == 0 {
		return nil
	}
	return &ForeignAgentError{machines}
}

// agentVersion is the package's, with Datadog's epoch and revision.
func agentVersion(d monitoring.Datadog) string { return "1:" + d.AgentVersion + "-1" }

// agentSource is what apt reads; its last field but two is the URL.
func agentSource(d monitoring.Datadog) File {
	text := "# Made by swarmctl; changes are lost.\ndeb [signed-by=" + agentKeyring + "] " + strings.Join(strings.Fields(d.Repository), " ") + "\n"
	return File{agentList, 0o644, "root", []byte(text)}
}

func (p *Plan) planAgent(h monitoring.Host, is Machine) AgentPlan {
	if !p.in.Model.HasAgent() {
		return AgentPlan{}
	}
	d := *p.in.Model.Datadog
	plan := AgentPlan{
		Package:  "datadog-agent " + agentVersion(d) + " from " + strings.Fields(d.Repository)[0],
		Files:    changes(p.in.agentFiles(h), is),
		Install:  agentInstallCause(d, is),
		TakeOver: foreignAgent(is),
	}
	switch {
	case plan.Install != "":
		plan.Restart = "it is installed anew"
	case len(plan.Files) > 0:
		plan.Restart = "its configuration is new"
	case !is.Fresh["agent"]:
		plan.Restart = "it does not run with what is on the disk"
	case !is.Agent.Well:
		plan.Restart = "it is not well"
	}
	return plan
}

func agentInstallCause(d monitoring.Datadog, is Machine) string {
	switch keys := slices.Sorted(slices.Values(is.Agent.Keys)); {
	case is.Agent.Version == "":
		return "not installed"
	case foreignAgent(is):
		return "somebody else's " + is.Agent.Version + " is taken over; a copy of its settings is kept in " + agentCopy
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
	//go:embed agent_place.sh
	agentPlaceScript string
	//go:embed agent_start.sh
	agentStartScript string
)

// applyAgent is about Datadog's agent alone. It comes once all else is in use: what
// is wrong with it, or with where it comes from, holds nothing else back.
func (p Plan) applyAgent(ctx context.Context, fleet Fleet, m MachinePlan, report Report) error {
	if m.Agent.empty() {
		return nil
	}
	subject := "machine " + m.Host.Name
	host, err := fleet.Host(ctx, *m.Host.Node)
	if err == nil {
		err = p.changeAgent(ctx, host, m, report)
	}
	if err != nil {
		report.Fail(subject, "Datadog's agent is not ready")
		return fmt.Errorf("%s: %w", subject, err)
	}
	report.Done(subject, "Datadog's agent is ready")
	return nil
}

func (p Plan) changeAgent(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if err := p.installAgent(ctx, host, m, report); err != nil {
		return err
	}
	if err := placeAgent(ctx, host, m.Agent.Files); err != nil {
		return err
	}
	return startAgent(ctx, host, m, report)
}

// placeAgent puts its files in their places; its package made the folder.
func placeAgent(ctx context.Context, host Host, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	files := make([]File, len(changes))
	for i, c := range changes {
		files[i] = c.File
	}
	list, err := stage(ctx, host, files)
	if err != nil {
		return err
	}
	_, err = host.RunScript(ctx, "place the agent's files", preamble(map[string]string{"LIST": list, "STAGING": staging})+moveScript+agentPlaceScript, nil)
	return err
}

// installAgent installs the package once the repository is known to be signed by
// the keys of the settings; until then the machine stays as it is.
func (p Plan) installAgent(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if m.Agent.Install == "" {
		return nil
	}
	d := *p.in.Model.Datadog
	copyTo := ""
	if m.Agent.TakeOver {
		copyTo = agentCopy
	}
	subject := "machine " + m.Host.Name
	report.Start(subject, "installing "+m.Agent.Package)
	_, err := host.RunScript(ctx, "install Datadog's agent", preamble(map[string]string{
		"LIST": agentList, "SOURCE": string(agentSource(d).Data), "KEYRING": agentKeyring,
		"COPY": copyTo, "URL": strings.TrimRight(strings.Fields(d.Repository)[0], "/"), "AGENT_DIR": agentDir,
		"KEYS": strings.Join(d.Keys, " "), "FINGERPRINTS": strings.Join(d.KeyFingerprints, " "), "VERSION": agentVersion(d),
	})+aptScript+agentInstallScript, func(line string) { report.Output(subject, line) })
	return err
}

// startAgent starts it, or starts it anew, and waits until it says that it is well.
func startAgent(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if m.Agent.Restart == "" {
		return nil
	}
	report.Start("machine "+m.Host.Name, "starting Datadog's agent")
	_, err := host.RunScript(ctx, "start Datadog's agent", agentStartScript, nil)
	return err
}
