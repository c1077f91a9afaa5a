package cli

import (
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

func TestRollbackPicksTheReleaseThatPeopleMean(t *testing.T) {
	web := func(image string) swarm.ServiceSpec {
		return swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "shop_web"}, TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: image}}}
	}
	rec := func(number int, outcome release.Outcome, image string, back int) release.Record {
		return release.Record{Number: number, Stack: "shop", Outcome: outcome, RollbackTo: back, Services: map[string]swarm.ServiceSpec{"shop_web": web(image)}}
	}
	const deployed, failed, interrupted = release.Deployed, release.RolledBack, release.Interrupted
	cases := map[string]struct {
		records []release.Record // newest first
		runs    string
		to      int
		want    int // 0: an error
	}{
		"the one before":                      {[]release.Record{rec(2, deployed, "b", 0), rec(1, deployed, "a", 0)}, "b", 0, 1},
		"not one that failed":                 {[]release.Record{rec(3, deployed, "c", 0), rec(2, failed, "b", 0), rec(1, deployed, "a", 0)}, "c", 0, 1},
		"after an interrupt, the last good":   {[]release.Record{rec(3, interrupted, "c", 0), rec(2, deployed, "b", 0), rec(1, deployed, "a", 0)}, "c", 0, 2},
		"twice goes back twice":               {[]release.Record{rec(4, deployed, "b", 2), rec(3, deployed, "c", 0), rec(2, deployed, "b", 0), rec(1, deployed, "a", 0)}, "b", 0, 1},
		"a release like the present is none":  {[]release.Record{rec(3, deployed, "b", 0), rec(2, deployed, "b", 0), rec(1, deployed, "a", 0)}, "b", 0, 1},
		"the one named, even if it failed":    {[]release.Record{rec(2, deployed, "b", 0), rec(1, failed, "a", 0)}, "b", 1, 1},
		"none before the first":               {[]release.Record{rec(1, deployed, "a", 0)}, "a", 0, 0},
		"none of that number":                 {[]release.Record{rec(1, deployed, "a", 0)}, "a", 9, 0},
		"after a rollback to the first, none": {[]release.Record{rec(3, deployed, "a", 1), rec(2, deployed, "b", 0), rec(1, deployed, "a", 0)}, "a", 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			observed := rollout.Observed{Services: map[string]swarm.Service{"shop_web": {Spec: web(c.runs)}}}
			got, err := pickRelease(c.records, c.to, observed)
			if got.Number != c.want || (err == nil) != (c.want != 0) {
				t.Errorf("got release %d, %v; want %s", got.Number, err, fmt.Sprint(c.want))
			}
		})
	}
}
