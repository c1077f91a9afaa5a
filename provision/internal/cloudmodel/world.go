// Package cloudmodel is our model of Azure and AWS for tests: it speaks
// Pulumi's provider protocol, keeps resources in memory, and refuses what the
// clouds refuse, in their words where we know them. It is a model, made from
// documentation: what passes here has not been seen by Azure or AWS.
package cloudmodel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Resource is one thing in the model.
type Resource struct {
	ID, Type string
	// Inputs are what was asked for, State that and what the cloud added.
	Inputs, State Object
}

// Machines runs commands on the machines that the model's VMs stand for.
type Machines interface {
	// Start begins a machine; it may take a while.
	Start(vm Machine) error
	// Run runs a shell script there as root and returns what it printed.
	Run(name, script string) (string, error)
	// Stop ends the machine.
	Stop(name string) error
}

// Machine is what a VM asks for.
type Machine struct {
	Name, PrivateAddress, CustomData, User string
	Keys                                   []string
}

// World is both clouds together.
type World struct {
	mu        sync.Mutex
	resources map[string]*Resource
	failures  map[string]error
	counter   int
	machines  Machines
	// public and elastic are what Azure and AWS have public addresses of.
	public, elastic netip.Prefix

	log []string
	// deletedVaults are the names of vaults that can be brought back.
	deletedVaults []string
	// busyVaults are those that a secret is being written to.
	busyVaults map[string]bool
}

// New returns an empty world whose machines are run by m.
func New(m Machines) *World {
	return &World{
		resources: map[string]*Resource{}, failures: map[string]error{}, machines: m, busyVaults: map[string]bool{},
		// Of the loopback network: what a test sends there stays on this machine.
		public: netip.MustParsePrefix("127.1.0.0/24"), elastic: netip.MustParsePrefix("127.2.0.0/24"),
	}
}

// Refusal is a cloud's answer to a request that it does not carry out.
type Refusal struct{ Code, Message string }

func (r Refusal) Error() string { return fmt.Sprintf("Code=%q Message=%q", r.Code, r.Message) }

func refuse(code, format string, args ...any) error {
	return Refusal{code, fmt.Sprintf(format, args...)}
}

// Fail makes the next creation or update of the resource with a name end in an error.
func (w *World) Fail(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures[name] = err
}

// IDs are those of everything there is, sorted.
func (w *World) IDs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.resources))
}

// Log is every change in order: "create ID", "update ID", "delete ID".
func (w *World) Log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// Forget empties the log.
func (w *World) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = nil
}

// Edit changes a resource behind Pulumi's back, as somebody in the portal does.
func (w *World) Edit(suffix string, edit func(*Resource)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, r := range w.resources {
		if strings.HasSuffix(id, suffix) {
			edit(r)
			return nil
		}
	}
	return fmt.Errorf("there is no resource %s", suffix)
}

// Remove deletes a resource behind Pulumi's back.
func (w *World) Remove(suffix string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.resources, func(id string, _ *Resource) bool { return strings.HasSuffix(id, suffix) })
}

// of returns the resources of a type, in the order of their identifiers.
func (w *World) of(kind string) []*Resource {
	var list []*Resource
	for _, id := range slices.Sorted(maps.Keys(w.resources)) {
		if w.resources[id].Type == kind {
			list = append(list, w.resources[id])
		}
	}
	return list
}

// fresh numbers what clouds give numbers to.
func (w *World) fresh() int {
	w.counter++
	return w.counter
}

// freshPublic is the next public address of a network.
func (w *World) freshPublic(network netip.Prefix) string {
	four := network.Addr().As4()
	four[3] = byte(1 + w.fresh()%250)
	return netip.AddrFrom4(four).String()
}

// create carries out one creation.
func (w *World) create(kind string, in Object) (*Resource, error) {
	k, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("the model has no type %s", kind)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &Resource{Type: kind, Inputs: in}
	r.ID = k.id(w, in)
	if _, taken := w.resources[r.ID]; taken {
		return nil, refuse(cmp.Or(k.taken, "Conflict"), "%s exists already, and is not this stack's", r.ID)
	}
	if err := w.accept(k, r, nil); err != nil {
		return nil, err
	}
	r.State = k.state(w, r, nil)
	if err := w.unlocked(func() error { return errors.Join(k.written(w, r), k.made(w, r)) }); err != nil {
		return nil, err
	}
	w.resources[r.ID] = r
	w.log = append(w.log, "create "+r.ID)
	return r, nil
}

// update carries out one update in place.
func (w *World) update(id string, in Object) (*Resource, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.resources[id]
	if !ok {
		return nil, refuse("ResourceNotFound", "%s was not found", id)
	}
	k := kinds[old.Type]
	for _, path := range k.frozen {
		if !same(old.Inputs.Get(path), in.Get(path)) {
			return nil, refuse("PropertyChangeNotAllowed", "Changing property %q is not allowed.", path)
		}
	}
	r := &Resource{ID: id, Type: old.Type, Inputs: in}
	if err := w.accept(k, r, old); err != nil {
		return nil, err
	}
	r.State = k.state(w, r, old)
	if err := w.unlocked(func() error { return k.written(w, r) }); err != nil {
		return nil, err
	}
	w.resources[id] = r
	w.log = append(w.log, "update "+id)
	return r, nil
}

// accept makes every check that a cloud makes before it acts.
func (w *World) accept(k kind, r, old *Resource) error {
	for name, err := range w.failures {
		if strings.HasSuffix(r.ID, "/"+name) {
			delete(w.failures, name)
			return err
		}
	}
	faults := w.checkReferences(r)
	if k.check != nil {
		faults = append(faults, k.check(w, r, old)...)
	}
	return errors.Join(faults...)
}

// remove carries out one deletion.
func (w *World) remove(id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.resources[id]
	if !ok {
		return nil
	}
	if err := w.inUse(r); err != nil {
		return err
	}
	if err := w.unlocked(func() error { return kinds[r.Type].gone(w, r) }); err != nil {
		return err
	}
	// What lies within goes with it: a machine's run commands and disk, a vault's secrets.
	maps.DeleteFunc(w.resources, func(_ string, other *Resource) bool { return owns(id, other) })
	delete(w.resources, id)
	w.log = append(w.log, "delete "+id)
	return nil
}

// inUse refuses the end of what another resource needs.
func (w *World) inUse(r *Resource) error {
	if check := kinds[r.Type].inUse; check != nil {
		return check(w, r)
	}
	if other := w.user(r); other != nil {
		return refuse("InUse", "%s can not be deleted because it is in use by %s", r.ID, other.ID)
	}
	return nil
}

// user is a resource that needs another; nil where none does.
func (w *World) user(r *Resource) *Resource {
	for _, other := range w.resources {
		if other.ID != r.ID && !owns(r.ID, other) && refers(other, r.ID) {
			return other
		}
	}
	return nil
}

// unlocked runs what may take long while others go on.
func (w *World) unlocked(do func() error) error {
	w.mu.Unlock()
	defer w.mu.Lock()
	return do()
}

// owns tells whether a resource lies within another, whose end is its own.
func owns(id string, other *Resource) bool {
	within := strings.HasPrefix(other.ID, id+"/runCommands/") || strings.HasPrefix(other.ID, id+"/secrets/")
	return within || other.State.Text("ownedBy") == id || endsWith(id, other)
}
