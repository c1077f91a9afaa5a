// Package nagios renders a monitoring.Model for Nagios Core 4: the daemon's
// configuration and objects, the CGIs' and Apache's, and NRPE's on each machine.
//
// Debian's defaults that would let anybody in or call home are overridden here,
// never patched: none of the distribution's files is read.
package nagios

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// Render returns the files of a release, with paths relative to its folder.
func Render(m monitoring.Model) []monitoring.File {
	files := []monitoring.File{
		file("apache.conf", apacheConf(m)),
		file("cgi.cfg", cgiConf(m)),
		file("htpasswd", htpasswd(m)),
		file("nagios.cfg", mainConf(m)),
		file("objects/commands.cfg", commands(m)),
		file("objects/contacts.cfg", contacts(m)),
		file("objects/dependencies.cfg", dependencies(m)),
		file("objects/escalations.cfg", escalations(m)),
		file("objects/hosts.cfg", hosts(m)),
		file("objects/periods.cfg", periods(m)),
		file("objects/services.cfg", services(m)),
	}
	if m.Transport == monitoring.SSH {
		files = append(files, file(path.Base(monitoring.SSHConfig), sshConfig(m)), file(path.Base(monitoring.KnownHosts), knownHosts(m)))
	}
	return files
}

func file(path, text string) monitoring.File {
	return monitoring.File{Path: path, Data: []byte(text)}
}

// objects writes Nagios's object definitions.
type objects struct{ strings.Builder }

func newObjects() *objects {
	o := &objects{}
	fmt.Fprintln(o, "# Made by swarmctl; changes are lost.")
	return o
}

// define writes one object: a directive, its value, and so on. Directives
// without a value are left out.
func (o *objects) define(kind string, pairs ...string) {
	fmt.Fprintf(o, "\ndefine %s {\n", kind)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(o, "    %-30s %s\n", pairs[i], pairs[i+1])
		}
	}
	fmt.Fprintln(o, "}")
}

// Where Debian's package keeps what changes; its owners are what the CGIs need.
const (
	stateDir = "/var/lib/nagios4"
	logDir   = "/var/log/nagios4"
)

// mainConf is nagios.cfg. Paths of ours are relative to it, so that a release is
// checked where it lies before it is the current one.
func mainConf(m monitoring.Model) string {
	settings := [][2]string{
		{"log_file", logDir + "/nagios.log"},
		{"cfg_dir", "objects"},
		{"object_cache_file", stateDir + "/objects.cache"},
		{"precached_object_file", stateDir + "/objects.precache"},
		{"status_file", monitoring.StatusFile},
		{"status_update_interval", "5"},
		{"nagios_user", "nagios"},
		{"nagios_group", "nagios"},
		{"command_file", stateDir + "/rw/nagios.cmd"},
		{"lock_file", "/run/nagios4/nagios4.pid"},
		{"temp_file", stateDir + "/nagios.tmp"},
		{"temp_path", "/tmp"},
		{"check_result_path", stateDir + "/spool/checkresults"},
		{"state_retention_file", stateDir + "/retention.dat"},
		{"log_archive_path", logDir + "/archives"},
		{"log_rotation_method", "d"},
		{"use_syslog", "0"},
		{"log_initial_states", "1"},
		{"log_current_states", "1"},
		{"log_service_retries", "1"},
		{"log_host_retries", "1"},
		{"log_external_commands", "1"},
		// All times are in seconds.
		{"interval_length", "1"},
		{"service_check_timeout", "60"},
		{"host_check_timeout", "30"},
		{"notification_timeout", "60"},
		{"service_check_timeout_state", "u"},
		{"service_inter_check_delay_method", spread(m)},
		{"host_inter_check_delay_method", spread(m)},
		{"check_result_reaper_frequency", "2"},
		// A check on demand is made, always: one that is spared moves the next regular
		// one from a retry's time to an interval's, and finds no cause that is younger.
		{"cached_host_check_horizon", "0"},
		{"cached_service_check_horizon", "0"},
		// What stands in the files counts, whatever was switched before a restart.
		{"retain_state_information", "1"},
		{"retention_update_interval", "5"},
		{"use_retained_program_state", "0"},
		{"use_retained_scheduling_info", "1"},
		{"soft_state_dependencies", "1"},
		{"check_external_commands", "1"},
		{"check_for_updates", "0"},
		{"bare_update_check", "1"},
		{"enable_notifications", "1"},
		{"enable_event_handlers", "0"},
		{"enable_flap_detection", "1"},
		// The notifier reads NAGIOS_ variables; no macro ever meets a shell.
		{"enable_environment_macros", "1"},
		{"illegal_object_name_chars", "`~!$%^&*|'\"<>?,()="},
		{"illegal_macro_output_chars", "`~$&|'\"<>"},
		{"date_format", "iso8601"},
		{"event_broker_options", "0"},
		{"daemon_dumps_core", "0"},
	}
	return keyed(append(settings, resultFiles()...))
}

// resultFiles take a line a result, with the second in which its check began: the
// log knows only when it was in, which is late by a time limit where nothing
// answers.
func resultFiles() [][2]string {
	return [][2]string{
		{"process_performance_data", "1"},
		{"service_perfdata_file", monitoring.Perfdata},
		{"service_perfdata_file_template", "$TIMET$\\t$HOSTNAME$\\t$SERVICEDESC$\\t$SERVICESTATE$\\t$SERVICEPERFDATA$\\t$LASTSERVICECHECK$"},
		{"service_perfdata_file_mode", "a"},
		{"service_perfdata_file_processing_interval", "60"},
		{"service_perfdata_file_processing_command", perfdataCommand},
		{"service_perfdata_process_empty_results", "1"},
		{"host_perfdata_file", monitoring.HostPerfdata},
		{"host_perfdata_file_template", "$TIMET$\\t$HOSTNAME$\\t\\t$HOSTSTATE$\\t$HOSTPERFDATA$\\t$LASTHOSTCHECK$"},
		{"host_perfdata_file_mode", "a"},
		{"host_perfdata_file_processing_interval", "60"},
		{"host_perfdata_file_processing_command", hostPerfdataCommand},
		{"host_perfdata_process_empty_results", "1"},
	}
}

// firstRound is in how many seconds everything is checked once after a start,
// and busiest the shortest time between two first checks.
const (
	firstRound = 60.0
	busiest    = 0.2
)

// spread is the time between two first checks, in seconds.
func spread(m monitoring.Model) string {
	total := 1
	for _, h := range m.Hosts {
		total += len(h.Checks)
	}
	return strconv.FormatFloat(min(busiest, firstRound/float64(total)), 'f', 3, 64)
}

// keyed writes key=value lines.
func keyed(settings [][2]string) string {
	var b strings.Builder
	b.WriteString("# Made by swarmctl; changes are lost.\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "%s=%s\n", s[0], s[1])
	}
	return b.String()
}

// quote makes the words one text for the shell that runs a check.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if strings.ContainsAny(w, " ()|^*?[]{}~#&;<>") {
			quoted[i] = "'" + w + "'" // no name, address or URL in a model holds a quote
		}
	}
	return strings.Join(quoted, " ")
}

func commandName(c monitoring.Command) string {
	if c.Program == monitoring.Checks {
		return c.Args[0]
	}
	return path.Base(c.Program)
}
