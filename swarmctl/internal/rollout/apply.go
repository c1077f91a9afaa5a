package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Writer is what applying asks a manager; the docker client is one.
type Writer interface {
	NetworkCreate(ctx context.Context, name string, opts network.CreateOptions) (network.CreateResponse, error)
	ConfigCreate(ctx context.Context, spec swarm.ConfigSpec) (swarm.ConfigCreateResponse, error)
	SecretCreate(ctx context.Context, spec swarm.SecretSpec) (swarm.SecretCreateResponse, error)
	ServiceCreate(ctx context.Context, spec swarm.ServiceSpec, opts swarm.ServiceCreateOptions) (swarm.ServiceCreateResponse, error)
	ServiceUpdate(ctx context.Context, id string, version swarm.Version, spec swarm.ServiceSpec, opts swarm.ServiceUpdateOptions) (swarm.ServiceUpdateResponse, error)
	ServiceRemove(ctx context.Context, id string) error
}

// Target is a service that a plan changed, for Converge and Rollback.
type Target struct {
	ID   string
	Name string
	Spec swarm.ServiceSpec
	// Created tells a new service from an updated one.
	Created bool
	// Before is what ran before; its version is older than any of ours.
	Before swarm.Service
	// Former are the tasks that there were before, by their IDs. That one of
	// them ended says nothing about what came then.
	Former map[string]bool
	// Back: the service is on its way back to Before.
	Back bool
}

// applied is what happens as operations are applied.
type applied struct {
	ids     Observed // names to IDs, what was just created included
	targets []Target
}

type apply interface {
	apply(ctx context.Context, w ReadWriter, a *applied) error
}

// Apply carries the plan out and returns the services that it changed, those
// changed before an error included.
func (p Plan) Apply(ctx context.Context, w ReadWriter, sink event.Sink) ([]Target, error) {
	a := &applied{ids: p.observed}
	for _, op := range p.Operations {
		if err := retry(ctx, func() error { return op.apply(ctx, w, a) }); err != nil {
			return a.targets, fmt.Errorf("%s: %w", op, err)
		}
		sink.Done("stack "+p.Stack, op.String())
	}
	return a.targets, nil
}

// retryFor bounds how long a write waits for a leader; an election took up to
// 22 s where it was measured.
const retryFor = 40 * time.Second

// retry repeats a write that met an election. What the manager refuses for
// good is returned at once.
func retry(ctx context.Context, write func() error) error {
	ctx, cancel := context.WithTimeout(ctx, retryFor)
	defer cancel()
	for {
		err := write()
		if err == nil || !transient(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// transient: a manager without a leader answers 503 or, while it loses the
// leadership, 500 "node lost leader status", for which the API has no type.
func transient(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	return errdefs.IsUnavailable(err) || lostLeader(err)
}

type createNetwork struct {
	name string
	opts network.CreateOptions
}

func (o createNetwork) String() string    { return "create network " + o.name }
func (o createNetwork) Cause() string     { return "it does not exist" }
func (o createNetwork) Details() []Change { return nil }

func (o createNetwork) apply(ctx context.Context, w ReadWriter, a *applied) error {
	opts := o.opts
	if opts.Driver == "" {
		opts.Driver = "overlay"
	}
	r, err := w.NetworkCreate(ctx, o.name, opts)
	a.ids.Networks[o.name] = r.ID
	return err
}

type createConfig struct{ spec swarm.ConfigSpec }

func (o createConfig) String() string    { return "create config " + o.spec.Name }
func (o createConfig) Cause() string     { return "its content is new" }
func (o createConfig) Details() []Change { return nil }

func (o createConfig) apply(ctx context.Context, w ReadWriter, a *applied) error {
	r, err := w.ConfigCreate(ctx, o.spec)
	a.ids.Configs[o.spec.Name] = r.ID
	return err
}

type createSecret struct{ spec swarm.SecretSpec }

func (o createSecret) String() string    { return "create secret " + o.spec.Name }
func (o createSecret) Cause() string     { return "its content is new" }
func (o createSecret) Details() []Change { return nil }

func (o createSecret) apply(ctx context.Context, w ReadWriter, a *applied) error {
	r, err := w.SecretCreate(ctx, o.spec)
	a.ids.Secrets[o.spec.Name] = r.ID
	return err
}

type createService struct{ spec swarm.ServiceSpec }

func (o createService) String() string    { return "create service " + o.spec.Name }
func (o createService) Cause() string     { return "it does not exist" }
func (o createService) Details() []Change { return Diff(swarm.ServiceSpec{}, o.spec, nil) }

func (o createService) apply(ctx context.Context, w ReadWriter, a *applied) error {
	// No registry is asked: images are on the nodes, by digest.
	r, err := w.ServiceCreate(ctx, a.withIDs(o.spec), swarm.ServiceCreateOptions{QueryRegistry: false})
	if err != nil {
		return err
	}
	a.targets = append(a.targets, Target{ID: r.ID, Name: o.spec.Name, Spec: o.spec, Created: true})
	return nil
}

type updateService struct {
	current swarm.Service
	spec    swarm.ServiceSpec
	changes []Change
}

func (o updateService) String() string { return "update service " + o.spec.Name }
func (o updateService) Cause() string {
	return fmt.Sprintf("%d field(s) differ", len(o.changes))
}
func (o updateService) Details() []Change { return o.changes }

func (o updateService) apply(ctx context.Context, w ReadWriter, a *applied) error {
	spec := a.withIDs(o.spec)
	// A lower counter would restart tasks for no reason.
	spec.TaskTemplate.ForceUpdate = o.current.Spec.TaskTemplate.ForceUpdate
	former, err := taskIDs(ctx, w, o.current)
	if err != nil {
		return err
	}
	_, err = w.ServiceUpdate(ctx, o.current.ID, o.current.Version, spec, swarm.ServiceUpdateOptions{})
	if staleVersion(err) {
		err = o.again(ctx, w, spec)
	}
	if err != nil {
		return err
	}
	a.targets = append(a.targets, Target{ID: o.current.ID, Name: o.spec.Name, Spec: o.spec, Before: o.current, Former: former})
	return nil
}

func taskIDs(ctx context.Context, api Reader, s swarm.Service) (map[string]bool, error) {
	tasks, err := tasksOf(ctx, api, []swarm.Service{s})
	if err != nil {
		return nil, fmt.Errorf("list tasks of %s: %w", s.Spec.Name, err)
	}
	ids := map[string]bool{}
	for _, t := range tasks {
		ids[t.ID] = true
	}
	return ids, nil
}

// again writes on top of a newer version where only the swarm itself wrote
// meanwhile, the end of an update for instance, and refuses where somebody did.
func (o updateService) again(ctx context.Context, w ReadWriter, spec swarm.ServiceSpec) error {
	now, err := inspect(ctx, w, Target{ID: o.current.ID, Name: o.spec.Name})
	if err != nil {
		return err
	}
	if len(Diff(o.current.Spec, now.Spec, nil)) > 0 {
		return ErrChanged
	}
	_, err = w.ServiceUpdate(ctx, now.ID, now.Version, spec, swarm.ServiceUpdateOptions{})
	return err
}

type removeService struct {
	name    string
	current swarm.Service
}

func (o removeService) String() string    { return "remove service " + o.name }
func (o removeService) Cause() string     { return "it is not in the compose file" }
func (o removeService) Details() []Change { return nil }

func (o removeService) apply(ctx context.Context, w ReadWriter, _ *applied) error {
	return w.ServiceRemove(ctx, o.current.ID)
}

// withIDs fills in the IDs of the configs and secrets that a spec names.
func (a *applied) withIDs(spec swarm.ServiceSpec) swarm.ServiceSpec {
	spec = clone(spec)
	for _, ref := range spec.TaskTemplate.ContainerSpec.Configs {
		ref.ConfigID = a.ids.Configs[ref.ConfigName]
	}
	for _, ref := range spec.TaskTemplate.ContainerSpec.Secrets {
		ref.SecretID = a.ids.Secrets[ref.SecretName]
	}
	return spec
}
