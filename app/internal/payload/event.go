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
		{Name: "start", Title: "Start", Input: Time, Required: true, Example: "2026-11-22T18:30"},
		{Name: "end", Title: "End", Input: Time, Example: "2026-11-22T23:00"},
		{Name: "allday", Title: "All day", Input: Flag},
		{Name: "timezone", Title: "Time zone", Hint: "Such as Europe/Berlin; empty for the time at the place.", Input: Line, Most: 64, Example: "Europe/Berlin"},
		{Name: "location", Title: "Where", Input: Line, Wide: true, Example: "Hall 3, Main Street"},
		{Name: "description", Title: "Description", Input: Multiline, Wide: true, Example: "Bring \\ a friend,\nor two; or more"},
	},
	write: writeEvent,
}

// minuteLayout is what a form sends; browsers add seconds when they are not 0.
const minuteLayout = "2006-01-02T15:04"

func parseTime(value string) (time.Time, error) {
	for _, layout := range []string{minuteLayout, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, nil
		}
	}
	return time.Parse(time.DateOnly, value)
}

func (e *entry) checkTime(field, value string) {
	if t, err := parseTime(value); err != nil || t.Year() < 1900 || t.Year() > 2999 {
		e.wrong(field, "must be a date and time such as 2026-11-22T18:30, got %.20q", value)
	}
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
	start, end := e.moment("start"), e.moment("end")
	w := when{stamp: inZone(start, zone).Format(utc)}
	layout := floating
	switch {
	case e.flag("allday") || len(e.text("start")) == len(time.DateOnly):
		layout, w.suffix = day, ";VALUE=DATE"
		start, end = start.Truncate(24*time.Hour), end.Truncate(24*time.Hour)
	case e.text("timezone") != "":
		layout = utc
		start, end = inZone(start, zone), inZone(end, zone)
	}
	w.start = start.Format(layout)
	if e.text("end") == "" {
		return w
	}
	if end.Before(start) {
		e.wrong("end", "must not be before the start")
	}
	if layout == day {
		// The end of whole days is the first day after them.
		end = end.AddDate(0, 0, 1)
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

// moment returns a field's time as if it were UTC's; the zero time without one.
func (e *entry) moment(field string) time.Time {
	t, err := parseTime(e.text(field))
	if err != nil {
		return time.Time{}
	}
	return t
}

// inZone reads the clock's time in a zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone).UTC()
}
