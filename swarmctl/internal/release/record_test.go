package release

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

// brokenAPI fails at what its fields say.
type brokenAPI struct {
	*fakeAPI
	list, create, update, remove error
}

func (b brokenAPI) ConfigList(ctx context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error) {
	if b.list != nil {
		return nil, b.list
	}
	return b.fakeAPI.ConfigList(ctx, opts)
}

func (b brokenAPI) ConfigCreate(ctx context.Context, spec swarm.ConfigSpec) (swarm.ConfigCreateResponse, error) {
	if b.create != nil {
		return swarm.ConfigCreateResponse{}, b.create
	}
	return b.fakeAPI.ConfigCreate(ctx, spec)
}

func (b brokenAPI) ConfigUpdate(ctx context.Context, id string, v swarm.Version, spec swarm.ConfigSpec) error {
	if b.update != nil {
		return b.update
	}
	return b.fakeAPI.ConfigUpdate(ctx, id, v, spec)
}

func (b brokenAPI) ConfigRemove(ctx context.Context, id string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.fakeAPI.ConfigRemove(ctx, id)
}

func TestWhatTheManagerRefusesSaysWhichReleaseItWas(t *testing.T) {
	no := errors.New("no leader")
	ctx := context.Background()
	for name, c := range map[string]struct {
		api  brokenAPI
		do   func(Store) error
		want string
	}{
		"list":   {brokenAPI{list: no}, func(s Store) error { _, err := s.List(ctx); return err }, "list releases of stack shop: no leader"},
		"begin":  {brokenAPI{create: no}, func(s Store) error { _, err := s.Begin(ctx, Record{}); return err }, "record release 2: no leader"},
		"end":    {brokenAPI{update: no}, func(s Store) error { return s.End(ctx, 1, Deployed) }, "record outcome of release 1: no leader"},
		"gone":   {brokenAPI{}, func(s Store) error { return s.End(ctx, 9, Deployed) }, "record outcome of release 9: its record is gone"},
		"forget": {brokenAPI{remove: no}, func(s Store) error { return s.Forget(ctx) }, "remove record swarmctl.shop.000001: no leader"},
		"prune":  {brokenAPI{remove: no}, func(s Store) error { _, err := s.Prune(ctx, 0); return err }, "remove record swarmctl.shop.000001: no leader"},
	} {
		c.api.fakeAPI = &fakeAPI{}
		begin(t, Store{API: c.api.fakeAPI, Stack: "shop"}, "web")
		if err := c.do(Store{API: c.api, Stack: "shop"}); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		} else if strings.Contains(c.want, "no leader") && !errors.Is(err, no) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

func TestARecordThatIsNotOursIsNamed(t *testing.T) {
	good := &fakeAPI{}
	begin(t, Store{API: good, Stack: "shop"}, "web")
	data := good.configs[0].Spec.Data
	for name, damaged := range map[string][]byte{
		"empty": nil, "text": []byte("{}"), "cut off": data[:len(data)/2],
	} {
		api := &fakeAPI{configs: []swarm.Config{{ID: "r", Spec: swarm.ConfigSpec{
			Annotations: swarm.Annotations{Name: "swarmctl.shop.000001", Labels: map[string]string{labelStack: "shop"}}, Data: damaged,
		}}}}
		if _, err := (Store{API: api, Stack: "shop"}).List(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "read release swarmctl.shop.000001: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNamesOfRecordsFitTheSwarm(t *testing.T) {
	// The swarm takes 64 letters; a stack may have 63.
	r, err := Store{API: &fakeAPI{}, Stack: strings.Repeat("s", 63)}.Begin(context.Background(), Record{})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := encode(r)
	if err != nil || len(spec.Name) > 64 {
		t.Errorf("the name has %d letters, %v", len(spec.Name), err)
	}
}

func TestStacksWhoseNamesBeginAlikeKeepTheirRecordsApart(t *testing.T) {
	api := &fakeAPI{}
	first, second := strings.Repeat("s", 50)+"-a", strings.Repeat("s", 50)+"-b"
	a := begin(t, Store{API: api, Stack: first}, "web")
	b := begin(t, Store{API: api, Stack: second}, "web")
	if len(api.configs) != 2 {
		t.Fatalf("%d records, want 2", len(api.configs))
	}
	for stack, want := range map[string]int{first: a.Number, second: b.Number} {
		records, err := Store{API: api, Stack: stack}.List(context.Background())
		if err != nil || len(records) != 1 || records[0].Number != want {
			t.Errorf("%s: got %d records, %v", stack, len(records), err)
		}
	}
}
