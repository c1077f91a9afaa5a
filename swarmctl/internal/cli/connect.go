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

// fleet is the target's machines and the connections to them. It is safe for
// concurrent use; nothing is dialled before it is needed.
type fleet struct {
	target.Target
	pool *sshconn.Pool

	mu      sync.Mutex
	engines map[string]*engine.Client
	leading string // the manager that answered last
}

// connect resolves the target and returns its machines.
func (a *app) connect(ctx context.Context) (*fleet, error) {
	t, err := a.loadTarget(ctx)
	if err != nil {
		return nil, err
	}
	return &fleet{
		Target: t,
		pool: sshconn.NewPool(sshconn.Config{
			Identities:        t.Identities,
			AgentSocket:       a.getenv("SSH_AUTH_SOCK"),
			DefaultIdentities: sshconn.DefaultIdentities(a.getenv("HOME")),
			Bastion:           t.Bastion,
		}),
		engines: map[string]*engine.Client{},
	}, nil
}

// Close ends every connection.
func (f *fleet) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var faults []error
	for _, c := range f.engines {
		faults = append(faults, c.Close())
	}
	return errors.Join(append(faults, f.pool.Close())...)
}

// conn returns the SSH connection to the node.
func (f *fleet) conn(ctx context.Context, node inventory.Node) (*sshconn.Conn, error) {
	return f.pool.Conn(ctx, node)
}

// engine returns the client of the node's engine; one serves all callers.
func (f *fleet) engine(node inventory.Node) (*engine.Client, error) {
	return f.client("node "+node.Name, func(ctx context.Context) (net.Conn, error) { return f.dialEngine(ctx, node) })
}

// manager returns a client of the swarm: its connections go to a manager that
// takes part, to another one once that fails. A request that was under way
// when its manager died fails; the next one goes elsewhere.
func (f *fleet) manager() (*engine.Client, error) {
	return f.client("manager", f.dialManager)
}

func (f *fleet) client(key string, dial engine.Dial) (*engine.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.engines[key]; c != nil {
		return c, nil
	}
	c, err := engine.New(dial)
	if err != nil {
		return nil, err
	}
	f.engines[key] = c
	return c, nil
}

func (f *fleet) dialEngine(ctx context.Context, node inventory.Node) (net.Conn, error) {
	c, err := f.conn(ctx, node)
	if err != nil {
		return nil, err
	}
	return c.DialUnix(ctx, engine.Socket)
}

// dialManager tries the manager that answered last, then each of them in turn.
func (f *fleet) dialManager(ctx context.Context) (net.Conn, error) {
	var faults []error
	for _, node := range f.candidates() {
		conn, err := f.tryManager(ctx, node)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		faults = append(faults, err)
	}
	return nil, fmt.Errorf("no manager answers: %w", errors.Join(faults...))
}

func (f *fleet) candidates() []inventory.Node {
	f.mu.Lock()
	defer f.mu.Unlock()
	var first, rest []inventory.Node
	for _, n := range f.ByRole(inventory.Manager) {
		if n.Name == f.leading {
			first = append(first, n)
		} else {
			rest = append(rest, n)
		}
	}
	return append(first, rest...)
}

// tryManager connects to the node where its engine is a manager now.
func (f *fleet) tryManager(ctx context.Context, node inventory.Node) (net.Conn, error) {
	f.mu.Lock()
	known := f.leading == node.Name
	f.mu.Unlock()
	if !known {
		if err := f.checkManager(ctx, node); err != nil {
			return nil, err
		}
	}
	conn, err := f.dialEngine(ctx, node)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.leading = node.Name
	case known:
		f.leading = ""
	}
	return conn, err
}

// errNoManager is a machine whose engine is no manager, whatever the inventory says.
var errNoManager = errors.New("its engine is not a manager of a swarm; `swarmctl up` makes it one")

func (f *fleet) checkManager(ctx context.Context, node inventory.Node) error {
	c, err := f.engine(node)
	if err != nil {
		return err
	}
	info, err := c.Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the engine of %q: %w", node.Name, err)
	}
	if !info.Swarm.ControlAvailable {
		return fmt.Errorf("node %q: %w", node.Name, errNoManager)
	}
	return nil
}
