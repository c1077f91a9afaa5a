package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/status"
)

// Notices count what people were told and is not over.
type Notices struct {
	Open int
	// Waiting were not delivered, and wait: for the contact's hours, or because
	// somebody took the problem up.
	Waiting int
}

// notice is one that is due.
type notice struct {
	event  Event
	former record
	way    way
}

// CatchUp tells what was not told: ends that Nagios kept to itself, and what no
// server took. Each way to each contact is tried by itself, so that one that hangs
// holds up no other; at its first failure the rest waits for the next time.
func (n Notifier) CatchUp(ctx context.Context, s status.Status, now time.Time) (Notices, error) {
	records, err := n.records()
	faults := []error{err}
	objects := objects{}
	for _, o := range slices.Concat(s.Hosts, s.Services) {
		objects[monitoring.Ref{Host: o.Host, Service: o.Service}] = o
	}
	var count Notices
	due := map[[2]string][]notice{}
	for _, r := range records {
		to := n.Contacts[r.Event.Contact]
		ways := n.ways(to)
		i := slices.IndexFunc(ways, func(w way) bool { return w.name == r.Way })
		if i < 0 || objects.forgets(r) {
			faults = append(faults, n.forget(r))
			continue
		}
		e, isDue := objects.due(r, now)
		switch {
		case isDue && to.listens(now):
			key := [2]string{r.Event.Contact, r.Way}
			due[key] = append(due[key], notice{e, r, ways[i]})
		case r.Owed && !r.Held:
			count.Waiting++
		case !r.Held:
			count.Open++
		}
	}
	told, err := n.tellAll(ctx, due)
	count.Open += told
	return count, errors.Join(append(faults, err)...)
}

// tellAll returns how many problems more people know of.
func (n Notifier) tellAll(ctx context.Context, due map[[2]string][]notice) (problems int, err error) {
	type result struct {
		problems int
		err      error
	}
	results := make(chan result)
	for _, list := range due {
		go func() {
			told, err := n.tellOne(ctx, list)
			results <- result{told, err}
		}()
	}
	var faults []error
	for range due {
		r := <-results
		problems += r.problems
		faults = append(faults, r.err)
	}
	return problems, errors.Join(faults...)
}

// tellOne goes by one way to one contact, as far as that goes.
func (n Notifier) tellOne(ctx context.Context, list []notice) (problems int, err error) {
	for i, d := range list {
		if !n.stands(d.former) {
			continue // Nagios had something newer to tell
		}
		if err := n.tell(ctx, record{Event: d.event, Way: d.way.name, Owed: true}, d.way); err != nil {
			return problems, fmt.Errorf("%s was not told that %s is %s, and %d more: %w",
				d.event.Contact, d.event.Subject(), d.event.State, len(list)-i-1, err)
		}
		if d.event.Type == "PROBLEM" {
			problems++
		}
	}
	return problems, nil
}

// records are all that can be read. What can't be is put aside, and said once.
func (n Notifier) records() ([]record, error) {
	files, err := filepath.Glob(filepath.Join(n.Dir, "*.json"))
	faults := []error{err}
	var all []record
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // its end was told in this moment
		}
		var r record
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("what somebody was told is lost, %s is put aside: %w", file, errors.Join(err, os.Rename(file, file+".bad"))))
			continue
		}
		all = append(all, r)
	}
	return all, errors.Join(faults...)
}

// objects are how things are, in Nagios's eyes.
type objects map[monitoring.Ref]status.Object

func (o objects) of(e Event) (about, host status.Object, watched bool) {
	host = o[monitoring.Ref{Host: e.Host}]
	about, watched = o[monitoring.Ref{Host: e.Host, Service: e.Service}]
	return about, host, watched
}

// forgets tells whether there is nothing left to tell: nobody watches the thing any
// more, or it is well before anybody heard of it.
func (o objects) forgets(r record) bool {
	about, _, watched := o.of(r.Event)
	return !watched || r.Held && r.isOver(about)
}

// isOver tells whether a problem is.
func (r record) isOver(about status.Object) bool {
	return r.Event.Type == "PROBLEM" && about.Fine() && about.Hard && about.Since.After(r.Event.Time)
}

// due is what there is to tell now.
func (o objects) due(r record, now time.Time) (Event, bool) {
	about, host, _ := o.of(r.Event)
	switch {
	case about.Maintenance, about.Flapping, about.Acknowledged && !about.Fine():
		return Event{}, false
	case r.isOver(about):
		return r.Event.over(about, now), now.Sub(about.Since) >= grace
	case r.Event.Service != "" && r.Event.Type == "PROBLEM" && !settled(host, now):
		return Event{}, false // which is the host's problem
	// An end that is owed waits where the next problem began.
	case r.Owed && about.Fine() == (r.Event.Type == "RECOVERY"):
		return r.Event, now.Sub(r.Event.Time) >= grace
	}
	return Event{}, false
}

func settled(host status.Object, now time.Time) bool {
	return host.Fine() && host.Hard && !host.Maintenance && now.Sub(host.Since) >= grace
}

// over is the end of a problem.
func (e Event) over(o status.Object, now time.Time) Event {
	return Event{
		Type: "RECOVERY", Host: e.Host, Address: e.Address, Service: e.Service, Runbook: e.Runbook, Contact: e.Contact, Problem: e.Problem,
		State: o.State, Output: o.Output, Lasts: monitoring.Duration(now.Sub(o.Since)).Words(), Time: now,
	}
}
