package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SummaryFile is where a release keeps the Summary.
const SummaryFile = "summary.json"

// Summary is what the overview and the report need to know of the model; they
// are made on the monitor.
type Summary struct {
	Cluster  string               `json:"cluster"`
	Endpoint string               `json:"endpoint"`
	SLO      SLO                  `json:"slo"`
	Interval Duration             `json:"interval"`
	Views    map[View][]Ref       `json:"views"`
	Contacts []Contact            `json:"contacts"`
	Periods  map[string]DayRanges `json:"periods"`
}

// Ref names a check.
type Ref struct {
	Host    string `json:"host"`
	Service string `json:"service"`
}

// LoadSummary reads the summary of the release in use.
func LoadSummary() (Summary, error) {
	text, err := os.ReadFile(Current + "/" + SummaryFile)
	if err != nil {
		return Summary{}, err
	}
	var s Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return Summary{}, fmt.Errorf("read %s: %w", SummaryFile, err)
	}
	return s, nil
}

// Summary of the model.
func (m Model) Summary() Summary {
	s := Summary{
		Cluster: m.Name, Endpoint: m.Endpoint, SLO: m.SLO, Interval: m.Schedule.Interval,
		Views: map[View][]Ref{}, Periods: m.Periods,
	}
	for _, c := range m.Contacts {
		s.Contacts = append(s.Contacts, Contact{Name: c.Name, Roles: c.Roles, Period: c.Period})
	}
	for _, h := range m.Hosts {
		for _, c := range h.Checks {
			s.Views[c.View] = append(s.Views[c.View], Ref{h.Name, c.Name})
		}
	}
	return s
}

// File renders the summary.
func (s Summary) File() File {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // strings and numbers always become JSON
	}
	return File{SummaryFile, append(text, '\n')}
}

// Noticed are the checks that say whether users are served: those of the
// endpoint, not those of the replicas behind it.
func (s Summary) Noticed() []Ref {
	return slices.DeleteFunc(slices.Clone(s.Views[Users]), func(r Ref) bool { return strings.HasPrefix(r.Service, "Service ") })
}

// OnCall are the contacts of each role who are told of a problem at this time.
func (s Summary) OnCall(at time.Time) map[string][]string {
	who := map[string][]string{}
	for _, c := range s.Contacts {
		if !s.Periods[c.Period].Holds(at) {
			continue
		}
		for _, role := range c.Roles {
			who[role] = append(who[role], c.Name)
		}
	}
	return who
}

// Holds tells whether a time is in one of the ranges, which end before their last
// minute.
func (d DayRanges) Holds(at time.Time) bool {
	minute := at.Hour()*60 + at.Minute()
	for _, r := range strings.Split(d[strings.ToLower(at.Weekday().String())], ",") {
		from, to, _ := strings.Cut(r, "-")
		if r != "" && minute >= minutes(from) && minute < minutes(to) {
			return true
		}
	}
	return false
}

func minutes(clock string) int {
	h, m, _ := strings.Cut(clock, ":")
	hours, _ := strconv.Atoi(h) // validated with the settings
	rest, _ := strconv.Atoi(m)
	return hours*60 + rest
}

const day = 24 * time.Hour

// Words is the duration in its two largest units, for people.
func (d Duration) Words() string {
	words := func(large, small time.Duration, format, both string) string {
		t := time.Duration(d)
		if t%large < small {
			return fmt.Sprintf(format, t/large)
		}
		return fmt.Sprintf(both, t/large, t%large/small)
	}
	switch t := time.Duration(d); {
	case t >= day:
		return words(day, time.Hour, "%d d", "%d d %d h")
	case t >= time.Hour:
		return words(time.Hour, time.Minute, "%d h", "%d h %d min")
	case t >= time.Minute:
		return words(time.Minute, time.Second, "%d min", "%d min %d s")
	default:
		return fmt.Sprintf("%d s", t/time.Second)
	}
}
