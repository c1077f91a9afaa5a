package rollout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

func spec(name, image string, edits ...func(*swarm.ServiceSpec)) swarm.ServiceSpec {
	replicas := uint64(2)
	s := swarm.ServiceSpec{
		Annotations:  swarm.Annotations{Name: name, Labels: map[string]string{StackLabel: "shop"}},
		TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: image}},
		Mode:         swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &replicas}},
		UpdateConfig: &swarm.UpdateConfig{Monitor: time.Millisecond},
	}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

func env(pairs ...string) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env = pairs }
}

func TestDiffNamesFieldsAndHidesSecrets(t *testing.T) {
	from := spec("shop_web", "web@sha256:1", env("DEBUG=1", "DB_PASSWORD=old"))
	to := spec("shop_web", "web@sha256:2", env("DEBUG=", "DB_PASSWORD=new"), func(s *swarm.ServiceSpec) {
		s.UpdateConfig.Delay = 10 * time.Second
		s.TaskTemplate.Resources = &swarm.ResourceRequirements{Limits: &swarm.Limit{NanoCPUs: 5e8}}
	})
	var got []string
	for _, c := range Diff(from, to, nil) {
		got = append(got, c.String())
	}
	want := []string{
		"env.DB_PASSWORD: (hidden) → (hidden)",
		`env.DEBUG: 1 → ""`,
		"image: web@sha256:1 → web@sha256:2",
		"resources.limits.nano_cpus: + 0.5 CPUs",
		"update_config.delay: + 10s",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatTheEngineFillsInIsNoDifference(t *testing.T) {
	sent := spec("shop_web", "web@sha256:1", func(s *swarm.ServiceSpec) {
		s.TaskTemplate.Networks = []swarm.NetworkAttachmentConfig{{Target: "shop_default"}}
		s.TaskTemplate.ContainerSpec.Secrets = []*swarm.SecretReference{{SecretName: "key"}}
		s.TaskTemplate.Placement = &swarm.Placement{}
		s.EndpointSpec = &swarm.EndpointSpec{Ports: []swarm.PortConfig{{TargetPort: 80}}}
	})
	stored := spec("shop_web", "web@sha256:1", func(s *swarm.ServiceSpec) {
		s.TaskTemplate.Runtime = swarm.RuntimeContainer
		s.TaskTemplate.ForceUpdate = 3
		s.TaskTemplate.Networks = []swarm.NetworkAttachmentConfig{{Target: "id-of-net"}}
		s.TaskTemplate.ContainerSpec.Secrets = []*swarm.SecretReference{{SecretName: "key", SecretID: "id"}}
		s.TaskTemplate.ContainerSpec.Isolation = "default"
		s.TaskTemplate.ContainerSpec.DNSConfig = &swarm.DNSConfig{}
		s.TaskTemplate.Placement = &swarm.Placement{Platforms: []swarm.Platform{{OS: "linux"}}}
		s.EndpointSpec = &swarm.EndpointSpec{Mode: "vip", Ports: []swarm.PortConfig{{TargetPort: 80, Protocol: "tcp"}}}
		s.UpdateConfig.FailureAction, s.UpdateConfig.Order = "pause", "stop-first"
	})
	if changes := Diff(stored, sent, map[string]string{"id-of-net": "shop_default"}); len(changes) > 0 {
		t.Errorf("got differences: %v", changes)
	}
}

func observed(services ...swarm.Service) Observed {
	o := Observed{Services: map[string]swarm.Service{}, Networks: map[string]string{}, Configs: map[string]string{}, Secrets: map[string]string{}}
	for _, s := range services {
		o.Services[s.Spec.Name] = s
	}
	return o
}

func TestPlanPrintsEveryOperationWithItsCause(t *testing.T) {
	o := observed(
		swarm.Service{ID: "1", Spec: spec("shop_web", "web@sha256:1")},
		swarm.Service{ID: "2", Spec: spec("shop_db", "db@sha256:1")},
		swarm.Service{ID: "3", Spec: spec("shop_old", "old@sha256:1")},
	)
	d := Desired{
		Stack: "shop",
		Services: map[string]swarm.ServiceSpec{
			"shop_web": spec("shop_web", "web@sha256:2"), "shop_db": spec("shop_db", "db@sha256:1"), "shop_new": spec("shop_new", "new@sha256:1"),
		},
		Networks: map[string]network.CreateOptions{"shop_default": {}},
		Configs:  []swarm.ConfigSpec{{Annotations: swarm.Annotations{Name: "site-1"}}},
		Secrets:  []swarm.SecretSpec{{Annotations: swarm.Annotations{Name: "key-1"}, Data: []byte("hush")}},
	}
	p, err := NewPlan(d, o)
	if err != nil {
		t.Fatal(err)
	}
	want := `create network shop_default (it does not exist)
create config site-1 (its content is new)
create secret key-1 (its content is new)
create service shop_new (it does not exist)
    image: + new@sha256:1
    labels.com.docker.stack.namespace: + shop
    name: + shop_new
    replicated.replicas: + 2
    update_config.monitor: + 1ms
update service shop_web (1 field(s) differ)
    image: web@sha256:1 → web@sha256:2
keep service shop_db (no change)
warning: service shop_old is in the swarm and not in the compose file; deploy with --prune to remove it
`
	if p.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", p, want)
	}
	d.Prune = true
	if p, _ = NewPlan(d, o); !strings.Contains(p.String(), "remove service shop_old") {
		t.Errorf("with Prune the plan does not remove shop_old:\n%s", p)
	}
}

func TestPlanNamesEverythingThatIsMissing(t *testing.T) {
	d := Desired{Stack: "shop", ExternalNetworks: []string{"proxy"}, Services: map[string]swarm.ServiceSpec{
		"shop_web": spec("shop_web", "web", func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Configs = []*swarm.ConfigReference{{ConfigName: "absent"}}
			s.TaskTemplate.ContainerSpec.Secrets = []*swarm.SecretReference{{SecretName: "gone"}}
		}),
	}}
	_, err := NewPlan(d, observed())
	var impossible *ImpossibleError
	if !errors.As(err, &impossible) || len(impossible.Faults) != 3 {
		t.Errorf("got %v, want three faults", err)
	}
}

var ready = []swarm.Node{
	{ID: "n1", Status: swarm.NodeStatus{State: swarm.NodeStateReady}},
	{ID: "n2", Status: swarm.NodeStatus{State: swarm.NodeStateReady}},
	{ID: "dead", Status: swarm.NodeStatus{State: swarm.NodeStateDown}},
}

func task(slot int, node string, state swarm.TaskState, image string) swarm.Task {
	t := swarm.Task{
		ServiceID: "s", Slot: slot, NodeID: node, DesiredState: swarm.TaskStateRunning,
		Spec: spec("", image).TaskTemplate, Status: swarm.TaskStatus{State: state},
	}
	t.CreatedAt = time.Now()
	if state == swarm.TaskStateFailed {
		t.Status.Err = "boom"
	}
	return t
}

func TestJudge(t *testing.T) {
	const run, fail, start, pend = swarm.TaskStateRunning, swarm.TaskStateFailed, swarm.TaskStateStarting, swarm.TaskStatePending
	updating := &swarm.UpdateStatus{State: swarm.UpdateStateUpdating}
	nowhere := task(2, "", pend, "new")
	nowhere.Status.Err = "no suitable node"
	cases := map[string]struct {
		update *swarm.UpdateStatus
		tasks  []swarm.Task
		want   Phase
		run    int
		stuck  bool
	}{
		"all run":                             {tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", run, "new")}, want: Converged, run: 2},
		"one is of the old image":             {tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", run, "old")}, want: Working, run: 1},
		"one is on a dead node":               {tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "dead", run, "new")}, want: Working, run: 1},
		"two tasks of one replica":            {tasks: []swarm.Task{task(1, "n1", run, "new"), task(1, "n2", run, "new")}, want: Working, run: 1},
		"one is not healthy yet":              {tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", start, "new")}, want: Working, run: 1},
		"the swarm still updates":             {update: updating, tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", run, "new")}, want: Working, run: 2},
		"the swarm completed":                 {update: &swarm.UpdateStatus{State: swarm.UpdateStateCompleted}, tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", run, "new")}, want: Converged, run: 2},
		"the swarm completed, one died since": {update: &swarm.UpdateStatus{State: swarm.UpdateStateCompleted}, tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", fail, "new")}, want: Working, run: 1},
		"the swarm paused":                    {update: &swarm.UpdateStatus{State: swarm.UpdateStatePaused}, want: Failed},
		"the swarm rolls back":                {update: &swarm.UpdateStatus{State: swarm.UpdateStateRollbackStarted}, want: Working},
		"the swarm rolled back":               {update: &swarm.UpdateStatus{State: swarm.UpdateStateRollbackCompleted}, tasks: []swarm.Task{task(1, "n1", run, "new"), task(2, "n2", run, "new")}, want: RolledBack, run: 2},
		"rolled back and not all there":       {update: &swarm.UpdateStatus{State: swarm.UpdateStateRollbackCompleted}, tasks: []swarm.Task{task(1, "n1", run, "new")}, want: Working, run: 1},
		"it fails again and again":            {tasks: []swarm.Task{task(1, "n1", fail, "new"), task(1, "n1", fail, "new"), task(1, "n1", fail, "new")}, want: Failed},
		"it fits on no node":                  {tasks: []swarm.Task{task(1, "n1", run, "new"), nowhere}, want: Working, run: 1, stuck: true},
		"tasks of another service":            {tasks: []swarm.Task{{ServiceID: "other", Slot: 1, NodeID: "n1", Status: swarm.TaskStatus{State: run}}}, want: Working},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := Judge(swarm.Service{ID: "s", Spec: spec("shop_web", "new"), UpdateStatus: c.update}, c.tasks, ready)
			if v.Phase != c.want || v.Running != c.run || v.Stuck != c.stuck {
				t.Errorf("got %s, %d running, stuck %v; want %s, %d, %v", v.Phase, v.Running, v.Stuck, c.want, c.run, c.stuck)
			}
		})
	}
}

func TestAProcessThatEndsWellIsAFailureUnlessItIsAJob(t *testing.T) {
	done := task(1, "n1", swarm.TaskStateComplete, "new")
	if v := Judge(swarm.Service{ID: "s", Spec: spec("shop_web", "new")}, []swarm.Task{done}, ready); len(v.Bad) != 1 || v.Running != 0 {
		t.Errorf("a service: got %d bad, %d running; want 1 and 0", len(v.Bad), v.Running)
	}
	one := uint64(1)
	job := spec("shop_job", "new", func(s *swarm.ServiceSpec) {
		s.Mode = swarm.ServiceMode{ReplicatedJob: &swarm.ReplicatedJob{TotalCompletions: &one}}
	})
	if v := Judge(swarm.Service{ID: "s", Spec: job}, []swarm.Task{done}, ready); v.Phase != Converged {
		t.Errorf("a job: got %s, want converged", v.Phase)
	}
}

// fakeSwarm answers from its fields and remembers what was written.
type fakeSwarm struct {
	service swarm.Service
	tasks   func() []swarm.Task
	writes  []string
	update  func(spec swarm.ServiceSpec, opts swarm.ServiceUpdateOptions) error
}

func (f *fakeSwarm) ServiceList(context.Context, swarm.ServiceListOptions) ([]swarm.Service, error) {
	return []swarm.Service{f.service}, nil
}

func (f *fakeSwarm) TaskList(context.Context, swarm.TaskListOptions) ([]swarm.Task, error) {
	if f.tasks == nil {
		return nil, nil
	}
	return f.tasks(), nil
}

func (f *fakeSwarm) NodeList(context.Context, swarm.NodeListOptions) ([]swarm.Node, error) {
	return ready, nil
}

func (f *fakeSwarm) NetworkList(context.Context, network.ListOptions) ([]network.Summary, error) {
	return nil, nil
}

func (f *fakeSwarm) ConfigList(context.Context, swarm.ConfigListOptions) ([]swarm.Config, error) {
	return nil, nil
}

func (f *fakeSwarm) SecretList(context.Context, swarm.SecretListOptions) ([]swarm.Secret, error) {
	return nil, nil
}

func (f *fakeSwarm) NetworkCreate(_ context.Context, name string, _ network.CreateOptions) (network.CreateResponse, error) {
	f.writes = append(f.writes, "create network "+name)
	return network.CreateResponse{ID: "id-" + name}, nil
}

func (f *fakeSwarm) ConfigCreate(_ context.Context, s swarm.ConfigSpec) (swarm.ConfigCreateResponse, error) {
	f.writes = append(f.writes, "create config "+s.Name)
	return swarm.ConfigCreateResponse{ID: "id-" + s.Name}, nil
}

func (f *fakeSwarm) SecretCreate(_ context.Context, s swarm.SecretSpec) (swarm.SecretCreateResponse, error) {
	f.writes = append(f.writes, "create secret "+s.Name)
	return swarm.SecretCreateResponse{ID: "id-" + s.Name}, nil
}

func (f *fakeSwarm) ServiceCreate(_ context.Context, s swarm.ServiceSpec, _ swarm.ServiceCreateOptions) (swarm.ServiceCreateResponse, error) {
	f.writes = append(f.writes, "create service "+s.Name)
	f.service = swarm.Service{ID: "s", Spec: s}
	return swarm.ServiceCreateResponse{ID: "s"}, nil
}

func (f *fakeSwarm) ServiceUpdate(_ context.Context, _ string, _ swarm.Version, s swarm.ServiceSpec, opts swarm.ServiceUpdateOptions) (swarm.ServiceUpdateResponse, error) {
	f.writes = append(f.writes, "update service "+s.Name+" "+opts.Rollback)
	return swarm.ServiceUpdateResponse{}, f.update(s, opts)
}

func (f *fakeSwarm) ServiceRemove(_ context.Context, id string) error {
	f.writes = append(f.writes, "remove service "+id)
	return nil
}

var quick = Timing{Poll: time.Millisecond, StuckFor: 20 * time.Millisecond, SilentFor: time.Second}

func TestApplyFillsInTheIDsOfWhatItCreates(t *testing.T) {
	f := &fakeSwarm{}
	d := Desired{
		Stack:   "shop",
		Secrets: []swarm.SecretSpec{{Annotations: swarm.Annotations{Name: "key-1"}}},
		Services: map[string]swarm.ServiceSpec{"shop_web": spec("shop_web", "web", func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Secrets = []*swarm.SecretReference{{SecretName: "key-1"}}
		})},
	}
	p, err := NewPlan(d, observed())
	if err != nil {
		t.Fatal(err)
	}
	targets, err := p.Apply(context.Background(), f, nil)
	if err != nil || len(targets) != 1 || !targets[0].Created {
		t.Fatalf("got %+v, %v; want one created service", targets, err)
	}
	if id := f.service.Spec.TaskTemplate.ContainerSpec.Secrets[0].SecretID; id != "id-key-1" {
		t.Errorf("the service got secret ID %q, want id-key-1", id)
	}
}

func TestAnUpdateNeverOverwritesSomebodyElses(t *testing.T) {
	stale := errors.New("rpc error: code = Unknown desc = update out of sequence")
	for name, c := range map[string]struct {
		now  string
		want error
	}{"only the swarm wrote": {now: "old"}, "somebody wrote": {now: "theirs", want: ErrChanged}} {
		t.Run(name, func(t *testing.T) {
			f := &fakeSwarm{service: swarm.Service{ID: "s", Spec: spec("shop_web", c.now)}}
			f.update = func(swarm.ServiceSpec, swarm.ServiceUpdateOptions) error {
				if len(f.writes) == 1 {
					return stale
				}
				return nil
			}
			p, err := NewPlan(Desired{Stack: "shop", Services: map[string]swarm.ServiceSpec{"shop_web": spec("shop_web", "new")}},
				observed(swarm.Service{ID: "s", Spec: spec("shop_web", "old")}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = p.Apply(context.Background(), f, nil); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestRollbackRevertsUpdatesAndRemovesWhatIsNew(t *testing.T) {
	before := swarm.Service{ID: "s", Spec: spec("shop_web", "old")}
	f := &fakeSwarm{service: swarm.Service{ID: "s", Spec: spec("shop_web", "new")}}
	f.tasks = func() []swarm.Task {
		return []swarm.Task{task(1, "n1", swarm.TaskStateRunning, "old"), task(2, "n2", swarm.TaskStateRunning, "old")}
	}
	stale := true
	f.update = func(swarm.ServiceSpec, swarm.ServiceUpdateOptions) error {
		if stale {
			stale = false
			return errors.New("rpc error: code = Unknown desc = update out of sequence")
		}
		f.service.Spec = before.Spec
		f.service.UpdateStatus = &swarm.UpdateStatus{State: swarm.UpdateStateRollbackCompleted}
		return nil
	}
	var events []string
	sink := event.Sink(func(e event.Event) { events = append(events, string(e.Kind)+" "+e.Text) })
	err := Rollback(context.Background(), f, []Target{{ID: "s", Name: "shop_web", Before: before}, {ID: "n", Name: "shop_new", Created: true}}, quick, sink)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(f.writes, ", ")
	if got != "update service shop_web previous, update service shop_web previous, remove service n" {
		t.Errorf("writes were: %s", got)
	}
	if strings.Contains(strings.Join(events, "\n"), "failed") {
		t.Errorf("a rollback that worked is shown as failed:\n%s", strings.Join(events, "\n"))
	}
}

func TestRollbackLeavesAloneWhatTheSwarmTookBack(t *testing.T) {
	before := swarm.Service{ID: "s", Spec: spec("shop_web", "old")}
	f := &fakeSwarm{service: before}
	f.service.UpdateStatus = &swarm.UpdateStatus{State: swarm.UpdateStateRollbackCompleted}
	f.tasks = func() []swarm.Task {
		return []swarm.Task{task(1, "n1", swarm.TaskStateRunning, "old"), task(2, "n2", swarm.TaskStateRunning, "old")}
	}
	if err := Rollback(context.Background(), f, []Target{{ID: "s", Name: "shop_web", Before: before}}, quick, nil); err != nil || len(f.writes) > 0 {
		t.Errorf("got %v and writes %v, want none", err, f.writes)
	}
}
