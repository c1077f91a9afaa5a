package local

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// The limits of a cluster on one machine. Raft with more than seven managers
// only gets slower (Docker's administration guide says the same).
const (
	MaxManagers = 7
	MaxWorkers  = 32
)

// Options say what cluster to make.
type Options struct {
	// Name tells clusters apart: lower-case letters, digits and hyphens, 32 at the most.
	Name     string
	Managers int
	Workers  int
	// Monitor adds a machine outside the swarm, for Nagios.
	Monitor bool
	// Bare leaves Docker out of the machines.
	Bare bool
	// HTTPPort is where the balancer listens on 127.0.0.1; 0 keeps the
	// cluster's port, or takes any that is free.
	HTTPPort int
	// ProbeInterval and ProbeThreshold are those of Azure's load balancer probe:
	// how often each node is asked, and how many equal answers change its state.
	ProbeInterval  time.Duration
	ProbeThreshold int
	// Given tells whether the user gave a flag. What was not given stays as it is
	// in a cluster that exists. Nil means that all were.
	Given func(flag string) bool
	// Dir is where the cluster's key and inventory are kept (target.LocalDir).
	Dir string
	// Getenv reads the environment, for the proxies that builds need.
	Getenv func(string) string
}

// DefaultOptions is what `local up` makes when nothing is said.
func DefaultOptions() Options {
	return Options{
		Name:           "local",
		Managers:       3,
		HTTPPort:       8080,
		ProbeInterval:  5 * time.Second,
		ProbeThreshold: 2,
	}
}

// ErrOptions is wrapped by errors that another command line mends.
var ErrOptions = errors.New("invalid options")

var clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// validate returns every fault of the options; none of them needs I/O to see.
func (o Options) validate() []fault {
	f := faultList(validateName(o.Name))
	if o.Managers < 1 || o.Managers > MaxManagers {
		f.usage("--managers: must be between 1 and %d, got %d", MaxManagers, o.Managers)
	}
	if o.Workers < 0 || o.Workers > MaxWorkers {
		f.usage("--workers: must be between 0 and %d, got %d", MaxWorkers, o.Workers)
	}
	if o.HTTPPort < 0 || o.HTTPPort > 65535 {
		f.usage("--http-port: must be between 0 and 65535, got %d", o.HTTPPort)
	}
	if o.ProbeInterval < 100*time.Millisecond || o.ProbeInterval > time.Minute {
		f.usage("--probe-interval: must be between 100ms and 1m, got %s", o.ProbeInterval)
	}
	if o.ProbeThreshold < 1 || o.ProbeThreshold > 10 {
		f.usage("--probe-threshold: must be between 1 and 10, got %d", o.ProbeThreshold)
	}
	return f
}

// validateName also guards the state directory, whose path ends with the name.
func validateName(name string) []fault {
	var f faultList
	if !clusterName.MatchString(name) {
		f.usage("--name: must be 1 to 32 lower-case letters, digits and hyphens, got %q", name)
	}
	return f
}

// fault is one thing that is wrong before anything was made.
type fault struct {
	text string
	cure string
	// usage is set where another command line is the cure.
	usage bool
}

type faultList []fault

func (f *faultList) usage(format string, args ...any) {
	*f = append(*f, fault{text: fmt.Sprintf(format, args...), usage: true})
}

func (f *faultList) add(cure, format string, args ...any) {
	*f = append(*f, fault{text: fmt.Sprintf(format, args...), cure: cure})
}
