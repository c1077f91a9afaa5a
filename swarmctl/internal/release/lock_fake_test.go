package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

// fakeSwarm keeps configs as managers do: unique names, data that can't
// change, labels that change for the writer who knows the present version.
// Every call takes a moment, so that two callers meet.
type fakeSwarm struct {
	mu      sync.Mutex
	index   uint64
	configs map[string]swarm.Config
	// ahead is how far the managers' clock is before everybody else's.
	ahead time.Duration
	// writes counts what changed something.
	writes int
}

// fakeClient is one operator's way to the swarm.
type fakeClient struct {
	*fakeSwarm
	mu sync.Mutex
	// down: no manager answers this client.
	down bool
	// hang: no call returns before its context ends.
	hang bool
	// deaf: what is written arrives, the answer gets lost, so many times.
	deaf int
}

func newFakeSwarm() *fakeSwarm { return &fakeSwarm{configs: map[string]swarm.Config{}} }

const callTakes = 20 * time.Millisecond

var (
	errDown  = errors.New("connection refused")
	errDeaf  = errors.New("connection reset")
	errStale = errors.New("rpc error: code = Unknown desc = update out of sequence")
)

func (c *fakeClient) set(change func(*fakeClient)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// call runs do as a manager would, or fails as the network would.
func (c *fakeClient) call(ctx context.Context, write bool, do func() error) error {
	c.mu.Lock()
	down, hang := c.down, c.hang
	deaf := write && c.deaf > 0
	if deaf {
		c.deaf--
	}
	c.mu.Unlock()
	if hang {
		<-ctx.Done()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(callTakes):
	}
	if down {
		return errDown
	}
	c.fakeSwarm.mu.Lock()
	defer c.fakeSwarm.mu.Unlock()
	err := do()
	if write && err == nil {
		c.writes++
	}
	if deaf {
		return errDeaf
	}
	return err
}

func (c *fakeClient) ConfigList(ctx context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error) {
	var found []swarm.Config
	err := c.call(ctx, false, func() error {
		for _, config := range c.configs {
			if opts.Filters.MatchKVList("label", config.Spec.Labels) {
				config.Spec.Labels = maps.Clone(config.Spec.Labels)
				found = append(found, config)
			}
		}
		return nil
	})
	return found, err
}

func (c *fakeClient) ConfigCreate(ctx context.Context, spec swarm.ConfigSpec) (r swarm.ConfigCreateResponse, err error) {
	err = c.call(ctx, true, func() error {
		for _, config := range c.configs {
			if config.Spec.Name == spec.Name {
				return fmt.Errorf("config %s exists: %w", spec.Name, errdefs.ErrConflict)
			}
		}
		c.index++
		r.ID = fmt.Sprintf("id%d", c.index)
		now := time.Now().Add(c.ahead)
		c.configs[r.ID] = swarm.Config{ID: r.ID, Spec: spec, Meta: swarm.Meta{Version: swarm.Version{Index: c.index}, CreatedAt: now, UpdatedAt: now}}
		return nil
	})
	if err != nil {
		r.ID = ""
	}
	return r, err
}

func (c *fakeClient) ConfigUpdate(ctx context.Context, id string, version swarm.Version, spec swarm.ConfigSpec) error {
	return c.call(ctx, true, func() error {
		config, ok := c.configs[id]
		switch {
		case !ok:
			return fmt.Errorf("config %s: %w", id, errdefs.ErrNotFound)
		case config.Version != version:
			return errStale
		case config.Spec.Name != spec.Name || string(config.Spec.Data) != string(spec.Data):
			return fmt.Errorf("only updates to Labels are allowed: %w", errdefs.ErrInvalidArgument)
		}
		c.index++
		config.Version.Index, config.UpdatedAt = c.index, time.Now().Add(c.ahead)
		config.Spec.Labels = maps.Clone(spec.Labels)
		c.configs[id] = config
		return nil
	})
}

func (c *fakeClient) ConfigRemove(ctx context.Context, id string) error {
	return c.call(ctx, true, func() error {
		if _, ok := c.configs[id]; !ok {
			return fmt.Errorf("config %s: %w", id, errdefs.ErrNotFound)
		}
		delete(c.configs, id)
		return nil
	})
}

func (c *fakeClient) Info(ctx context.Context) (info system.Info, err error) {
	err = c.call(ctx, false, func() error {
		info.SystemTime = time.Now().Add(c.ahead).Format(time.RFC3339Nano)
		return nil
	})
	return info, err
}

// size is how many configs there are.
func (f *fakeSwarm) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.configs)
}
