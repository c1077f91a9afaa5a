package nagios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

var groupTitles = []struct {
	group monitoring.Group
	title string
}{
	{monitoring.Managers, "Swarm managers"},
	{monitoring.Workers, "Swarm workers"},
	{monitoring.Swarm, "The swarm as a whole"},
	{monitoring.Balancer, "What users open"},
	{monitoring.CI, "Jenkins"},
	{monitoring.Monitors, "Monitoring"},
}

func hosts(m monitoring.Model) string {
	o := newObjects()
	s := m.Schedule
	o.define("host",
		"name", "machine", "register", "0",
		"check_interval", seconds(s.Interval), "retry_interval", seconds(s.Retry),
		"max_check_attempts", strconv.Itoa(s.Attempts),
		"check_period", monitoring.Always, "notification_period", monitoring.Always,
		"notification_interval", seconds(s.Renotify), "notification_options", "d,r,f,s",
		"flap_detection_enabled", "1", "process_perf_data", "1",
	)
	for _, h := range m.Hosts {
		o.define("host",
			"use", "machine", "host_name", h.Name, "alias", h.Alias, "address", h.Address,
			"hostgroups", string(h.Group), "check_command", checkCommand(m, h.Alive),
			"contact_groups", h.Owner, "notes_url", runbook(m, string(h.Group)),
		)
	}
	for _, g := range groupTitles {
		if slices.ContainsFunc(m.Hosts, func(h monitoring.Host) bool { return h.Group == g.group }) {
			o.define("hostgroup", "hostgroup_name", string(g.group), "alias", g.title)
		}
	}
	return o.String()
}

func seconds(d monitoring.Duration) string { return strconv.Itoa(d.Seconds()) }

// runbook is the address of the page's part about a check.
func runbook(m monitoring.Model, about string) string {
	if m.Runbook == "" {
		return ""
	}
	return m.Runbook + "#" + strings.ReplaceAll(strings.ToLower(about), " ", "-")
}

var viewTitles = []struct {
	view  monitoring.View
	title string
}{
	{monitoring.Users, "What users notice"},
	{monitoring.Capacity, "What runs out"},
	{monitoring.Cluster, "What keeps the swarm whole"},
	{monitoring.Delivery, "What brings new versions"},
	{monitoring.Awareness, "What the monitoring needs"},
}

func services(m monitoring.Model) string {
	o := newObjects()
	s := m.Schedule
	o.define("service",
		"name", "check", "register", "0",
		"check_interval", seconds(s.Interval), "retry_interval", seconds(s.Retry),
		"max_check_attempts", strconv.Itoa(s.Attempts),
		"check_period", monitoring.Always, "notification_period", monitoring.Always,
		"notification_interval", seconds(s.Renotify), "notification_options", "w,u,c,r,f,s",
		"flap_detection_enabled", "1", "process_perf_data", "1",
	)
	views, causes := map[monitoring.View]bool{}, causes(m)
	for _, h := range m.Hosts {
		for _, c := range h.Checks {
			views[c.View] = true
			interval := ""
			if causes[monitoring.Ref{Host: h.Name, Service: c.Name}] {
				interval = soon(s)
			}
			o.define("service",
				"use", "check", "host_name", h.Name, "service_description", c.Name,
				"servicegroups", string(c.View), "check_command", checkCommand(m, c.Run),
				"check_interval", interval, "contact_groups", c.Owner, "notes_url", runbook(m, c.Name),
				"notification_options", known(c, "w,c,r,f,s"), "flap_detection_options", known(c, "o,w,c"),
			)
		}
	}
	for _, v := range viewTitles {
		if views[v.view] {
			o.define("servicegroup", "servicegroup_name", string(v.view), "alias", v.title)
		}
	}
	return o.String()
}

// causes are the checks whose problems explain others'.
func causes(m monitoring.Model) map[monitoring.Ref]bool {
	all := map[monitoring.Ref]bool{}
	for _, h := range m.Hosts {
		for _, c := range h.Checks {
			for _, need := range append(slices.Clone(c.Needs), c.ExplainedBy) {
				all[monitoring.Ref{Host: h.Name, Service: need}] = true
			}
			for _, other := range c.NeedsHosts {
				all[monitoring.Ref{Host: other, Service: monitoring.EngineCheck}] = true
			}
		}
	}
	return all
}

// soon is how often causes are checked: so often that a cause is known before
// what follows from it is certain. Nagios has a setting for looking at causes in
// time, which 4.4 takes and does nothing about.
func soon(s monitoring.Schedule) string {
	certain := (s.Attempts - 1) * s.Retry.Seconds()
	return strconv.Itoa(max(1, min(certain/2, s.Interval.Seconds())))
}

// known are the options of a check that tells only what it knows; the template's
// are the others'.
func known(c monitoring.Check, options string) string {
	if c.TellsWhatItKnows {
		return options
	}
	return ""
}

// dependencies keep one fault to one mail: what only follows from another
// problem is checked and shown, and nobody is told.
func dependencies(m monitoring.Model) string {
	o := newObjects()
	for _, h := range m.Hosts {
		byNeed := map[string][]string{}
		for _, c := range h.Checks {
			for _, need := range c.Needs {
				byNeed[need] = append(byNeed[need], c.Name)
			}
			for _, other := range c.NeedsHosts {
				depend(o, other, monitoring.EngineCheck, h.Name, c.Name, fails)
			}
		}
		for _, c := range h.Checks {
			depend(o, h.Name, c.Name, h.Name, strings.Join(byNeed[c.Name], ","), fails)
		}
		for _, c := range h.Checks {
			depend(o, h.Name, c.ExplainedBy, h.Name, c.Name, "c")
		}
	}
	return o.String()
}

// fails are the states of a check in which its dependents have nothing to say.
// One that warns still works.
const fails = "u,c"

func depend(o *objects, host, service, dependentHost, dependents, states string) {
	if service == "" || dependents == "" {
		return
	}
	o.define("servicedependency",
		"host_name", host, "service_description", service,
		"dependent_host_name", dependentHost, "dependent_service_description", dependents,
		"execution_failure_criteria", "n", "notification_failure_criteria", states,
	)
}

// escalations send on what nobody took up. Nagios counts from the first
// notification; those that match at the same time all apply.
func escalations(m monitoring.Model) string {
	o := newObjects()
	for _, e := range m.Escalations {
		common := []string{
			"first_notification", strconv.Itoa(e.After + 1), "last_notification", "0",
			"notification_interval", seconds(e.Every), "contact_groups", e.From + "," + e.To,
		}
		for _, h := range m.Hosts {
			if h.Owner == e.From {
				o.define("hostescalation", append([]string{"host_name", h.Name}, common...)...)
			}
			if own := ownedBy(h, e.From); len(own) > 0 {
				o.define("serviceescalation", append([]string{"host_name", h.Name, "service_description", strings.Join(own, ",")}, common...)...)
			}
		}
	}
	return o.String()
}

// ownedBy are the names of the host's checks that are the role's.
func ownedBy(h monitoring.Host, role string) []string {
	var own []string
	for _, c := range h.Checks {
		if c.Owner == role {
			own = append(own, c.Name)
		}
	}
	return own
}

func contacts(m monitoring.Model) string {
	o := newObjects()
	members := map[string][]string{}
	for _, c := range m.Contacts {
		o.define("contact",
			"contact_name", c.Name, "email", c.Email,
			"host_notification_period", c.Period, "service_notification_period", c.Period,
			"host_notification_options", "d,r,f,s", "service_notification_options", "w,u,c,r,f,s",
			"host_notification_commands", notifyHost, "service_notification_commands", notifyService,
			"can_submit_commands", mayCommand(m, c.Name),
		)
		for _, r := range c.Roles {
			members[r] = append(members[r], c.Name)
		}
	}
	for _, r := range m.Roles() {
		o.define("contactgroup", "contactgroup_name", r, "alias", "role "+r, "members", strings.Join(members[r], ","))
	}
	return o.String()
}

// mayCommand is for contacts who have a login of the same name: it goes over what
// the login may.
func mayCommand(m monitoring.Model, contact string) string {
	for _, u := range m.Web.Users {
		if u.Name == contact && u.Role == "operator" {
			return "1"
		}
	}
	return "0"
}

func periods(m monitoring.Model) string {
	o := newObjects()
	for _, name := range sortedKeys(m.Periods) {
		pairs := []string{"timeperiod_name", name, "alias", name}
		for _, day := range monitoring.Days {
			pairs = append(pairs, day, m.Periods[name][day])
		}
		o.define("timeperiod", pairs...)
	}
	return o.String()
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// checkCommand is the service's call of one of the commands.
func checkCommand(m monitoring.Model, c monitoring.Command) string {
	switch {
	case c.Remote && len(c.Any) > 0:
		return fmt.Sprintf("%s_any!%s!%s", m.Transport, strings.Join(c.Any, ","), c.ID)
	case c.Remote && (c.ID == "" || c.ID == monitoring.AliveCommand):
		return m.Transport + "_alive"
	case c.Remote:
		return m.Transport + "!" + c.ID
	case len(c.Any) > 0:
		return fmt.Sprintf("check_reach!%s!%s!%s", strings.Join(c.Any, ","), c.Args[1], c.Args[2])
	}
	args := c.Args
	if c.Program == monitoring.Checks {
		args = args[1:]
	}
	return commandName(c) + "!" + quote(args)
}
