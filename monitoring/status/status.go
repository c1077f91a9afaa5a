// Package status reads what Nagios says is the case right now: its status file.
package status

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Status is the whole.
type Status struct {
	// Created is when Nagios wrote it.
	Created  time.Time
	Hosts    []Object
	Services []Object
}

// Object is the state of a host, or of a service where Service isn't empty.
type Object struct {
	Host, Service string
	// State is UP, DOWN or UNREACHABLE; OK, WARNING, CRITICAL or UNKNOWN; PENDING
	// before the first check.
	State string
	// Hard is set once the state is certain.
	Hard          bool
	Output        string
	Since         time.Time
	Checked       time.Time
	Acknowledged  bool
	Maintenance   bool
	Flapping      bool
	Notifications int
}

// Fine tells whether it needs nobody.
func (o Object) Fine() bool { return o.State == "OK" || o.State == "UP" }

var (
	hostStates    = []string{"UP", "DOWN", "UNREACHABLE"}
	serviceStates = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
)

// Read parses the file.
func Read(path string) (Status, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return Status{}, err
	}
	defer func() { _ = f.Close() }()
	return Parse(f)
}

// Parse reads Nagios's status.dat: blocks of key=value lines.
func Parse(r io.Reader) (Status, error) {
	var s Status
	var kind string
	block := map[string]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasSuffix(line, " {"):
			kind, block = strings.TrimSuffix(line, " {"), map[string]string{}
		case line == "}":
			s.add(kind, block)
		default:
			key, value, _ := strings.Cut(line, "=")
			block[key] = value
		}
	}
	return s, lines.Err()
}

func (s *Status) add(kind string, block map[string]string) {
	switch kind {
	case "info":
		s.Created = moment(block["created"])
	case "hoststatus":
		s.Hosts = append(s.Hosts, object(block, hostStates))
	case "servicestatus":
		s.Services = append(s.Services, object(block, serviceStates))
	}
}

func object(block map[string]string, states []string) Object {
	o := Object{
		Host: block["host_name"], Service: block["service_description"], State: "PENDING",
		Hard: block["state_type"] == "1", Output: block["plugin_output"],
		Since: moment(block["last_state_change"]), Checked: moment(block["last_check"]),
		Acknowledged: block["problem_has_been_acknowledged"] == "1",
		Maintenance:  block["scheduled_downtime_depth"] != "0", Flapping: block["is_flapping"] == "1",
		Notifications: number(block["current_notification_number"]),
	}
	if n := number(block["current_state"]); block["has_been_checked"] == "1" && n < len(states) {
		o.State = states[n]
	}
	return o
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func moment(text string) time.Time {
	n := number(text)
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0)
}

// Counts is how many services are in each state.
func (s Status) Counts() map[string]int {
	counts := map[string]int{}
	for _, o := range s.Services {
		counts[o.State]++
	}
	return counts
}
