package local

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// What inotify instances are for, as counted on running machines: five for
// systemd, one for containerd, one to spare. All belong to root, and so do those
// of the host's own services. The kernel's default limit is 128.
const (
	inotifyPerMachine = 7
	inotifyOfHost     = 16
	inotifyLimitFile  = "/proc/sys/fs/inotify/max_user_instances"
)

// inotifyFault tells whether the limit is too low for that many machines:
// systemd then stops at its start with a message on a console nobody reads.
func inotifyFault(limit, machines int) []fault {
	if need := machines*inotifyPerMachine + inotifyOfHost; need > limit {
		var f faultList
		f.add("raise it with `sudo sysctl fs.inotify.max_user_instances=1024`, or remove a cluster; `swarmctl local ls` lists them",
			"the kernel's limit on inotify instances is %d, and %d machines on this computer need about %d", limit, machines, need)
		return f
	}
	return nil
}

// checkInotify counts the machines of all clusters, and those to be made.
func checkInotify(ctx context.Context, e *engine.Client, o Options, have cluster) ([]fault, error) {
	text, err := os.ReadFile(inotifyLimitFile)
	if err != nil {
		return nil, fmt.Errorf("read limit of inotify instances: %w", err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read limit of inotify instances: %w", err)
	}
	running, err := e.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelNode))})
	if err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	machines := len(running)
	for _, m := range o.machines() {
		if p, found := have.machine(m.Name); !found || p.State != container.StateRunning {
			machines++
		}
	}
	return inotifyFault(limit, machines), nil
}
