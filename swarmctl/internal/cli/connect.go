package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// fleet is a target's machines and the ways to reach them.
type fleet struct {
	target.Target
	pool *sshconn.Pool

	mu      sync.Mutex
	engines map[string]*engine.Client // by node
	// leader is the index of the manager that answered last.
	leader int
}

// connect resolves the target; machines are dialled when they are needed.
func (a *app) connect(ctx context.Context) (*fleet, error) {
	t, err := a.loadTarget(ctx)
	if err != nil {
		return nil, err
	}
	pool := sshconn.NewPool(sshconn.Config{
		Identities:        t.Identities,
		AgentSocket:       a.getenv("SSH_AUTH_SOCK"),
		DefaultIdentities: sshconn.DefaultIdentities(a.getenv("HOME")),
		Bastion:           t.Bastion,
	})
	return &fleet{Target: t, pool: pool, engines: map[string]*engine.Client{}}, nil
}

// close ends every connection. What the command did is done already.
func (f *fleet) close() {
	for _, c := range f.engines {
		_ = c.Close()
	}
	_ = f.pool.Close()
}

// reach logs in to all nodes at the same time; its error names every one that
// could not be reached.
func (f *fleet) reach(ctx context.Context, nodes []inventory.Node) error {
	errs := make([]error, len(nodes))
	var dials sync.WaitGroup
	for i, n := range nodes {
		dials.Go(func() { _, errs[i] = f.pool.Conn(ctx, n) })
	}
	dials.Wait()
	return errors.Join(errs...)
}

// engine is the Docker engine of one node, through SSH.
func (f *fleet) engine(node inventory.Node) (*engine.Client, error) {
	return f.cached(node.Name, func(ctx context.Context) (net.Conn, error) {
		conn, err := f.pool.Conn(ctx, node)
		if err != nil {
			return nil, err
		}
		return conn.DialUnix(ctx, engine.Socket)
	})
}

// manager is the engine of whichever manager answers: each connection goes to
// the one that answered last, or else to the next that does.
func (f *fleet) manager() (*engine.Client, error) {
	return f.cached("", f.dialManager)
}

func (f *fleet) cached(key string, dial engine.Dial) (*engine.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.engines[key]; ok {
		return c, nil
	}
	c, err := engine.New(dial)
	if err == nil {
		f.engines[key] = c
	}
	return c, err
}

func (f *fleet) dialManager(ctx context.Context) (net.Conn, error) {
	managers := f.ByRole(inventory.Manager)
	f.mu.Lock()
	first := f.leader
	f.mu.Unlock()
	var errs []error
	for i := range managers {
		at := (first + i) % len(managers)
		conn, err := f.pool.Conn(ctx, managers[at])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		tunnel, err := conn.DialUnix(ctx, engine.Socket)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f.mu.Lock()
		f.leader = at
		f.mu.Unlock()
		return tunnel, nil
	}
	return nil, fmt.Errorf("reach a manager: %w", errors.Join(errs...))
}

// byName finds a node of the inventory.
func (f *fleet) byName(name string) (inventory.Node, bool) {
	for _, n := range f.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return inventory.Node{}, false
}
