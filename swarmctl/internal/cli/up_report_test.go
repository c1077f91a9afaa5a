package cli

import (
	"strings"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/cluster"
)

func TestUpSaysWhatAMachineThatJoinedLacks(t *testing.T) {
	step := func(name string) cluster.Step {
		return cluster.Step{Node: inventory.Node{Name: name}, Why: "it is in no swarm"}
	}
	join := cluster.Plan{Stages: []cluster.Stage{{cluster.Join{Step: step("n3"), Role: inventory.Worker}}}}
	var later upReport
	later.add(join)
	if text := later.summary(); !strings.Contains(text, "warning: node n3: has no images yet: `swarmctl deploy` hands them over") {
		t.Errorf("got %s", text)
	}
	var first upReport
	first.add(cluster.Plan{Stages: []cluster.Stage{{cluster.InitSwarm{Step: step("n1")}}}})
	first.add(join)
	if text := first.summary(); strings.Contains(text, "images") {
		t.Errorf("of a new swarm it says %s", text)
	}
}
