package nagios

import (
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// The commands that are no checks.
const (
	notifyHost          = "notify_host"
	notifyService       = "notify_service"
	perfdataCommand     = "perfdata"
	hostPerfdataCommand = "perfdata_hosts"
)

// transport is how the monitor asks a machine: a plugin with its options, to
// which the machine's address and the command's name are added.
type transport struct {
	// ask has the plugin say UNKNOWN where the machine does not answer.
	ask string
	// name is the option in front of the command's name, and alive what asks for
	// nothing but an answer, without which the machine's checks are CRITICAL.
	name, alive string
}

var transports = map[string]transport{
	monitoring.NRPE: {ask: nrpeCall + " -u", name: " -c ", alive: nrpeCall + " -H $HOSTADDRESS$"},
	monitoring.SSH: {
		ask: sshCall, name: " -C ",
		alive: monitoring.Plugins + "/negate -t 35 -u CRITICAL -s " + sshCall + " -H $HOSTADDRESS$ -C " + monitoring.AliveCommand,
	},
}

// nrpeCall asks a machine's NRPE: TLS 1.2 or newer, both ends with certificates
// of our own authority. Names are not checked by it, which is why a node's
// certificate is good for serving alone.
var nrpeCall = strings.Join([]string{
	monitoring.Plugins + "/check_nrpe", "-t", "30", "-S", "TLSv1.2+",
	"-A", monitoring.CAFile, "-C", monitoring.ClientCert, "-K", monitoring.ClientKey,
}, " ")

func commands(m monitoring.Model) string {
	o := newObjects()
	command := func(name, line string) { o.define("command", "command_name", name, "command_line", line) }
	t := transports[m.Transport]
	command(m.Transport, t.ask+" -H $HOSTADDRESS$"+t.name+"$ARG1$")
	command(m.Transport+"_alive", t.alive)
	command(m.Transport+"_any", monitoring.Checks+" check_any --hosts $ARG1$ -- "+t.ask+t.name+"$ARG2$")
	command(monitoring.ClockCheck, monitoring.Checks+" "+monitoring.ClockCheck+" $ARG1$ -- "+t.ask+" -H $HOSTADDRESS$"+t.name+monitoring.TimeCommand)
	command("check_reach", monitoring.Checks+" check_reach --hosts $ARG1$ --port $ARG2$ -t $ARG3$")
	used := map[string]string{}
	for _, h := range m.Hosts {
		add(used, h.Alive)
		for _, c := range h.Checks {
			add(used, c.Run)
		}
	}
	for _, name := range sortedKeys(used) {
		command(name, used[name]+" $ARG1$")
	}
	command(notifyHost, monitoring.Checks+" notify --config "+monitoring.NotifyConfig+" host")
	command(notifyService, monitoring.Checks+" notify --config "+monitoring.NotifyConfig+" service")
	command(perfdataCommand, monitoring.Checks+" file_perfdata --from "+monitoring.Perfdata+" --to "+monitoring.PerfdataDir)
	command(hostPerfdataCommand, monitoring.Checks+" file_perfdata --from "+monitoring.HostPerfdata+" --to "+monitoring.PerfdataDir)
	return o.String()
}

func add(used map[string]string, c monitoring.Command) {
	if c.Remote || len(c.Any) > 0 || commandName(c) == monitoring.ClockCheck {
		return
	}
	line := c.Program
	if c.Program == monitoring.Checks {
		line += " " + c.Args[0]
	}
	used[commandName(c)] = line
}

// NRPE renders nrpe.cfg of one machine. Nothing that the monitor sends but a
// command's name is ever used.
func NRPE(m monitoring.Model, h monitoring.Host) string {
	settings := [][2]string{
		{"log_facility", "daemon"},
		{"pid_file", "/run/nagios/nrpe.pid"},
		{"server_port", "5666"},
		{"nrpe_user", "nagios"},
		{"nrpe_group", "nagios"},
		{"allowed_hosts", strings.Join(m.Askers(h), ",")},
		{"dont_blame_nrpe", "0"},
		{"allow_bash_command_substitution", "0"},
		{"command_timeout", "25"},
		{"connection_timeout", "30"},
		{"ssl_version", "TLSv1.2+"},
		{"ssl_use_adh", "0"},
		{"ssl_client_certs", "2"},
		{"ssl_cacert_file", monitoring.CAFile},
		{"ssl_cert_file", monitoring.NodeCert},
		{"ssl_privatekey_file", monitoring.NodeKey},
		{"ssl_cipher_list", "HIGH:!aNULL:!eNULL:!MD5:!SHA1:!CBC"},
	}
	// Where its only address is one that others know it by, it may not be its own.
	if own := h.Node.PrivateAddress; own != "" {
		settings = append(settings, [2]string{"server_address", own})
	}
	for _, c := range m.RemoteCommands(h) {
		settings = append(settings, [2]string{"command[" + c.ID + "]", nrpeLine(c)})
	}
	return keyed(settings)
}

func nrpeLine(c monitoring.Command) string {
	line := quote(append([]string{c.Program}, c.Args...))
	if c.Sudo {
		return "/usr/bin/sudo -n " + line
	}
	return line
}

// Sudoers lets the user that checks run as run exactly the checks that need the engine's
// socket, with exactly their arguments.
func Sudoers(m monitoring.Model, h monitoring.Host) string {
	var b strings.Builder
	user := "nagios"
	if m.Transport == monitoring.SSH {
		user = monitoring.Account
	}
	b.WriteString("# Made by swarmctl; changes are lost.\nDefaults:" + user + " !requiretty, !pam_session\n")
	for _, c := range m.RemoteCommands(h) {
		if c.Sudo {
			b.WriteString(user + " ALL=(root) NOPASSWD: " + c.Program + " " + strings.Join(c.Args, " ") + "\n")
		}
	}
	return b.String()
}
