package cloudmodel

import "maps"

// kind is what the model knows about a type of resource.
type kind struct {
	// id names a new resource.
	id func(*World, Object) string
	// check makes the cloud's checks; old is nil for a new resource.
	check func(w *World, r, old *Resource) []error
	// adds is what the cloud adds to the inputs; old is nil for a new resource.
	adds func(w *World, r, old *Resource) Object
	// named is the property that the provider makes a name of, where there is none.
	named string
	// replaces are the properties that the provider replaces a resource for.
	replaces []string
	// frozen are properties that the cloud refuses to change in place.
	frozen []string
	// inUse refuses the end of what others need, in the cloud's words; nil
	// refuses wherever another refers to it.
	inUse func(*World, *Resource) error
	// taken is the cloud's code where the name is another's; empty is Conflict.
	taken string
	// onMade and onGone act outside the model; onWritten, of a creation and of an
	// update, takes its time while others go on.
	onMade, onGone, onWritten func(*World, *Resource) error
}

// kinds holds every type that the model has.
var kinds = map[string]kind{}

func init() {
	maps.Copy(kinds, azureNetwork)
	maps.Copy(kinds, azureCompute)
	maps.Copy(kinds, azureOther)
	maps.Copy(kinds, azureVault)
	maps.Copy(kinds, awsKinds)
	maps.Copy(kinds, tlsKinds)
}

func (k kind) state(w *World, r, old *Resource) Object {
	state := copyOf(r.Inputs)
	if k.adds != nil {
		maps.Copy(state, k.adds(w, r, old))
	}
	return state
}

func (k kind) made(w *World, r *Resource) error {
	if k.onMade == nil {
		return nil
	}
	return k.onMade(w, r)
}

func (k kind) written(w *World, r *Resource) error {
	if k.onWritten == nil {
		return nil
	}
	return k.onWritten(w, r)
}

func (k kind) gone(w *World, r *Resource) error {
	if k.onGone == nil {
		return nil
	}
	return k.onGone(w, r)
}
