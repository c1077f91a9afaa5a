package cluster

import (
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// State is what Observe saw.
type State struct {
	// Machines are the inventory's, by name.
	Machines map[string]Machine
	// Members are the swarm's nodes as its leader knows them; none where there
	// is no swarm yet.
	Members []swarm.Node
}

// Machine is one machine as it is.
type Machine struct {
	Hostname string
	OS       OS
	// Docker is the engine as a package and a service of the machine.
	Docker Docker
	// Swarm is the engine's own view of its membership; zero where it does not run.
	Swarm swarm.Info
	// IPVS tells whether the kernel can carry ingress ports and service VIPs.
	IPVS bool
	// ClockOffset is how far the machine's clock is ahead of ours, known to
	// within half of ClockError.
	ClockOffset, ClockError time.Duration
}

// OS is an operating system, as os-release(5) names it.
type OS struct {
	ID, Version, Codename, Arch string
	Systemd                     bool
}

// Docker says how much of the engine is there.
type Docker struct {
	// Installed: there is a dockerd.
	Installed bool
	// Unfinished: an installation was broken off.
	Unfinished bool
	Enabled    bool
	Running    bool
	// Version is the running engine's.
	Version string
}

// interrupted tells whether the installation has to be finished first.
func (d Docker) interrupted() bool { return d.Installed && d.Unfinished }

func (s State) member(id string) (swarm.Node, bool) {
	for _, m := range s.Members {
		if m.ID == id && id != "" {
			return m, true
		}
	}
	return swarm.Node{}, false
}
