package local

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/docker/docker/api/types/filters"

	"github.com/ycesproject/yces/provision/inventory"
)

// The labels of everything that belongs to a cluster. They, not the state
// directory, say what exists: `down` works after that directory was lost.
const (
	labelCluster = "swarmctl.local.cluster"
	labelNode    = "swarmctl.local.node"
	labelRole    = "swarmctl.local.role"
	labelBare    = "swarmctl.local.bare"
	labelHostKey = "swarmctl.local.hostkey"
	labelPort    = "swarmctl.local.port"
	labelConfig  = "swarmctl.local.config"
	// The probe's settings, to keep them when the balancer is replaced.
	labelInterval  = "swarmctl.local.probe-interval"
	labelThreshold = "swarmctl.local.probe-threshold"
)

// roleBalancer is the container that is no machine.
const roleBalancer = "balancer"

// machine is one machine as it should be.
type machine struct {
	Name string
	Role inventory.Role
	// host is the last byte of the machine's address.
	host byte
}

// The last bytes of addresses in a cluster's /24. They follow from the name
// alone, so that a cluster that grows leaves every machine where it is.
const (
	hostGateway  = 1
	hostBalancer = 2
	hostMonitor  = 3
	hostManagers = 10
	hostWorkers  = 20
)

// machines lists the cluster's machines: managers, workers, then the monitor.
func (o Options) machines() []machine {
	var list []machine
	for i := range o.Managers {
		name := o.Name + "-" + strconv.Itoa(i+1)
		list = append(list, machine{name, inventory.Manager, byte(hostManagers + i + 1)})
	}
	for i := range o.Workers {
		name := fmt.Sprintf("%s-worker-%d", o.Name, i+1)
		list = append(list, machine{name, inventory.Worker, byte(hostWorkers + i + 1)})
	}
	if o.Monitor {
		list = append(list, machine{o.Name + "-monitor", inventory.Monitor, hostMonitor})
	}
	return list
}

// resourceName is unique by cluster: neither part can hold a dot.
func resourceName(cluster, what string) string { return "swarmctl." + cluster + "." + what }

func clusterLabels(cluster string) map[string]string {
	return map[string]string{labelCluster: cluster}
}

func clusterFilter(cluster string) filters.Args {
	return filters.NewArgs(filters.Arg("label", labelCluster+"="+cluster))
}

// hostAddress is the address with this last byte in a /24.
func hostAddress(subnet netip.Prefix, host byte) netip.Addr {
	b := subnet.Masked().Addr().As4()
	b[3] = host
	return netip.AddrFrom4(b)
}
