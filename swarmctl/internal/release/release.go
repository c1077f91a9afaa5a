// Package release keeps the record of what was deployed, when, by whom and
// with what outcome. Records live in the swarm itself, as configs with labels,
// so that every laptop and every Jenkins sees the same history and it is
// backed up with the swarm.
//
// A config's data can't be changed and its labels can: what was deployed is
// the data, the outcome a label.
package release

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// The labels of a record.
const (
	labelStack   = "io.yces.swarmctl.release"
	labelNumber  = "io.yces.swarmctl.release.number"
	labelOutcome = "io.yces.swarmctl.release.outcome"
	labelEnded   = "io.yces.swarmctl.release.ended"
)

// Outcome says how a release ended.
type Outcome string

// The outcomes. A record that says Running is of a deploy under way, or of one
// that was killed and that nobody followed yet.
const (
	Running     Outcome = "running"
	Deployed    Outcome = "deployed"
	RolledBack  Outcome = "rolled back"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted"
	TimedOut    Outcome = "timed out"
)

// Record is one release of a stack.
type Record struct {
	Number  int       `json:"number"`
	Stack   string    `json:"stack"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	By      string    `json:"by"`
	Commit  string    `json:"commit,omitempty"`
	// RollbackTo is the number of the release that this one goes back to.
	RollbackTo int     `json:"rollbackTo,omitempty"`
	Outcome    Outcome `json:"outcome"`
	// Images by service.
	Images map[string]string `json:"images"`
	// Services and Networks are what was asked of the swarm, complete, so
	// that the whole stack can go back to it.
	Services map[string]swarm.ServiceSpec     `json:"services,omitempty"`
	Networks map[string]network.CreateOptions `json:"networks,omitempty"`
}

// API is what the records need of a manager; the docker client is one.
type API interface {
	ConfigList(ctx context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error)
	ConfigCreate(ctx context.Context, spec swarm.ConfigSpec) (swarm.ConfigCreateResponse, error)
	ConfigUpdate(ctx context.Context, id string, version swarm.Version, spec swarm.ConfigSpec) error
	ConfigRemove(ctx context.Context, id string) error
}

// Store reads and writes the records of one stack.
type Store struct {
	API   API
	Stack string
}

// List returns the records, newest first.
func (s Store) List(ctx context.Context) ([]Record, error) {
	configs, err := s.configs(ctx)
	if err != nil {
		return nil, err
	}
	records := make([]Record, 0, len(configs))
	for _, c := range configs {
		r, err := decode(c)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(b.Number, a.Number) })
	return records, nil
}

func (s Store) configs(ctx context.Context) ([]swarm.Config, error) {
	configs, err := s.API.ConfigList(ctx, swarm.ConfigListOptions{Filters: filters.NewArgs(filters.Arg("label", labelStack+"="+s.Stack))})
	if err != nil {
		return nil, fmt.Errorf("list releases of stack %s: %w", s.Stack, err)
	}
	return configs, nil
}

// Begin writes a new record and returns it with its number. Two deploys at the
// same moment get different numbers, because a config's name is unique.
func (s Store) Begin(ctx context.Context, r Record) (Record, error) {
	records, err := s.List(ctx)
	if err != nil {
		return Record{}, err
	}
	r.Stack, r.Outcome, r.Started = s.Stack, Running, time.Now().UTC().Truncate(time.Second)
	r.Number = 1
	if len(records) > 0 {
		r.Number = records[0].Number + 1
	}
	for {
		spec, err := encode(r)
		if err != nil {
			return Record{}, err
		}
		_, err = s.API.ConfigCreate(ctx, spec)
		if errdefs.IsConflict(err) || errdefs.IsAlreadyExists(err) {
			r.Number++
			continue
		}
		if err != nil {
			return Record{}, fmt.Errorf("record release %d: %w", r.Number, err)
		}
		return r, nil
	}
}

// End writes the outcome into the record.
func (s Store) End(ctx context.Context, number int, outcome Outcome) error {
	configs, err := s.configs(ctx)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if c.Spec.Labels[labelNumber] != strconv.Itoa(number) {
			continue
		}
		c.Spec.Labels[labelOutcome] = string(outcome)
		c.Spec.Labels[labelEnded] = time.Now().UTC().Format(time.RFC3339)
		if err := s.API.ConfigUpdate(ctx, c.ID, c.Version, c.Spec); err != nil {
			return fmt.Errorf("record outcome of release %d: %w", number, err)
		}
		return nil
	}
	return fmt.Errorf("record outcome of release %d: its record is gone", number)
}

// Any tells whether the stack has a record.
func (s Store) Any(ctx context.Context) (bool, error) {
	configs, err := s.configs(ctx)
	return len(configs) > 0, err
}

// CloseAbandoned marks the records that still say running as interrupted. Who
// holds the stack's lock knows that their deploys were killed.
func (s Store) CloseAbandoned(ctx context.Context) error {
	records, err := s.List(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Outcome != Running {
			continue
		}
		if err := s.End(ctx, r.Number, Interrupted); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes all records of the stack.
func (s Store) Forget(ctx context.Context) error {
	configs, err := s.configs(ctx)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if err := s.API.ConfigRemove(ctx, c.ID); err != nil {
			return fmt.Errorf("remove record %s: %w", c.Spec.Name, err)
		}
	}
	return nil
}

func encode(r Record) (swarm.ConfigSpec, error) {
	var data bytes.Buffer
	// The swarm's store is small; specs shrink to a fifth.
	z := gzip.NewWriter(&data)
	if err := json.NewEncoder(z).Encode(r); err != nil {
		return swarm.ConfigSpec{}, fmt.Errorf("encode release: %w", err)
	}
	if err := z.Close(); err != nil {
		return swarm.ConfigSpec{}, fmt.Errorf("encode release: %w", err)
	}
	return swarm.ConfigSpec{
		Annotations: swarm.Annotations{
			Name: fmt.Sprintf("swarmctl.%.40s.%06d", r.Stack, r.Number),
			Labels: map[string]string{
				labelStack: r.Stack, labelNumber: strconv.Itoa(r.Number), labelOutcome: string(r.Outcome),
			},
		},
		Data: data.Bytes(),
	}, nil
}

func decode(c swarm.Config) (Record, error) {
	z, err := gzip.NewReader(bytes.NewReader(c.Spec.Data))
	if err != nil {
		return Record{}, fmt.Errorf("read release %s: %w", c.Spec.Name, err)
	}
	// The engine takes no config over 1 MB; what unpacks to more is not ours.
	var r Record
	if err := json.NewDecoder(io.LimitReader(z, 32<<20)).Decode(&r); err != nil {
		return Record{}, fmt.Errorf("read release %s: %w", c.Spec.Name, err)
	}
	r.Outcome = Outcome(c.Spec.Labels[labelOutcome])
	if ended, err := time.Parse(time.RFC3339, c.Spec.Labels[labelEnded]); err == nil {
		r.Ended = ended
	}
	return r, nil
}

// Prune removes all but the newest records and returns those it keeps. What
// was deployed last is kept however old it is.
func (s Store) Prune(ctx context.Context, keep int) ([]Record, error) {
	records, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	kept, old := split(records, keep)
	configs, err := s.configs(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range configs {
		if !old[c.Spec.Labels[labelNumber]] {
			continue
		}
		if err := s.API.ConfigRemove(ctx, c.ID); err != nil {
			return nil, fmt.Errorf("remove record %s: %w", c.Spec.Name, err)
		}
	}
	return kept, nil
}

// split tells the records to keep, newest first, from the numbers of the rest.
func split(records []Record, keep int) (kept []Record, old map[string]bool) {
	old = map[string]bool{}
	deployed := false
	for i, r := range records {
		if i < keep || (!deployed && r.Outcome == Deployed) {
			kept = append(kept, r)
			deployed = deployed || r.Outcome == Deployed
			continue
		}
		old[strconv.Itoa(r.Number)] = true
	}
	return kept, old
}
