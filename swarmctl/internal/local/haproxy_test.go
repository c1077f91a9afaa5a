package local

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func TestBalancerConfiguration(t *testing.T) {
	nodes := []backendNode{{"local-1", "10.213.0.11"}, {"local-worker-1", "10.213.0.21"}}
	got := haproxyConfig(nodes, 5*time.Second, 2)
	const golden = "testdata/haproxy.cfg"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("configuration differs from %s:\n%s", golden, got)
	}
}

func TestBackendsAreReadFromTheStatistics(t *testing.T) {
	csv := `# pxname,svname,stot,status,lastchg,check_status,check_code
http,FRONTEND,7,OPEN,,,
nodes,local-1,4,UP,12,L7OK,200
nodes,local-2,3,DOWN,3,L7STS,503
nodes,local-3,0,DOWN 1/2,1,L4CON,
nodes,BACKEND,7,UP,12,,
`
	got, err := parseStats(strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	want := []Backend{
		{Node: "local-1", Up: true, Status: "UP", Since: 12 * time.Second, Check: "L7OK/200", Sessions: 4},
		{Node: "local-2", Status: "DOWN", Since: 3 * time.Second, Check: "L7STS/503", Sessions: 3},
		{Node: "local-3", Status: "DOWN 1/2", Since: time.Second, Check: "L4CON"},
	}
	if len(got) != len(want) {
		t.Fatalf("backends = %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("backend %d = %+v, want %+v", i, got[i], want[i])
		}
	}
}
