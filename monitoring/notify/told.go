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
	"strings"
	"time"
)

// Notifier tells people, and remembers what it told whom. Nagios itself tells
// nobody that a problem is over where another one, that explains it, is not known
// to be over yet; it does not try again where a mail server was away; and of a
// machine that comes back it tells what is not there yet, with no second look.
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
// whose time limit it is, and machines that come back.
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
		faults = append(faults, n.tellIfSettled(ctx, record{Event: e, Way: w.name, Owed: true}, w))
	}
	return errors.Join(faults...)
}

func (n Notifier) tellIfSettled(ctx context.Context, r record, w way) error {
	former, there := n.former(r)
	switch {
	case r.Event.Type == "RECOVERY" && former.Held:
		return n.forget(r) // nobody knows of it
	case r.Event.Type == "PROBLEM" && r.Event.Unsettled && (former.Held || !there):
		r.Held = true
		err := n.write(r)
		if err == nil {
			return nil
		}
		r.Held = false // what can't be remembered is told now
		return errors.Join(err, n.tell(ctx, r, w))
	}
	return n.tell(ctx, r, w)
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
	if !n.stands(r) {
		return remembered // meanwhile there was something newer to tell
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

// former is what stands where this record will.
func (n Notifier) former(r record) (former record, there bool) {
	text, err := os.ReadFile(n.path(r))
	there = err == nil && json.Unmarshal(text, &former) == nil
	return former, there
}

// stands tells whether the record is still the last one.
func (n Notifier) stands(r record) bool {
	last, there := n.former(r)
	return there && last.Event.Type == r.Event.Type && last.Event.Time.Equal(r.Event.Time)
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
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
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
