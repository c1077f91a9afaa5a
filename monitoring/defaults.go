package monitoring

import "time"

// Always is the period that every settings file has.
const Always = "always"

// Days are the days of a period, in Nagios's order.
var Days = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// The transports.
const (
	NRPE = "nrpe"
	SSH  = "ssh"
)

// parts are what problems are about.
var parts = []string{"node", "swarm", "monitor", "service", "endpoint", "pipeline"}

// defaultOwners gives everything to the first contact's first role.
func (s Settings) defaultOwners() map[string]string {
	owners := map[string]string{}
	if len(s.Contacts) == 0 || len(s.Contacts[0].Roles) == 0 {
		return owners
	}
	for _, part := range parts {
		owners[part] = s.Contacts[0].Roles[0]
	}
	return owners
}

// defaultThresholds and the unit of each:
//   - cpu, memory, swap, network: percent in use;
//   - load: runnable tasks for each processor, over five minutes;
//   - disk, inodes: percent that is free;
//   - clock: seconds from the monitor's; certificate: days that are left;
//   - response: seconds.
var defaultThresholds = map[string]Threshold{
	"cpu":         {80, 95},
	"memory":      {80, 92},
	"swap":        {40, 80},
	"network":     {70, 90},
	"load":        {2, 4},
	"disk":        {20, 10},
	"inodes":      {20, 10},
	"clock":       {2, 10},
	"certificate": {21, 7},
	"response":    {1, 5},
}

// falling are the thresholds where less is worse.
var falling = map[string]bool{"disk": true, "inodes": true, "certificate": true}

func (s *Settings) applyDefaults() {
	fill(&s.Transport, NRPE)
	fill(&s.Schedule.Interval, Duration(time.Minute))
	fill(&s.Schedule.Retry, Duration(20*time.Second))
	fill(&s.Schedule.Attempts, 3)
	fill(&s.Schedule.Renotify, Duration(30*time.Minute))
	s.Thresholds = over(defaultThresholds, s.Thresholds)
	s.Owners = over(s.defaultOwners(), s.Owners)
	s.Periods = over(map[string]DayRanges{Always: allWeek()}, s.Periods)
	for i := range s.Contacts {
		fill(&s.Contacts[i].Period, Always)
	}
	for i := range s.Escalations {
		fill(&s.Escalations[i].Every, s.Schedule.Renotify)
	}
	fill(&s.SMTP.Port, 587)
	fill(&s.SMTP.TLS, "starttls")
	fill(&s.SLO.Availability, 99.9)
	fill(&s.SLO.Window, Duration(30*24*time.Hour))
	if s.Datadog != nil {
		s.Datadog.applyDefaults()
	}
}

func allWeek() DayRanges {
	week := DayRanges{}
	for _, d := range Days {
		week[d] = "00:00-24:00"
	}
	return week
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// over is the union of two maps, in which the second one's values count.
func over[T any](base, own map[string]T) map[string]T {
	all := map[string]T{}
	for k, v := range base {
		all[k] = v
	}
	for k, v := range own {
		all[k] = v
	}
	return all
}
