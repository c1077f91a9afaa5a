package release

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

// The labels of a lock. Whose it is stands in the config's data, which can't
// be changed: a lock has one holder from its creation to its removal.
const (
	labelLock  = "io.yces.swarmctl.lock"
	labelLease = "io.yces.swarmctl.lock.lease"
	// labelLockEnded says why the lock is nobody's any more. That is final, so
	// that everybody may remove such a lock at any time.
	labelLockEnded = "io.yces.swarmctl.lock.ended"
)

// LockAPI is what the lock needs of a manager; the docker client is one.
type LockAPI interface {
	API
	Info(ctx context.Context) (system.Info, error)
}

// Lock is the lock of one stack: who holds it may write. It is a config of a
// fixed name, which the swarm lets only one create.
type Lock struct {
	API    LockAPI
	Stack  string
	Timing LockTiming
}

// LockTiming says how long a lock outlives its holder.
type LockTiming struct {
	// Lease is how long others must see a lock without a renewal before they
	// take it over.
	Lease time.Duration
	// Renew is the time between two renewals.
	Renew time.Duration
	// Retry is the time before something that failed is tried again, and the
	// time between two looks of one who waits.
	Retry time.Duration
	// Call is how long a manager may take for one answer. The holder gives up
	// that long before its lease ends, so that no write of its is under way then.
	Call time.Duration
}

// DefaultLockTiming lets a holder live through the election of a new leader,
// which took up to 22 s where it was measured, and frees the lock of one that
// was killed in less than a minute.
var DefaultLockTiming = LockTiming{Lease: 45 * time.Second, Renew: 10 * time.Second, Retry: time.Second, Call: 5 * time.Second}

// Holder says who holds a lock, and for what.
type Holder struct {
	By      string `json:"by"`
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Commit  string `json:"commit,omitempty"`
}

// Held is a lock that somebody holds.
type Held struct {
	Stack  string `json:"stack"`
	Holder Holder `json:"holder"`
	// Since and Renewed are times of the managers' clock.
	Since   time.Time     `json:"since"`
	Renewed time.Time     `json:"renewed"`
	Lease   time.Duration `json:"-"`

	id      string
	version swarm.Version
	spec    swarm.ConfigSpec
	token   string
	ended   string
}

// String is the holder as people read it.
func (h Held) String() string {
	text := fmt.Sprintf("%s (pid %d), `swarmctl %s`", h.Holder.By, h.Holder.PID, h.Holder.Command)
	if h.Holder.Commit != "" {
		text += " of commit " + h.Holder.Commit
	}
	return text + " since " + h.Since.Local().Format("2006-01-02 15:04:05")
}

// LockedError says who holds the lock.
type LockedError struct{ Held Held }

func (e *LockedError) Error() string {
	return fmt.Sprintf("stack %s is locked by %s", e.Held.Stack, e.Held)
}

// Status tells who holds the lock; nil is nobody.
func (l Lock) Status(ctx context.Context) (*Held, error) {
	held, err := l.look(ctx)
	if err != nil || held == nil || held.ended != "" {
		return nil, err
	}
	return held, nil
}

// Break takes the lock away from its holder, who notices at its next write or
// renewal. It refuses where somebody else holds it by now.
func (l Lock) Break(ctx context.Context, held Held, by string) error {
	for {
		now, err := l.Status(ctx)
		if err != nil || now == nil {
			return err
		}
		if now.id != held.id {
			return &LockedError{*now}
		}
		err = l.end(ctx, *now, by+" released it by hand")
		if staleVersion(err) {
			continue // the holder has just renewed it
		}
		return err
	}
}

// look reads the lock, one that has ended included; nil is none.
func (l Lock) look(ctx context.Context) (*Held, error) {
	configs, err := l.API.ConfigList(ctx, swarm.ConfigListOptions{Filters: filters.NewArgs(filters.Arg("label", labelLock+"="+l.Stack))})
	if err != nil {
		return nil, fmt.Errorf("read lock of stack %s: %w", l.Stack, err)
	}
	if len(configs) == 0 {
		return nil, nil //nolint:nilnil // no lock is an answer, and no error
	}
	return l.decode(configs[0]), nil
}

// end marks the lock as nobody's, unless it was written since it was read.
func (l Lock) end(ctx context.Context, h Held, why string) error {
	spec := h.spec
	spec.Labels = maps.Clone(spec.Labels)
	spec.Labels[labelLockEnded] = why
	if err := l.API.ConfigUpdate(ctx, h.id, h.version, spec); err != nil {
		return fmt.Errorf("end lock of stack %s: %w", l.Stack, err)
	}
	return nil
}

// lockData is what a lock's config holds. The token tells a holder's own lock
// from another's: the answer to its creation may get lost.
type lockData struct {
	Holder
	Token string `json:"token"`
}

func (l Lock) encode(who Holder, token string) (swarm.ConfigSpec, error) {
	data, err := json.Marshal(lockData{who, token})
	if err != nil {
		return swarm.ConfigSpec{}, fmt.Errorf("encode lock: %w", err)
	}
	labels := map[string]string{labelLock: l.Stack, labelLease: l.Timing.Lease.String()}
	return swarm.ConfigSpec{Annotations: swarm.Annotations{Name: lockName(l.Stack), Labels: labels}, Data: data}, nil
}

// decode never fails: a lock that can't be read is held all the same.
func (l Lock) decode(c swarm.Config) *Held {
	data := lockData{Holder: Holder{By: "somebody unknown", Command: "…"}}
	_ = json.Unmarshal(c.Spec.Data, &data)
	lease, err := time.ParseDuration(c.Spec.Labels[labelLease])
	if err != nil {
		lease = l.Timing.Lease
	}
	return &Held{
		Stack: l.Stack, Holder: data.Holder, Since: c.CreatedAt, Renewed: c.UpdatedAt, Lease: lease,
		id: c.ID, version: c.Version, spec: c.Spec, token: data.Token, ended: c.Spec.Labels[labelLockEnded],
	}
}

// lockName is the config's name, which may have 64 characters.
func lockName(stack string) string {
	const longest = 50
	if len(stack) > longest {
		stack = fmt.Sprintf("%s-%.8x", stack[:longest-17], sha256.Sum256([]byte(stack)))
	}
	return "swarmctl." + stack + ".lock"
}

// staleVersion recognizes a write on top of an older version of an object,
// for which the API has no type.
func staleVersion(err error) bool {
	return err != nil && strings.Contains(err.Error(), "update out of sequence")
}
