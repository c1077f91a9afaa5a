package monitoring

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/provision/inventory"
)

// EngineCheck is the name of the check of a node's Docker engine.
const EngineCheck = "Docker engine"

// The names of the checks that others need.
const (
	quorumCheck = "Swarm quorum"
	httpCheck   = "HTTP"
	tlsCheck    = "TLS certificate"
	mailCheck   = "Mail server"
)

// ClockCheck compares a machine's clock with the monitor's: it asks the machine
// for TimeCommand.
const (
	ClockCheck  = "check_clock"
	TimeCommand = "now"
)

// AliveCommand is what a machine answers by SSH to show that it can be asked.
const AliveCommand = "alive"

// askable is the check without which the others of a machine can say nothing:
// whether the monitor can ask at all.
func (m Model) askable() Check {
	ask := Check{Name: m.AskCheck(), View: Awareness, Run: Command{Remote: true}}
	if m.Transport == SSH {
		ask.Run.ID = AliveCommand
	}
	return ask
}

// AskCheck is the name of the check whether the monitor can ask a machine.
func (m Model) AskCheck() string {
	if m.Transport == SSH {
		return "Checks by SSH"
	}
	return "NRPE"
}

// on is a check of what a machine can say of itself.
func on(name, id string, view View, program string, args ...string) Check {
	return Check{
		Name: name, View: view,
		Run: Command{Program: program, Args: args, Remote: true, ID: id},
	}
}

// asRoot is a check of the Docker engine, whose socket is root's.
func asRoot(name, id string, view View, args ...string) Check {
	c := on(name, id, view, Checks, args...)
	c.Run.Sudo = true
	return c
}

// ofMonitor is a check that the monitor itself makes.
func ofMonitor(name string, view View, program string, args ...string) Check {
	return Check{Name: name, View: view, Run: Command{Program: program, Args: args}}
}

func (m Model) machineChecks(n inventory.Node) []Check {
	var checks []Check
	if !m.outside {
		checks = append(checks, ofMonitor("SSH", Awareness, Plugins+"/check_ssh", "-t", "10", "-p", strconv.Itoa(n.Port), m.reach(n)))
	}
	checks = append(checks,
		m.askable(),
		m.measured("CPU", "cpu", "check_cpu"),
		on("Load", "load", Capacity, Plugins+"/check_load", "-r", "-w", m.loads(warning), "-c", m.loads(critical)),
		m.measured("Memory", "memory", "check_memory"),
		on("Swap", "swap", Capacity, Plugins+"/check_swap", "-n", "ok", "-w", m.free("swap", warning), "-c", m.free("swap", critical)),
		m.disk("Disk", "disk", "-w", "-c"),
		m.disk("Inodes", "inodes", "-W", "-K"),
		m.measured("Network", "network", "check_network"),
		ofMonitor("Clock", Cluster, Checks, append([]string{ClockCheck}, m.limits("clock")...)...),
	)
	if m.Transport == NRPE {
		checks = append(checks, on("NRPE certificate", "certificate", Awareness, Checks, append([]string{"check_certificate", "--file", NodeCert}, m.limits("certificate")...)...))
	}
	return owned(checks, m.Owners["node"])
}

// needAnswer lets whatever asks the machine depend on whether it can be asked.
func (m Model) needAnswer(checks []Check) []Check {
	ask := m.AskCheck()
	for i, c := range checks {
		if (c.Run.Remote || c.Run.asks()) && c.Name != ask {
			checks[i].Needs = append([]string{ask}, c.Needs...)
		}
	}
	return checks
}

// asks tells whether a check of the monitor's asks the machine for something.
func (c Command) asks() bool { return len(c.Args) > 0 && c.Args[0] == ClockCheck }

func (m Model) measured(name, id, program string) Check {
	return on(name, id, Capacity, Checks, append([]string{program}, m.limits(id)...)...)
}

// disk leaves out what is no disk of the machine's: overlays are containers'.
// No dollar sign: NRPE would take it for a macro.
func (m Model) disk(name, id, warn, crit string) Check {
	t := m.Thresholds[id]
	args := []string{warn, number(t.Warning) + "%", crit, number(t.Critical) + "%", "-l", "-e"}
	for _, kind := range []string{"overlay", "devtmpfs", "squashfs", "tracefs", "nsfs", "proc", "sysfs"} {
		args = append(args, "-X", kind)
	}
	return on(name, id, Capacity, Plugins+"/check_disk", append(args, "-A", "-i", "^/(etc|run|proc|sys|dev|lib/modules|var/lib/(docker|containerd)/.)")...)
}

func warning(t Threshold) float64  { return t.Warning }
func critical(t Threshold) float64 { return t.Critical }

// loads are check_load's limits over 1, 5 and 15 minutes.
func (m Model) loads(side func(Threshold) float64) string {
	limit := side(m.Thresholds["load"])
	return strings.Join([]string{number(2 * limit), number(limit), number(limit)}, ",")
}

func (m Model) free(id string, side func(Threshold) float64) string {
	return number(100-side(m.Thresholds[id])) + "%"
}

// limits are the thresholds in the notation of the Nagios plugins.
func (m Model) limits(id string) []string {
	t, colon := m.Thresholds[id], ""
	if falling[id] {
		colon = ":"
	}
	return []string{"-w", number(t.Warning) + colon, "-c", number(t.Critical) + colon}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func owned(checks []Check, owner string) []Check {
	for i := range checks {
		if checks[i].Owner == "" {
			checks[i].Owner = owner
		}
	}
	return checks
}

func (m Model) roleChecks(n inventory.Node) []Check {
	switch {
	case n.Role.InSwarm():
		replicas := asRoot("Containers", "containers", Cluster, "check_containers")
		replicas.Needs = []string{EngineCheck}
		return owned([]Check{asRoot(EngineCheck, "engine", Cluster, "check_engine"), replicas}, m.Owners["node"])
	case n.Role == inventory.Monitor:
		return owned(m.monitorChecks(n), m.Owners["monitor"])
	case n.Role == inventory.Jenkins && m.Jenkins != nil:
		return owned(m.jenkinsChecks(), m.Owners["pipeline"])
	}
	return nil
}

func (m Model) monitorChecks(n inventory.Node) []Check {
	notices := ofMonitor("Notices", Awareness, Checks, "check_notices", "--config", NotifyConfig, "--status", StatusFile, "--told", ToldDir, "-t", "55s")
	notices.Needs = []string{mailCheck}
	return []Check{
		ofMonitor("Nagios", Awareness, Checks, "check_nagios", "--status", StatusFile, "-w", "60", "-c", "300"),
		ofMonitor("Dashboard", Awareness, Plugins+"/check_http", "-H", m.reach(n), "-S", "-u", "/", "-e", "401", "-t", "10"),
		ofMonitor(mailCheck, Awareness, Plugins+"/check_tcp", "-H", m.SMTP.Host, "-p", strconv.Itoa(m.SMTP.Port), "-t", "10"),
		notices,
	}
}

func (m Model) jenkinsChecks() []Check {
	pipeline := ofMonitor("Pipeline", Delivery, Checks, "check_pipeline", "--url", m.Jenkins.URL, "--job", m.Jenkins.Job, "--token-file", JenkinsToken)
	pipeline.Needs = []string{"Jenkins"}
	return []Check{ofMonitor("Jenkins", Delivery, Checks, "check_web", "--url", m.Jenkins.URL+"/login", "-w", "5", "-c", "15"), pipeline}
}

// JenkinsToken is where the monitor finds user:token.
const JenkinsToken = ConfigDir + "/secrets/jenkins"

// swarmChecks are asked of whichever manager answers first. A problem of the
// quorum makes the others of no interest.
func (m Model) swarmChecks(managers, nodes []string) []Check {
	ask := func(name, id string, view View, args ...string) Check {
		c := asRoot(name, id, view, append([]string{"check_swarm"}, args...)...)
		c.Needs, c.Run.Any = []string{quorumCheck}, managers
		return c
	}
	quorum := ask(quorumCheck, "quorum", Cluster, "quorum")
	quorum.Needs = nil
	ready := ask("Swarm nodes", "nodes", Cluster, "nodes", "--expect", strconv.Itoa(len(nodes)))
	ready.NeedsHosts = nodes
	checks := owned([]Check{quorum, ready}, m.Owners["swarm"])
	for _, service := range m.Services {
		replicas := ask("Service "+service, "service-"+service, Users, "service", "--name", service)
		update := ask("Update "+service, "update-"+service, Delivery, "update", "--name", service)
		checks = append(checks, owned([]Check{replicas, update}, m.Owners["service"])...)
	}
	return checks
}

// responseLimit is how long a check waits for the endpoint: what takes longer
// than the critical time is critical, whatever comes then.
func (m Model) responseLimit() string { return number(m.Thresholds["response"].Critical) + "s" }

func (m Model) endpointChecks(u *url.URL) []Check {
	limits := append(m.limits("response"), "-t", m.responseLimit())
	args := append([]string{"check_web", "--url", u.String()}, limits...)
	if m.Content != "" {
		args = append(args, "--content", m.Content)
	}
	http := ofMonitor(httpCheck, Users, Checks, args...)
	if u.Scheme == "https" {
		http.ExplainedBy = tlsCheck
	}
	checks := []Check{http}
	if m.QR {
		qr := ofMonitor("QR round trip", Users, Checks, append([]string{"check_qr", "--url", u.String()}, limits...)...)
		qr.Needs = []string{httpCheck}
		checks = append(checks, qr)
	}
	if u.Scheme == "https" {
		certificate := ofMonitor(tlsCheck, Users, Checks,
			append([]string{"check_certificate", "--connect", fmt.Sprintf("%s:%s", u.Hostname(), port(u)), "-t", m.responseLimit()}, m.limits("certificate")...)...)
		// Where nothing answers, that is HTTP's to tell.
		certificate.TellsWhatItKnows = true
		checks = append(checks, certificate)
	}
	return owned(checks, m.Owners["endpoint"])
}

// RemoteCommands are the commands that the host must know.
func (m Model) RemoteCommands(h Host) []Command {
	commands := []Command{{Program: Checks, Args: []string{TimeCommand}, Remote: true, ID: TimeCommand}}
	if m.Transport == SSH {
		commands = append(commands, Command{Program: "/bin/echo", Args: []string{"OK - it can be asked"}, Remote: true, ID: AliveCommand})
	}
	for _, other := range m.Hosts {
		shared := other.Group == Swarm && h.Group == Managers
		if other.Name != h.Name && !shared {
			continue
		}
		for _, c := range other.Checks {
			if c.Run.Remote && c.Run.ID != "" && c.Run.ID != AliveCommand {
				commands = append(commands, c.Run)
			}
		}
	}
	return commands
}
