package nagios

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// sshCall asks a machine by SSH. What the plugin is told of the connection
// stands in sshConfig.
const sshCall = monitoring.Plugins + "/check_by_ssh -t 30 -U -F " + monitoring.SSHConfig

// sshConfig is for the monitor's own ssh: nothing is asked of a person, no
// other key or known_hosts is looked at, and a connection serves the checks that
// follow.
func sshConfig(m monitoring.Model) string {
	var b strings.Builder
	b.WriteString("# Made by swarmctl; changes are lost.\n")
	for _, h := range m.Machines() {
		fmt.Fprintf(&b, "Host %s\n    HostKeyAlias %s\n    Port %d\n", h.Address, h.Name, h.Node.Port)
	}
	b.WriteString("Host *\n")
	for _, s := range [][2]string{
		{"User", monitoring.Account},
		{"IdentityFile", monitoring.SSHKey},
		{"IdentitiesOnly", "yes"},
		{"IdentityAgent", "none"},
		{"BatchMode", "yes"},
		{"PreferredAuthentications", "publickey"},
		{"StrictHostKeyChecking", "yes"},
		{"UserKnownHostsFile", monitoring.KnownHosts},
		{"GlobalKnownHostsFile", "/dev/null"},
		{"UpdateHostKeys", "no"},
		{"CheckHostIP", "no"},
		{"RequestTTY", "no"},
		{"ForwardAgent", "no"},
		{"ClearAllForwardings", "yes"},
		{"ConnectTimeout", "10"},
		{"ServerAliveInterval", "5"},
		{"ServerAliveCountMax", "3"},
		{"ControlMaster", "auto"},
		{"ControlPath", monitoring.SSHMasters + "/%C"},
		{"ControlPersist", "10m"},
		// What is worth a word ends the connection; the rest would be taken for the
		// check's own.
		{"LogLevel", "FATAL"},
	} {
		fmt.Fprintf(&b, "    %s %s\n", s[0], s[1])
	}
	return b.String()
}

// knownHosts are the inventory's host keys; another key is no machine of ours.
func knownHosts(m monitoring.Model) string {
	var b strings.Builder
	b.WriteString("# Made by swarmctl; changes are lost.\n")
	for _, h := range m.Machines() {
		for _, key := range h.Node.HostKeys {
			fmt.Fprintf(&b, "%s %s\n", h.Name, key)
		}
	}
	return b.String()
}

// AuthorizedKeys lets the monitor's key in to the host, from the monitor alone, to run the
// program that knows the allow-list, and for nothing else.
func AuthorizedKeys(m monitoring.Model, h monitoring.Host, publicKey string) string {
	return fmt.Sprintf("# Made by swarmctl; changes are lost.\nrestrict,from=%s,command=%s %s\n",
		strconv.Quote(strings.Join(m.Askers(h), ",")), strconv.Quote(monitoring.Checks+" remote --commands "+monitoring.AllowList), strings.TrimSpace(publicKey))
}

// AllowList is what the machine runs for the monitor: words by the name that the
// monitor says. No shell ever sees them.
func AllowList(m monitoring.Model, h monitoring.Host) []byte {
	commands := map[string][]string{}
	for _, c := range m.RemoteCommands(h) {
		words := append([]string{c.Program}, c.Args...)
		if c.Sudo {
			words = append([]string{"/usr/bin/sudo", "-n"}, words...)
		}
		commands[c.ID] = words
	}
	text, err := json.MarshalIndent(commands, "", "  ")
	if err != nil {
		panic(err) // strings always become JSON
	}
	return append(text, '\n')
}
