package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/status"
)

// Notifier tells people, and remembers what it told whom. Nagios itself tells
// nobody that a problem is over where another one, that explains it, is not known
// to be over yet; it does not try again where a mail server was away; and of a
// machine that starts it tells what has not started yet.
type Notifier struct {
	Config
	// Dir keeps a file for each problem, person and way, while it is told.
	Dir string
}

// record is what one person was told, by one way, of one host or service.
type record struct {
	Event Event  `json:"event"`
	Way   string `json:"way"`
	// Owed is set until it was delivered.
	Owed bool `json:"owed,omitempty"`
	// Held is set where it is not to be told before it has lasted.
	Held bool `json:"held,omitempty"`
}

// grace is how long things are left alone: Nagios and the notifiers it started,
// whose time limit it is, and machines that start.
const grace = time.Minute

// Tell tells the event's contact, by every way that leads there. A way that fails
// does not keep the others from being tried; CatchUp tries it again.
func (n Notifier) Tell(ctx context.Context, e Event) error {
	to, known := n.Contacts[e.Contact]
	if !known {
		return fmt.Errorf("there is no contact %q", e.Contact)
	}
	var faults []error
	for _, w := range n.ways(to) {
		r := record{Event: e, Way: w.name, Owed: true}
		former, there := n.former(r)
		r.Held = e.Type == "PROBLEM" && e.starting() && (former.Held || !there)
		switch {
		case r.Held:
			faults = append(faults, n.write(r))
		case e.Type == "RECOVERY" && former.Held:
			faults = append(faults, n.forget(r)) // of which nobody knows
		default:
			faults = append(faults, n.tell(ctx, r, w))
		}
	}
	return errors.Join(faults...)
}

// starting tells whether it is about something on a machine that came up just now.
func (e Event) starting() bool {
	return e.Service != "" && !e.CameUp.IsZero() && e.Time.Sub(e.CameUp) < grace
}

func (n Notifier) tell(ctx context.Context, r record, w way) error {
	m, err := n.message(r.Event)
	if err != nil {
		return err
	}
	// Where nothing can be written, people are told nevertheless: of a full disk.
	remembered := n.write(r)
	if err := w.send(ctx, m); err != nil {
		return errors.Join(remembered, err)
	}
	r.Owed = false
	return errors.Join(remembered, n.write(r))
}

// write remembers problems until their end was told, and ends until they were.
// Notes, such as that somebody acknowledged a problem, change nothing.
func (n Notifier) write(r record) error {
	switch {
	case r.Event.Type == "PROBLEM", r.Event.Type == "RECOVERY" && r.Owed:
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		return replace(n.path(r), text)
	case r.Event.Type == "RECOVERY":
		return n.forget(r)
	}
	return nil
}

// former is the record that this one will replace.
func (n Notifier) former(r record) (former record, there bool) {
	text, err := os.ReadFile(n.path(r))
	there = err == nil && json.Unmarshal(text, &former) == nil
	return former, there
}

func (n Notifier) path(r record) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Event.Contact, r.Way, r.Event.Host, r.Event.Service}, "\x00")))
	return filepath.Join(n.Dir, hex.EncodeToString(sum[:12])+".json")
}

func (n Notifier) forget(r record) error {
	if err := os.Remove(n.path(r)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replace writes a file that is there whole or not at all.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// CatchUp tells what was not told: ends that Nagios kept to itself, and what no
// server took. It returns how many problems people know of, and what failed.
func (n Notifier) CatchUp(ctx context.Context, s status.Status, now time.Time) (known int, err error) {
	records, err := n.records()
	faults := []error{err}
	objects := map[monitoring.Ref]status.Object{}
	for _, o := range slices.Concat(s.Hosts, s.Services) {
		objects[monitoring.Ref{Host: o.Host, Service: o.Service}] = o
	}
	for _, r := range records {
		to := n.Contacts[r.Event.Contact]
		ways := n.ways(to)
		i := slices.IndexFunc(ways, func(w way) bool { return w.name == r.Way })
		o, watched := objects[monitoring.Ref{Host: r.Event.Host, Service: r.Event.Service}]
		if i < 0 || !watched || r.Held && r.over(o) {
			faults = append(faults, n.forget(r))
			continue
		}
		if !r.Held {
			known++
		}
		e, due := r.due(o, now)
		if !due || !to.listens(now) {
			continue
		}
		if err := n.tell(ctx, record{Event: e, Way: r.Way, Owed: true}, ways[i]); err != nil {
			faults = append(faults, fmt.Errorf("%s was not told that %s is %s: %w", e.Contact, e.Subject(), e.State, err))
		} else if e.Type == "RECOVERY" {
			known--
		} else if r.Held {
			known++
		}
	}
	return known, errors.Join(faults...)
}

// records are all that can be read, and why the others cannot.
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
			faults = append(faults, fmt.Errorf("read %s: %w", file, err))
			continue
		}
		all = append(all, r)
	}
	return all, errors.Join(faults...)
}

// over tells whether a problem is.
func (r record) over(o status.Object) bool {
	return r.Event.Type == "PROBLEM" && o.Fine() && o.Hard && o.Since.After(r.Event.Time)
}

// due is what there is to tell now, given how the thing is.
func (r record) due(o status.Object, now time.Time) (Event, bool) {
	switch {
	case o.Maintenance, o.Flapping, o.Acknowledged && !o.Fine():
		return Event{}, false
	case r.over(o):
		return r.Event.over(o, now), now.Sub(o.Since) >= grace
	// An end that is owed waits where the next problem began.
	case r.Owed && o.Fine() == (r.Event.Type == "RECOVERY"):
		return r.Event, now.Sub(r.Event.Time) >= grace
	}
	return Event{}, false
}

// over is the end of a problem.
func (e Event) over(o status.Object, now time.Time) Event {
	return Event{
		Type: "RECOVERY", Host: e.Host, Address: e.Address, Service: e.Service, Runbook: e.Runbook, Contact: e.Contact, Problem: e.Problem,
		State: o.State, Output: o.Output, Lasts: monitoring.Duration(now.Sub(o.Since)).Words(), Time: now,
	}
}

// way leads to a contact.
type way struct {
	name string
	send func(context.Context, message) error
}

func (c Config) ways(to Recipient) []way {
	var ways []way
	if to.Email != "" {
		ways = append(ways, way{"mail", func(ctx context.Context, m message) error { return c.SMTP.send(ctx, to.Email, m) }})
	}
	if to.WebhookFile != "" {
		ways = append(ways, way{"webhook", func(ctx context.Context, m message) error { return post(ctx, to.WebhookFile, m) }})
	}
	return ways
}

// listens tells whether the contact is told things at this time.
func (r Recipient) listens(at time.Time) bool { return r.Hours == nil || r.Hours.Holds(at) }
