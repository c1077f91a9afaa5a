package notify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
)

// Event is one notification of Nagios.
type Event struct {
	// Type is PROBLEM, RECOVERY, ACKNOWLEDGEMENT, FLAPPINGSTART, DOWNTIMEEND …
	Type    string
	Host    string
	Address string
	// Service is empty where it is about the host itself.
	Service string
	State   string
	Output  string
	// Details are further lines of the check.
	Details string
	// Lasts is how long the state has lasted; empty where it only began.
	Lasts string
	// Number counts the notifications of this problem.
	Number  int
	Author  string
	Comment string
	Runbook string
	Contact string
	// Problem is the problem's number: mails of one problem make one thread.
	Problem string
	Time    time.Time
	// Unsettled is set where it was found at once, with no second look: on a machine
	// that came up just now, or that could not be asked before.
	Unsettled bool
}

// kinds are the states of an event in people's words, and its colour.
var kinds = map[string]struct{ word, colour string }{
	"ACKNOWLEDGEMENT":   {"acknowledged", blue},
	"FLAPPINGSTART":     {"flapping", amber},
	"FLAPPINGSTOP":      {"no longer flapping", blue},
	"FLAPPINGDISABLED":  {"flapping no longer watched", blue},
	"DOWNTIMESTART":     {"maintenance begins", blue},
	"DOWNTIMEEND":       {"maintenance ends", blue},
	"DOWNTIMECANCELLED": {"maintenance cancelled", blue},
	"CUSTOM":            {"note", blue},
	"RECOVERY":          {"recovered", green},
}

// The colours have enough contrast with white text (WCAG 2.2, 1.4.3).
const (
	red   = "#b3261e"
	amber = "#8a5300"
	green = "#1b6e3c"
	blue  = "#1f4e8c"
	grey  = "#595959"
)

var stateColours = map[string]string{"CRITICAL": red, "DOWN": red, "WARNING": amber, "UNKNOWN": grey, "UNREACHABLE": grey, "OK": green, "UP": green}

// Word says in people's words what happened.
func (e Event) Word() string {
	if k, ok := kinds[e.Type]; ok {
		return k.word
	}
	return e.State
}

// Colour is that of the mail's head.
func (e Event) Colour() string {
	if k, ok := kinds[e.Type]; ok {
		return k.colour
	}
	return stateColours[e.State]
}

// Meaning explains what the word alone doesn't say.
func (e Event) Meaning() string {
	switch e.Type {
	case "FLAPPINGSTART":
		return "It changes from one state to another so often that changes are not told any more, until it is quiet again."
	case "DOWNTIMESTART":
		return "Problems are not told until the maintenance is over."
	}
	return ""
}

// LinkText says what can be done on the dashboard.
func (e Event) LinkText() string {
	if e.Type == "PROBLEM" {
		return "Look at it, acknowledge it"
	}
	return "Look at it"
}

// Subject is what it is about.
func (e Event) Subject() string {
	if e.Service == "" {
		return e.Host
	}
	return e.Service + " on " + e.Host
}

// FromEnvironment reads what Nagios hands over. Kind is host or service.
func FromEnvironment(kind string, environment []string) (Event, error) {
	get := func(name string) string {
		for _, pair := range environment {
			if value, ok := strings.CutPrefix(pair, "NAGIOS_"+name+"="); ok {
				return value
			}
		}
		return ""
	}
	if kind != "host" && kind != "service" {
		return Event{}, fmt.Errorf("must be host or service, got %q", kind)
	}
	about := strings.ToUpper(kind)
	e := Event{
		Type: get("NOTIFICATIONTYPE"), Host: get("HOSTNAME"), Address: get("HOSTADDRESS"),
		State: get(about + "STATE"), Output: get(about + "OUTPUT"), Details: lines(get("LONG" + about + "OUTPUT")),
		Lasts: duration(get(about + "DURATION")), Author: get("NOTIFICATIONAUTHOR"), Comment: get("NOTIFICATIONCOMMENT"),
		Runbook: get(about + "NOTESURL"), Contact: get("CONTACTNAME"), Time: time.Unix(0, 0),
	}
	if kind == "service" {
		e.Service, e.Unsettled = get("SERVICEDESC"), unsettled(get)
	}
	e.Number, _ = strconv.Atoi(get(about + "NOTIFICATIONNUMBER")) // 0 for those that aren't numbered
	problems := []string{get(about + "PROBLEMID"), get("LAST" + about + "PROBLEMID")}
	if i := slices.IndexFunc(problems, func(id string) bool { return id != "" && id != "0" }); i >= 0 {
		e.Problem = problems[i]
	}
	if at := moment(get("TIMET")); !at.IsZero() {
		e.Time = at
	}
	if e.Type == "" || e.Host == "" || e.Contact == "" {
		return Event{}, errors.New("no event was handed over by Nagios; is enable_environment_macros set?")
	}
	return e, nil
}

// unsettled tells whether the machine came up just now, and was away before; or
// whether it could not be asked before and now can, or the other way round: Nagios
// counts both as looks at one problem.
func unsettled(get func(string) string) bool {
	cameUp := slices.Contains(machines, monitoring.Group(get("HOSTGROUPNAME"))) &&
		!moment(get("LASTHOSTDOWN")).IsZero() && moment(get("TIMET")).Sub(moment(get("LASTHOSTSTATECHANGE"))) < grace
	return cameUp || (get("LASTSERVICESTATE") == "UNKNOWN") != (get("SERVICESTATE") == "UNKNOWN")
}

// machines are the groups of hosts that start; the others are what runs on them.
var machines = []monitoring.Group{monitoring.Managers, monitoring.Workers, monitoring.CI, monitoring.Monitors}

// moment is a time of Nagios's: seconds since 1970, 0 for never.
func moment(text string) time.Time {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// duration leaves out the units of Nagios's 0d 0h 2m 5s that say nothing.
func duration(text string) string {
	units := strings.Fields(text)
	for len(units) > 0 && units[0][0] == '0' {
		units = units[1:]
	}
	return strings.Join(units, " ")
}

// lines undoes Nagios's escapes.
func lines(text string) string { return strings.ReplaceAll(text, `\n`, "\n") }
