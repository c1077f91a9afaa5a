package cli

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/release"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestALogLineBeginsWithWhoPrintedIt(t *testing.T) {
	label := func(task, node string) string { return task + "@" + node }
	const details = "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s,com.docker.swarm.task.id=t1"
	for _, c := range []struct {
		line   string
		stamps bool
		want   string
	}{
		{details + " ready", false, "t1@n1 | ready"},
		{details + "  two  spaces ", false, "t1@n1 |  two  spaces "},
		{details + " ", false, "t1@n1 | "},
		{details, false, "t1@n1 | "},
		{"color=red," + details + " ready", false, "t1@n1 | ready"},
		{"2026-01-02T03:04:05.1Z " + details + " ready", true, "t1@n1 | 2026-01-02T03:04:05.1Z ready"},
		{details + " com.docker.swarm.task.id=forged", false, "t1@n1 | com.docker.swarm.task.id=forged"},
	} {
		if got := labelled(c.line, c.stamps, label); got != c.want {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
	}
}

func TestALineThatIsTooLongDoesNotHoldUpTheRest(t *testing.T) {
	r := strings.NewReader("d first\nd " + strings.Repeat("x", 2<<20) + "\nd last\n")
	var out strings.Builder
	copyLines(r, &lineWriter{mu: new(sync.Mutex), out: &out}, false, func(string, string) string { return "web" })
	if !strings.HasPrefix(out.String(), "web | first\n") || r.Len() > 0 {
		t.Errorf("printed %.80q, left %d bytes unread", out.String(), r.Len())
	}
}

func TestFailuresAreExplainedByTheLastLines(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, strings.Repeat("x", i+1))
	}
	for text, want := range map[string][]string{
		"":                       nil,
		" \n\n":                  nil,
		"one":                    {"one"},
		"one\ntwo\n":             {"one", "two"},
		strings.Join(many, "\n"): many[20:],
	} {
		if got := lastOf(text); !slices.Equal(got, want) {
			t.Errorf("%.20q: got %q, want %q", text, got, want)
		}
	}
	log := []*container.HealthcheckResult{{ExitCode: 0, Output: "ok"}, {ExitCode: 7, Output: "connection refused\nafter 1s\n"}}
	if got := lastProbe(log); !slices.Equal(got, []string{"exit code 7: connection refused", "after 1s"}) {
		t.Errorf("got %q", got)
	}
	if got := lastProbe(nil); got != nil {
		t.Errorf("without a probe: got %q", got)
	}
}

func TestReleasesTable(t *testing.T) {
	setZone(t)
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	digest := "@sha256:" + strings.Repeat("ab", 32)
	got := releasesTable([]release.Record{
		{Number: 12, Started: started, By: "ci@jenkins", Outcome: release.Running, Images: map[string]string{"shop_web": "web" + digest, "shop_api": "api:7"}},
		{Number: 11, Started: started, Ended: started.Add(62*time.Second + 400*time.Millisecond), By: "ann@laptop", Commit: strings.Repeat("0123456789", 4) + "-dirty", Outcome: release.Deployed, RollbackTo: 9, Images: map[string]string{"shop_web": "web" + digest}},
		{Number: 3, Started: started, Ended: started, By: "bob@laptop", Commit: "abc", Outcome: release.TimedOut},
	})
	want := `RELEASE  STARTED              TOOK  OUTCOME               BY          COMMIT            IMAGES
12       2026-01-02 05:04:05  -     running               ci@jenkins  -                 shop_api api:7, shop_web abababababab
11       2026-01-02 05:04:05  1m2s  deployed (back to 9)  ann@laptop  0123456789-dirty  shop_web abababababab
3        2026-01-02 05:04:05  0s    timed out             bob@laptop  abc               
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := releasesTable(nil); got != "no release yet\n" {
		t.Errorf("without any: %q", got)
	}
}

// setZone makes local time two hours east of UTC.
func setZone(t *testing.T) {
	t.Helper()
	before := time.Local
	time.Local = time.FixedZone("east", 2*60*60)
	t.Cleanup(func() { time.Local = before })
}

func TestStatusText(t *testing.T) {
	setZone(t)
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got := statusText(statusView{
		Cluster: "shop", Endpoint: "http://shop.example",
		Nodes: []nodeView{
			{Name: "n1", Role: "manager", Leader: true, Status: "ready", Availability: "active", Engine: "28.5.2", Address: "10.0.0.1"},
			{Name: "n2", Role: "worker", Status: "down", Availability: "drain", Engine: "28.5.2", Address: "10.0.0.2"},
		},
		Services: []serviceView{{
			Name: "shop_web", Running: 1, Desired: 2, Image: "web:1", State: "failed: exit code 3", Ports: []string{"80→8080/tcp host", "443→8443/tcp host"},
			Tasks: []taskView{{ID: "abcdefghijklmnop", State: "pending", Since: since, Image: "web:1", Error: "no suitable node"}, {ID: "b", Node: "n1", State: "running", Since: since, Image: "web:1"}},
		}},
	})
	want := `cluster shop  http://shop.example

NODE  ROLE              STATUS  AVAILABILITY  ENGINE  ADDRESS
n1    manager (leader)  ready   active        28.5.2  10.0.0.1
n2    worker            down    drain         28.5.2  10.0.0.2

SERVICE   REPLICAS  STATE                IMAGE  PORTS
shop_web  1/2       failed: exit code 3  web:1  80→8080/tcp host, 443→8443/tcp host

TASK          SERVICE   NODE  STATE                      SINCE                IMAGE
abcdefghijkl  shop_web  -     pending: no suitable node  2026-01-02 05:04:05  web:1
b             shop_web  n1    running                    2026-01-02 05:04:05  web:1
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestAServiceIsShownAsItsTasksAre(t *testing.T) {
	replicas := uint64(2)
	spec := swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: "web:2"}}
	service := swarm.Service{ID: "web", Spec: swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: "shop_web", Labels: map[string]string{"com.docker.stack.namespace": "shop"}},
		Mode:        swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &replicas}}, TaskTemplate: spec,
	}}
	nodes := []swarm.Node{
		{ID: "1", Description: swarm.NodeDescription{Hostname: "n1"}, Status: swarm.NodeStatus{State: swarm.NodeStateReady}},
		{ID: "2", Description: swarm.NodeDescription{Hostname: "n2"}, Status: swarm.NodeStatus{State: swarm.NodeStateDown}},
	}
	task := func(id, node string, slot int, state, desired swarm.TaskState) swarm.Task {
		return swarm.Task{ID: id, ServiceID: "web", NodeID: node, Slot: slot, Spec: spec, DesiredState: desired, Status: swarm.TaskStatus{State: state}}
	}
	const running, shutdown = swarm.TaskStateRunning, swarm.TaskStateShutdown
	other := task("x", "1", 1, running, running)
	other.ServiceID = "db"
	for name, c := range map[string]struct {
		tasks   []swarm.Task
		running int
		state   string
		shown   string
	}{
		"all run":                   {[]swarm.Task{task("b", "1", 2, running, running), task("a", "1", 1, running, running), other}, 2, "running", "n1/1 n1/2"},
		"one on a dead node":        {[]swarm.Task{task("a", "1", 1, running, running), task("b", "2", 2, running, running)}, 1, "working", "n1/1 n2/2"},
		"one starts":                {[]swarm.Task{task("a", "1", 1, running, running), task("b", "1", 2, swarm.TaskStateStarting, running)}, 1, "working: starting, not healthy yet", "n1/1 n1/2"},
		"what is over is not shown": {[]swarm.Task{task("a", "1", 1, shutdown, shutdown), task("b", "1", 1, running, running)}, 1, "working", "n1/1"},
	} {
		v := viewService(service, c.tasks, nodes)
		var shown []string
		for _, task := range v.Tasks {
			shown = append(shown, task.Node+"/"+string(rune('0'+task.Slot)))
		}
		if v.Running != c.running || v.Desired != 2 || v.State != c.state || strings.Join(shown, " ") != c.shown || v.Stack != "shop" || v.Image != "web:2" {
			t.Errorf("%s: got %+v", name, v)
		}
	}
}

func TestTheCommitIsThatOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	if got := gitCommit(t.Context(), dir); got != "" {
		t.Errorf("outside a repository: %q", got)
	}
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	if got := gitCommit(t.Context(), dir); got != "" {
		t.Errorf("before the first commit: %q", got)
	}
	writeFile(t, dir+"/a", "1")
	git("add", "a")
	git("commit", "-qm", "first")
	git("tag", "v1") // a tag may move; the commit may not
	commit := git("rev-parse", "HEAD")
	if got := gitCommit(t.Context(), dir); got != commit {
		t.Errorf("got %q, want %q", got, commit)
	}
	writeFile(t, dir+"/a", "2")
	if got := gitCommit(t.Context(), dir); got != commit+"-dirty" {
		t.Errorf("with a changed file: got %q, want %q", got, commit+"-dirty")
	}
}

func TestFilesOfKeptReleasesAreNeeded(t *testing.T) {
	spec := swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{
		Configs: []*swarm.ConfigReference{{ConfigName: "site-1"}}, Secrets: []*swarm.SecretReference{{SecretName: "key-1"}},
	}}}
	got := filesOf([]release.Record{{Services: map[string]swarm.ServiceSpec{"shop_web": spec}}, {}})
	if len(got) != 2 || !got["site-1"] || !got["key-1"] {
		t.Errorf("got %v", got)
	}
}
