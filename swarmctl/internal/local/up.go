package local

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/target"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// Up makes the cluster match the options and returns its inventory, which it
// also writes to Options.Dir. What exists stays: machines that were stopped are
// started, missing ones made, half-made ones made anew, and more than asked for
// are kept. Every fault is found before anything is made.
func Up(ctx context.Context, e *engine.Client, o Options, sink event.Sink) (inventory.Inventory, error) {
	inv, err := up(ctx, e, o, sink)
	if err != nil && ctx.Err() != nil {
		return inv, hintError{interruptedError{}, "run it again to go on, or `swarmctl local down` to remove what is there"}
	}
	return inv, err
}

func up(ctx context.Context, e *engine.Client, o Options, sink event.Sink) (inventory.Inventory, error) {
	host, err := check(ctx, e, o)
	if err != nil {
		return inventory.Inventory{}, err
	}
	release, err := lock(o.Dir)
	if err != nil {
		return inventory.Inventory{}, err
	}
	defer release()
	// Another process may have worked on it until now.
	have, err := observe(ctx, e, o.Name)
	if err != nil {
		return inventory.Inventory{}, err
	}
	was, err := readShape(o.Dir, have)
	if err != nil {
		return inventory.Inventory{}, err
	}
	o = o.keeping(have, was)
	if err := writeShape(o.Dir, o.shape(have)); err != nil {
		return inventory.Inventory{}, err
	}
	w := work{engine: e, options: o, sink: sink, have: have}
	if err := w.prepare(ctx, host); err != nil {
		return inventory.Inventory{}, err
	}
	if err := w.machines(ctx); err != nil {
		return inventory.Inventory{}, err
	}
	return w.finish(ctx)
}

// check finds every fault there is.
func check(ctx context.Context, e *engine.Client, o Options) (outer, error) {
	faults := o.validate()
	host, more := connect(ctx, e)
	faults = append(faults, more...)
	if len(more) > 0 {
		return host, asError(faults)
	}
	have, err := observe(ctx, e, o.Name)
	if err != nil {
		return host, err
	}
	o = o.keeping(have, have.shape())
	faults = append(faults, conflicts(ctx, o, have)...)
	more, err = checkInotify(ctx, e, o, have)
	if err != nil {
		return host, err
	}
	return host, asError(append(faults, more...))
}

// work is one run of Up.
type work struct {
	engine  *engine.Client
	options Options
	sink    event.Sink
	have    cluster
	setting setting
	// balancerImage is HAProxy's image.
	balancerImage string
}

// prepare makes what machines need: the login key, the images, the network.
func (w *work) prepare(ctx context.Context, host outer) error {
	lent, err := machines.ThisHost(w.options.Getenv)
	if err != nil {
		return err
	}
	lent.MissingCaps, lent.CgroupV2 = host.missing, host.info.CgroupVersion == "2"
	w.setting = setting{cluster: w.options.Name, bare: w.options.Bare, host: lent}
	w.setting.login, err = loginKey(filepath.Join(w.options.Dir, target.IdentityFile), w.options.Name)
	if err != nil {
		return err
	}
	if err := w.images(ctx); err != nil {
		return err
	}
	return w.network(ctx)
}

func (w *work) images(ctx context.Context) error {
	b := builder{w.engine, w.sink, w.options.Getenv}
	base, err := b.base(ctx)
	if err != nil {
		return err
	}
	packages := []string{"docker.io"}
	if w.options.Bare {
		packages = nil
	}
	w.setting.image, err = b.ensure(ctx, machines.Image(w.setting.host.Certs, packages...), base)
	if err != nil {
		return err
	}
	w.balancerImage, err = b.ensure(ctx, balancerRecipe(w.setting.host.Certs), base)
	return err
}

// machines makes or starts every machine, all at once.
func (w *work) machines(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range w.options.machines() {
		group.Go(func() error {
			if err := w.ensureMachine(ctx, m); err != nil {
				// The others end because one failed, or because of the user.
				if ctx.Err() == nil {
					w.sink.Fail(subject(m.Name), "not ready")
				}
				return fmt.Errorf("machine %s: %w", m.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func subject(node string) string { return "machine " + node }

// finish puts the balancer in front and writes down what there is.
func (w *work) finish(ctx context.Context) (inventory.Inventory, error) {
	have, err := observe(ctx, w.engine, w.options.Name)
	if err != nil {
		return inventory.Inventory{}, err
	}
	w.warnOfMore(have)
	inv := have.inventory()
	b := balancer{
		cluster: w.options.Name, network: w.setting.network.ID, address: hostAddress(w.setting.network.Subnet, hostBalancer),
		image: w.balancerImage, nodes: backendNodes(inv),
		interval: w.options.ProbeInterval, threshold: w.options.ProbeThreshold,
	}
	if b.port, err = w.port(ctx, have); err != nil {
		return inventory.Inventory{}, err
	}
	if err := b.ensure(ctx, w.engine, have.Balancer, w.sink); err != nil {
		w.sink.Fail(balancerSubject, "not ready")
		return inventory.Inventory{}, fmt.Errorf("load balancer: %w", err)
	}
	inv.Endpoint = endpoint(b.port)
	if err := inv.Validate(); err != nil {
		return inventory.Inventory{}, err
	}
	return inv, writeState(w.options.Dir, inv)
}

func (w *work) port(ctx context.Context, have cluster) (int, error) {
	if w.options.HTTPPort != 0 {
		return w.options.HTTPPort, nil
	}
	if have.Balancer != nil && have.Balancer.Port != 0 {
		return have.Balancer.Port, nil
	}
	return anyPort(ctx)
}

// warnOfMore says which machines are there without being asked for. They are
// kept: taking a member out of a swarm is nothing to do by the way.
func (w *work) warnOfMore(have cluster) {
	asked := w.options.machines()
	for _, p := range have.Machines {
		if !slices.ContainsFunc(asked, func(m machine) bool { return m.Name == p.Node }) {
			w.sink.Warn(subject(p.Node), "was not asked for and is kept; `swarmctl local down` removes the whole cluster")
		}
	}
}

// inventory lists the machines: managers, workers, then the monitor, by address.
func (c cluster) inventory() inventory.Inventory {
	inv := inventory.Inventory{Name: c.Name}
	for _, p := range c.Machines {
		inv.Nodes = append(inv.Nodes, p.node())
	}
	order := []inventory.Role{inventory.Manager, inventory.Worker, inventory.Monitor}
	slices.SortFunc(inv.Nodes, func(a, b inventory.Node) int {
		if byRole := slices.Index(order, a.Role) - slices.Index(order, b.Role); byRole != 0 {
			return byRole
		}
		return compareAddresses(a.Address, b.Address)
	})
	return inv
}

func backendNodes(inv inventory.Inventory) []backendNode {
	var nodes []backendNode
	for _, n := range inv.Swarm() {
		nodes = append(nodes, backendNode{n.Name, n.Address})
	}
	return nodes
}
