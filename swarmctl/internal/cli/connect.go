package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
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
	leading string // the manager in use
	// complaint is what that manager said of its swarm when it was found.
	complaint string
	// leaving are machines that cease to be managers meanwhile: none is asked.
	leaving []string
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

// withManager connects to the target for as long as do takes.
func (a *app) withManager(ctx context.Context, do func(f *fleet, manager *engine.Client) error) error {
	f, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // the command has done its work
	manager, err := f.manager(ctx)
	if err != nil {
		return err
	}
	return f.withCause(do(f, manager))
}

// withCause gives a failure its hint where the manager complained of its swarm
// from the start, as one does that has lost the others: what the API then
// answers is a deadline of the swarm's own, without a type.
func (f *fleet) withCause(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil || f.complaint == "" || hintOf(err) != "" {
		return err
	}
	return noQuorumError{err}
}

// noQuorumError is a swarm whose manager answers and can't decide anything.
type noQuorumError struct{ error }

func (e noQuorumError) Unwrap() error { return e.error }

// Hint says what to do next.
func (noQuorumError) Hint() string { return startManagers }

const startManagers = "a swarm works as long as more than half of its managers do: start the others again"

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

// managerKey is the swarm's client among those of the nodes.
const managerKey = "manager"

// manager returns a client of the swarm. Its connections go to a manager that
// takes part, and to another one once that one fails: a request that was under
// way when its manager died fails, the next one goes elsewhere.
//
// It finds the first such manager at once, so that its error can say why there
// is none; the docker client's errors drop the cause.
func (f *fleet) manager(ctx context.Context) (*engine.Client, error) {
	if err := f.findManager(ctx); err != nil {
		return nil, err
	}
	return f.client(managerKey, f.dialManager)
}

// turnFrom asks these machines nothing as managers from now on. The client that
// may be connected to one of them is closed.
func (f *fleet) turnFrom(names []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaving = names
	if !slices.Contains(names, f.leading) {
		return nil
	}
	f.leading, f.complaint = "", ""
	c := f.engines[managerKey]
	if c == nil {
		return nil
	}
	delete(f.engines, managerKey)
	return c.Close()
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

// dialManager connects to the present manager, or to another one where that fails.
func (f *fleet) dialManager(ctx context.Context) (net.Conn, error) {
	for tries := len(f.Nodes); ; tries-- {
		node, err := f.present(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := f.dialEngine(ctx, node)
		if err == nil || ctx.Err() != nil || tries == 0 {
			return conn, err
		}
		f.mu.Lock()
		if f.leading == node.Name {
			f.leading = ""
		}
		f.mu.Unlock()
	}
}

// present returns the manager in use.
func (f *fleet) present(ctx context.Context) (inventory.Node, error) {
	if err := f.findManager(ctx); err != nil {
		return inventory.Node{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.Nodes {
		if n.Name == f.leading {
			return n, nil
		}
	}
	return inventory.Node{}, noManagerError{f.Name} // lost again in between
}

// findManager asks all managers where none is in use; the first that takes part
// wins, so that a dead one costs nothing.
func (f *fleet) findManager(ctx context.Context) error {
	f.mu.Lock()
	found, leaving := f.leading != "", f.leaving
	f.mu.Unlock()
	if found {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	managers := slices.DeleteFunc(f.ByRole(inventory.Manager), func(n inventory.Node) bool { return slices.Contains(leaving, n.Name) })
	if len(managers) == 0 && len(leaving) > 0 {
		return usageError{fmt.Errorf("a swarm needs a manager: these are all that the inventory of %s has", f.Name)}
	}
	answers := make(chan error, len(managers))
	for _, n := range managers {
		go func() {
			complaint, err := f.checkManager(ctx, n)
			if err == nil {
				f.mu.Lock()
				f.leading, f.complaint = n.Name, complaint
				f.mu.Unlock()
			}
			answers <- err
		}()
	}
	var faults []error
	for range managers {
		err := <-answers
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return fmt.Errorf("no manager answers: %w", errors.Join(faults...))
}

// noManagerError is a machine whose engine is no manager, whatever the inventory says.
type noManagerError struct{ node string }

func (e noManagerError) Error() string {
	return fmt.Sprintf("the engine of %q is not a manager of a swarm", e.node)
}

// Hint says what to do next.
func (noManagerError) Hint() string { return "`swarmctl up` makes the swarm" }

// silentEngineError is a machine that can be reached and whose engine can't.
type silentEngineError struct {
	node string
	err  error
}

func (e silentEngineError) Error() string {
	cause := e.err
	var request *url.Error
	if errors.As(e.err, &request) {
		cause = request.Err // the request's URL is made up, see engine.New
	}
	return fmt.Sprintf("ask the engine of %q: %v", e.node, cause)
}

func (e silentEngineError) Unwrap() error { return e.err }

// Hint says what to do next.
func (silentEngineError) Hint() string {
	return "`swarmctl up` installs Docker and starts it; `systemctl status docker` on the machine says why it does not run"
}

// checkManager asks whether the node is a manager, and what it complains of.
func (f *fleet) checkManager(ctx context.Context, node inventory.Node) (complaint string, err error) {
	if _, err := f.conn(ctx, node); err != nil {
		return "", err
	}
	c, err := f.engine(node)
	if err != nil {
		return "", err
	}
	info, err := c.Info(ctx)
	if err != nil {
		return "", silentEngineError{node.Name, err}
	}
	if !info.Swarm.ControlAvailable {
		return "", noManagerError{node.Name}
	}
	return info.Swarm.Error, nil
}

// reach logs in to all nodes at the same time; its error names every one that
// can't be reached.
func (f *fleet) reach(ctx context.Context, nodes []inventory.Node) error {
	faults := make([]error, len(nodes))
	var dials sync.WaitGroup
	for i, n := range nodes {
		dials.Go(func() { _, faults[i] = f.conn(ctx, n) })
	}
	dials.Wait()
	return errors.Join(faults...)
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
