package payload

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	_ "time/tzdata" // the image holds no time zones
)

var event = Kind{
	Name: "event", Title: "Event", Hint: "Adds an appointment to the calendar.",
	Fields: []Field{
		{Name: "summary", Title: "What", Input: Line, Required: true, Wide: true, Example: "Opening; doors 18:30, free"},
		{Name: "startdate", Title: "Start", Input: Date, Required: true, Example: "2026-11-22"},
		{Name: "starttime", Title: "Start time", Hint: "Empty for a whole day.", Input: Clock, Example: "18:30"},
		{Name: "enddate", Title: "End", Hint: "The last day.", Input: Date, Example: "2026-11-23"},
		{Name: "endtime", Title: "End time", Input: Clock, Example: "01:00"},
		{Name: "timezone", Title: "Time zone", Hint: "Such as Europe/Berlin; empty for the time at the place.", Input: Line, Most: 64, Example: "Europe/Berlin"},
		{Name: "location", Title: "Where", Input: Line, Wide: true, Example: "Hall 3, Main Street"},
		{Name: "description", Title: "Description", Input: Multiline, Wide: true, Example: "Bring \\ a friend,\nor two; or more"},
	},
	write: writeEvent,
}

// when is a span of time in iCalendar's notation.
type when struct{ start, end, stamp, suffix string }

func writeEvent(e *entry) string {
	w := readWhen(e)
	var c contentLines
	c.add("BEGIN", "VCALENDAR")
	c.add("VERSION", "2.0")
	c.add("PRODID", "-//yces//QR//EN")
	c.add("BEGIN", "VEVENT")
	sum := sha256.Sum256([]byte(w.start + w.end + "\n" + e.text("summary") + "\n" + e.text("location")))
	c.add("UID", hex.EncodeToString(sum[:8]))
	c.add("DTSTAMP", w.stamp)
	c.add("DTSTART"+w.suffix, w.start)
	c.addRaw("DTEND"+w.suffix, w.end)
	c.addText("SUMMARY", e.text("summary"))
	c.addText("LOCATION", e.text("location"))
	c.addText("DESCRIPTION", e.text("description"))
	c.add("END", "VEVENT")
	c.add("END", "VCALENDAR")
	return c.String()
}

// readWhen turns local times into UTC where a zone is given: a VTIMEZONE would
// not fit into a symbol. Without one the times float, the same wherever one is.
// The stamp is the start's, so that the same event is always the same symbol.
func readWhen(e *entry) when {
	const utc, floating, day = "20060102T150405Z", "20060102T150405", "20060102"
	zone := readZone(e)
	start, end := e.moments()
	w := when{stamp: inZone(start, zone).Format(utc)}
	layout := floating
	switch {
	case e.text("starttime") == "":
		layout, w.suffix = day, ";VALUE=DATE"
	case e.text("timezone") != "":
		layout = utc
		start, end = inZone(start, zone), inZone(end, zone)
	}
	w.start = start.Format(layout)
	if end.IsZero() {
		return w
	}
	switch {
	case end.Before(start):
		e.wrong("enddate", "must not be before the start")
	case layout == day:
		// The end of whole days is the first day after them.
		end = end.AddDate(0, 0, 1)
	case end.Equal(start):
		// RFC 5545, 3.8.2.2: later than the start.
		e.wrong("endtime", "must be after the start; leave the end empty where there is none")
	}
	w.end = end.Format(layout)
	return w
}

func readZone(e *entry) *time.Location {
	name := e.text("timezone")
	zone, err := time.LoadLocation(name)
	if err != nil || strings.EqualFold(name, "local") {
		e.wrong("timezone", "must be a name of the IANA list such as Europe/Berlin, got %.20q", name)
		return time.UTC
	}
	return zone
}

// moments returns start and end as if they were UTC's; the zero time where there
// is none. An end without a date is on the day of the start.
func (e *entry) moments() (start, end time.Time) {
	startDate, startTime := e.text("startdate"), e.text("starttime")
	endDate, endTime := e.text("enddate"), e.text("endtime")
	switch {
	case startTime == "" && endTime != "" && !e.faults.Has("starttime"):
		e.wrong("endtime", "must be empty for whole days")
	case startTime != "" && endTime == "" && endDate != "" && !e.faults.Has("endtime"):
		e.wrong("endtime", "must not be empty where the start has a time")
	}
	if endDate == "" && endTime != "" {
		endDate = startDate
	}
	return moment(startDate, startTime), moment(endDate, endTime)
}

func moment(date, clock string) time.Time {
	if clock == "" {
		clock = "00:00"
	}
	// Faults were found by the table; without a date this is the zero time.
	t, _ := time.Parse(time.DateOnly+" "+minutes, date+" "+clock)
	return t
}

// inZone reads the clock's time in a zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone).UTC()
}
