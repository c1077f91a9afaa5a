package release

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"
)

// fakeAPI keeps configs as a swarm does: unique names, labels that can change.
type fakeAPI struct {
	configs []swarm.Config
	// hidden is the name of a config that exists and is not listed yet: another
	// deploy's, written a moment ago.
	hidden string
}

func (f *fakeAPI) ConfigList(_ context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error) {
	var found []swarm.Config
	for _, c := range f.configs {
		if opts.Filters.MatchKVList("label", c.Spec.Labels) {
			found = append(found, c)
		}
	}
	return found, nil
}

func (f *fakeAPI) ConfigCreate(_ context.Context, spec swarm.ConfigSpec) (swarm.ConfigCreateResponse, error) {
	for _, c := range f.configs {
		if c.Spec.Name == spec.Name {
			return swarm.ConfigCreateResponse{}, fmt.Errorf("config exists: %w", errdefs.ErrConflict)
		}
	}
	if spec.Name == f.hidden {
		return swarm.ConfigCreateResponse{}, fmt.Errorf("config exists: %w", errdefs.ErrConflict)
	}
	f.configs = append(f.configs, swarm.Config{ID: spec.Name, Spec: spec})
	return swarm.ConfigCreateResponse{ID: spec.Name}, nil
}

func (f *fakeAPI) ConfigUpdate(_ context.Context, id string, _ swarm.Version, spec swarm.ConfigSpec) error {
	for i, c := range f.configs {
		if c.ID == id {
			f.configs[i].Spec.Labels = spec.Labels
		}
	}
	return nil
}

func (f *fakeAPI) ConfigRemove(_ context.Context, id string) error {
	for i, c := range f.configs {
		if c.ID == id {
			f.configs = append(f.configs[:i:i], f.configs[i+1:]...)
		}
	}
	return nil
}

func begin(t *testing.T, s Store, image string) Record {
	t.Helper()
	r, err := s.Begin(context.Background(), Record{
		By: "ann@laptop", Commit: "abc",
		Services: map[string]swarm.ServiceSpec{"shop_web": {TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: image}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARecordComesBackAsItWasWritten(t *testing.T) {
	s := Store{API: &fakeAPI{}, Stack: "shop"}
	begin(t, s, "web@sha256:1")
	second := begin(t, s, "web@sha256:2")
	if err := s.End(context.Background(), second.Number, Deployed); err != nil {
		t.Fatal(err)
	}
	records, err := s.List(context.Background())
	if err != nil || len(records) != 2 {
		t.Fatalf("got %d records, %v; want 2", len(records), err)
	}
	got := records[0]
	if got.Number != 2 || got.Outcome != Deployed || got.By != "ann@laptop" || got.Commit != "abc" || got.Ended.IsZero() {
		t.Errorf("the newest record is %+v", got)
	}
	if image := got.Services["shop_web"].TaskTemplate.ContainerSpec.Image; image != "web@sha256:2" {
		t.Errorf("its image is %s", image)
	}
	if records[1].Outcome != Running {
		t.Errorf("a deploy that did not end has outcome %q, want running", records[1].Outcome)
	}
}

func TestTheRecordOfAKilledDeployIsClosedByTheNext(t *testing.T) {
	s := Store{API: &fakeAPI{}, Stack: "shop"}
	begin(t, s, "web")
	if err := s.CloseAbandoned(context.Background()); err != nil {
		t.Fatal(err)
	}
	records, err := s.List(context.Background())
	if err != nil || records[0].Outcome != Interrupted || records[0].Ended.IsZero() {
		t.Errorf("got %+v, %v; want an interrupted record that has ended", records[0], err)
	}
}

func TestTwoDeploysAtOnceGetDifferentNumbers(t *testing.T) {
	s := Store{API: &fakeAPI{hidden: "swarmctl.shop.000001"}, Stack: "shop"}
	if r := begin(t, s, "web"); r.Number != 2 {
		t.Errorf("got number %d, want 2, because 1 was taken a moment ago", r.Number)
	}
}

func TestPruneKeepsTheNewestAndTheLastThatWasDeployed(t *testing.T) {
	api := &fakeAPI{}
	s := Store{API: api, Stack: "shop"}
	for i := range 6 {
		r := begin(t, s, "web")
		outcome := RolledBack
		if i == 1 {
			outcome = Deployed
		}
		if err := s.End(context.Background(), r.Number, outcome); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := s.Prune(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, r := range kept {
		numbers = append(numbers, fmt.Sprint(r.Number))
	}
	if got := strings.Join(numbers, " "); got != "6 5 2" || len(api.configs) != 3 {
		t.Errorf("kept %s and %d configs, want 6 5 2", got, len(api.configs))
	}
}

func TestStacksDoNotSeeOneAnother(t *testing.T) {
	api := &fakeAPI{}
	begin(t, Store{API: api, Stack: "shop"}, "web")
	records, err := Store{API: api, Stack: "blog"}.List(context.Background())
	if err != nil || len(records) > 0 {
		t.Errorf("got %d records, %v; want none", len(records), err)
	}
	if err := (Store{API: api, Stack: "blog"}).Forget(context.Background()); err != nil || len(api.configs) != 1 {
		t.Errorf("forgetting one stack left %d configs, %v; want 1", len(api.configs), err)
	}
}
