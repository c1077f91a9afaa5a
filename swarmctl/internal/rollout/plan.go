package rollout

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// Desired is what a stack should be. Images are given by digest.
type Desired struct {
	Stack            string
	Services         map[string]swarm.ServiceSpec
	Networks         map[string]network.CreateOptions
	ExternalNetworks []string
	Configs          []swarm.ConfigSpec
	Secrets          []swarm.SecretSpec
	// Prune removes services of the stack that are not desired.
	Prune bool
}

// Plan is what to do, in order. It prints as text and applies without deciding
// anything.
type Plan struct {
	Stack      string
	Operations []Operation
	Warnings   []string
	// Unchanged services are as desired already.
	Unchanged []string
	observed  Observed
}

// Operation is one write to the swarm.
type Operation interface {
	// String says what is done and to what: "update service qr_web".
	String() string
	// Cause says why.
	Cause() string
	// Details are the fields that change.
	Details() []Change
	apply
}

// Empty tells whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Operations) == 0 }

// String is the plan as people read it.
func (p Plan) String() string {
	var b strings.Builder
	for _, op := range p.Operations {
		fmt.Fprintf(&b, "%s (%s)\n", op, op.Cause())
		for _, c := range op.Details() {
			fmt.Fprintf(&b, "    %s\n", c)
		}
	}
	for _, name := range p.Unchanged {
		fmt.Fprintf(&b, "keep service %s (no change)\n", name)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

// NewPlan compares what is desired with what was observed. Its error lists
// everything that makes the plan impossible.
func NewPlan(d Desired, o Observed) (Plan, error) {
	p := Plan{Stack: d.Stack, observed: o}
	if faults := missing(d, o); len(faults) > 0 {
		return Plan{}, &ImpossibleError{Stack: d.Stack, Faults: faults}
	}
	for _, name := range sorted(d.Networks) {
		if _, ok := o.Networks[name]; !ok {
			p.Operations = append(p.Operations, createNetwork{name, d.Networks[name]})
		}
	}
	p.planFiles(d)
	for _, name := range sorted(d.Services) {
		p.planService(name, d.Services[name])
	}
	for _, name := range sorted(o.Services) {
		if _, wanted := d.Services[name]; wanted {
			continue
		}
		if d.Prune {
			p.Operations = append(p.Operations, removeService{name, o.Services[name]})
			continue
		}
		p.Warnings = append(p.Warnings, fmt.Sprintf("service %s is in the swarm and not in the compose file; deploy with --prune to remove it", name))
	}
	return p, nil
}

func (p *Plan) planFiles(d Desired) {
	slices.SortFunc(d.Configs, func(a, b swarm.ConfigSpec) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range d.Configs {
		if _, ok := p.observed.Configs[c.Name]; !ok {
			p.Operations = append(p.Operations, createConfig{c})
		}
	}
	slices.SortFunc(d.Secrets, func(a, b swarm.SecretSpec) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range d.Secrets {
		if _, ok := p.observed.Secrets[s.Name]; !ok {
			p.Operations = append(p.Operations, createSecret{s})
		}
	}
}

func (p *Plan) planService(name string, spec swarm.ServiceSpec) {
	current, ok := p.observed.Services[name]
	if !ok {
		p.Operations = append(p.Operations, createService{spec})
		return
	}
	changes := Diff(current.Spec, spec, p.observed.networkNames())
	if len(changes) == 0 {
		p.Unchanged = append(p.Unchanged, name)
		return
	}
	p.Operations = append(p.Operations, updateService{current: current, spec: spec, changes: changes})
}

// networkNames maps IDs to names, the other way round than Networks.
func (o Observed) networkNames() map[string]string {
	names := make(map[string]string, len(o.Networks))
	for name, id := range o.Networks {
		names[id] = name
	}
	return names
}

// missing finds what is referred to and neither exists nor will be made.
func missing(d Desired, o Observed) []string {
	var faults []string
	for _, name := range d.ExternalNetworks {
		if _, ok := o.Networks[name]; !ok && name != "host" && name != "bridge" && name != "none" {
			faults = append(faults, fmt.Sprintf("network %s is external and does not exist; `docker network create --driver overlay %s` makes it", name, name))
		}
	}
	configs, secrets := maps.Clone(o.Configs), maps.Clone(o.Secrets)
	for _, c := range d.Configs {
		configs[c.Name] = ""
	}
	for _, s := range d.Secrets {
		secrets[s.Name] = ""
	}
	for _, name := range sorted(d.Services) {
		faults = append(faults, missingFiles(name, d.Services[name].TaskTemplate.ContainerSpec, configs, secrets)...)
	}
	return faults
}

func missingFiles(service string, c *swarm.ContainerSpec, configs, secrets map[string]string) []string {
	var faults []string
	for _, ref := range c.Configs {
		if _, ok := configs[ref.ConfigName]; !ok {
			faults = append(faults, fmt.Sprintf("service %s: config %s does not exist", service, ref.ConfigName))
		}
	}
	for _, ref := range c.Secrets {
		if _, ok := secrets[ref.SecretName]; !ok {
			faults = append(faults, fmt.Sprintf("service %s: secret %s does not exist", service, ref.SecretName))
		}
	}
	return faults
}

// ImpossibleError lists what the swarm lacks for a plan.
type ImpossibleError struct {
	Stack  string
	Faults []string
}

func (e *ImpossibleError) Error() string {
	return fmt.Sprintf("stack %s can't be deployed:\n%s", e.Stack, strings.Join(e.Faults, "\n"))
}

// ExitCode is that of a configuration fault.
func (*ImpossibleError) ExitCode() int { return 2 }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
