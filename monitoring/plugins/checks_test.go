package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/monitoring/pki"
)

// call runs a check and returns its exit code and line.
func call(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), append([]string{"checks"}, args...), streams{out: &out, err: &out})
	return code, strings.TrimSpace(out.String())
}

func expect(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	if got, line := call(t, args...); got != code || !strings.Contains(line, text) {
		t.Errorf("%v: exit code %d: %s; want %d and %q", args, got, line, code, text)
	}
}

func root(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestMemoryIsWhatNoNewProgramCanHave(t *testing.T) {
	dir := root(t, map[string]string{"proc/meminfo": "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 150 kB\n"})
	expect(t, 0, "memory 85.0% used", "check_memory", "--root", dir)
	expect(t, 1, "| memory=85%;80;90", "check_memory", "--root", dir, "-w", "80", "-c", "90")
	expect(t, 2, "CRITICAL", "check_memory", "--root", dir, "-w", "50", "-c", "84.9")
	expect(t, 3, "no such file", "check_memory", "--root", t.TempDir())
}

func TestCPUSharesComeFromTheDifferenceOfTwoSamples(t *testing.T) {
	busy, waiting := cpuShares([]uint64{100, 0, 100, 800, 50, 0, 0, 0}, []uint64{160, 0, 120, 810, 60, 0, 0, 0})
	if busy != 80 || waiting != 10 {
		t.Errorf("busy %g, waiting %g", busy, waiting)
	}
	// Idle time may run backwards.
	if busy, _ := cpuShares([]uint64{0, 0, 0, 100, 0, 0, 0, 0}, []uint64{10, 0, 0, 90, 0, 0, 0, 0}); busy != 100 {
		t.Errorf("busy %g", busy)
	}
	dir := root(t, map[string]string{"proc/stat": "cpu  1 0 0 100 0 0 0 0 0 0\n"})
	expect(t, 0, "CPU 0.0% busy", "check_cpu", "--root", dir)
}

func TestNetworkIsThatOfTheWayOut(t *testing.T) {
	dir := root(t, map[string]string{
		"proc/net/route":           "Iface Destination\nens5\t0000FEA9\nens4\t00000000\n",
		"proc/net/dev":             "h\nh\n lo: 1 0 0 0 0 0 0 0 1\n ens4: 5000 0 0 0 0 0 0 0 7000 0\n",
		"sys/class/net/ens4/speed": "2500\n",
	})
	expect(t, 0, "ens4 at 0.0% of 2500 Mbit/s", "check_network", "--root", dir)
	expect(t, 3, `there is no interface "eth9"`, "check_network", "--root", dir, "--interface", "eth9")
	if got := rate(100, 50, 1); got != 0 {
		t.Errorf("a counter that began anew: %g", got)
	}
}

// dockerd answers as an engine does.
func dockerd(t *testing.T, answers map[string]any) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
			answer = map[string]string{"message": "The swarm does not have a leader."}
		}
		_ = json.NewEncoder(w).Encode(answer)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}

func node(name, state, reach string, leader bool) map[string]any {
	return map[string]any{
		"ID": name, "Description": map[string]any{"Hostname": name}, "Status": map[string]any{"State": state},
		"Spec": map[string]any{"Availability": "active"}, "ManagerStatus": map[string]any{"Reachability": reach, "Leader": leader},
	}
}

func task(node, desired, state string) map[string]any {
	return map[string]any{"NodeID": node, "DesiredState": desired, "Status": map[string]any{"State": state}}
}

func TestTheSwarmIsLookedAtFromAManager(t *testing.T) {
	service := map[string]any{
		"ID": "s1", "Spec": map[string]any{"Name": "shop_web", "Mode": map[string]any{"Replicated": map[string]any{"Replicas": 3}}},
		"UpdateStatus": map[string]any{"State": "rollback_completed", "Message": "rollback completed"},
	}
	socket := dockerd(t, map[string]any{
		"/nodes":    []any{node("a", "ready", "reachable", true), node("b", "ready", "reachable", false), node("c", "down", "unreachable", false)},
		"/services": []any{map[string]any{"ID": "s2", "Spec": map[string]any{"Name": "shop_web2"}}, service},
		// The one on the lost node is called running still; the third is on its way out.
		"/tasks": []any{task("a", "running", "running"), task("c", "running", "running"), task("b", "shutdown", "running")},
	})
	at := []string{"--socket", socket}
	expect(t, 1, "2 of 3 managers take part, a leads, 0 more may fail; out of reach: c", append([]string{"check_swarm", "quorum"}, at...)...)
	expect(t, 2, "2 of 3 nodes ready, down: c", append([]string{"check_swarm", "nodes"}, at...)...)
	expect(t, 1, "1 of 3 replicas run | running=1 desired=3", append([]string{"check_swarm", "service", "--name", "shop_web"}, at...)...)
	expect(t, 1, "1 of 3 replicas run", append([]string{"check_service", "--name", "shop_web"}, at...)...)
	expect(t, 2, "no such service", append([]string{"check_swarm", "service", "--name", "shop"}, at...)...)
	expect(t, 1, "WARNING - rollback completed", append([]string{"check_swarm", "update", "--name", "shop_web"}, at...)...)
	expect(t, 3, "say what", append([]string{"check_swarm", "moon"}, at...)...)
}

func TestReplicasThatAnUpdateReplacesAreNotMissed(t *testing.T) {
	for _, c := range []struct {
		state       string
		parallelism int
		ago         time.Duration
		running     int
		code        int
	}{
		{"updating", 1, time.Minute, 2, 0},
		{"updating", 1, time.Minute, 1, 1},
		{"updating", 1, 16 * time.Minute, 2, 1}, // the swarm waits for ever
		{"updating", 0, time.Minute, 1, 0},
		{"updating", 0, time.Minute, 0, 2},
		{"rollback_started", 1, time.Minute, 2, 0},
		{"paused", 1, time.Minute, 2, 1},
		{"completed", 1, time.Minute, 2, 1},
	} {
		how := map[string]any{"Parallelism": c.parallelism}
		tasks := []any{}
		for range c.running {
			tasks = append(tasks, task("a", "running", "running"))
		}
		socket := dockerd(t, map[string]any{
			"/nodes": []any{node("a", "ready", "reachable", true)},
			"/services": []any{map[string]any{
				"ID":           "s",
				"Spec":         map[string]any{"Name": "web", "UpdateConfig": how, "RollbackConfig": how, "Mode": map[string]any{"Replicated": map[string]any{"Replicas": 3}}},
				"UpdateStatus": map[string]any{"State": c.state, "StartedAt": time.Now().Add(-c.ago)},
			}},
			"/tasks": tasks,
		})
		expect(t, c.code, fmt.Sprintf("%d of 3 replicas run", c.running), "check_swarm", "service", "--name", "web", "--socket", socket)
	}
}

func TestWithoutALeaderOnlyTheQuorumIsCritical(t *testing.T) {
	socket := dockerd(t, nil)
	expect(t, 2, "no quorum: The swarm does not have a leader", "check_swarm", "quorum", "--socket", socket)
	expect(t, 3, "does not have a leader", "check_swarm", "nodes", "--socket", socket)
	expect(t, 3, "does not have a leader", "check_swarm", "update", "--name", "x", "--socket", socket)
}

func TestTheEngineOfAMachine(t *testing.T) {
	socket := dockerd(t, map[string]any{
		"/info": map[string]any{"ServerVersion": "28.5", "ContainersRunning": 4, "Swarm": map[string]any{"LocalNodeState": "active"}},
		"/containers/json": []any{
			map[string]any{"Labels": map[string]any{"com.docker.swarm.service.name": "shop_web"}, "Status": "Up 2 minutes (unhealthy)"},
			map[string]any{"Labels": map[string]any{"com.docker.swarm.service.name": "shop_db"}, "Status": "Up 2 minutes (healthy)"},
		},
	})
	expect(t, 0, "Docker 28.5, 4 containers run", "check_engine", "--socket", socket)
	expect(t, 2, "unhealthy here: shop_web | replicas=2 unhealthy=1", "check_containers", "--socket", socket)
	expect(t, 2, "does not answer", "check_engine", "--socket", "/nowhere")
	outside := dockerd(t, map[string]any{"/info": map[string]any{"Swarm": map[string]any{"LocalNodeState": "inactive"}}})
	expect(t, 2, "its part in the swarm is inactive", "check_engine", "--socket", outside)
}

func TestAPageIsJudgedByStatusContentAndTime(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/broken":
			w.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprint(w, "hello | world")
	}))
	defer server.Close()
	expect(t, 0, "answers in 0.", "check_web", "--url", server.URL, "--content", "hello", "-w", "5", "-c", "10")
	expect(t, 1, "answers in", "check_web", "--url", server.URL, "-w", "@0:9")
	expect(t, 2, `lacks "bye"`, "check_web", "--url", server.URL, "--content", "bye")
	expect(t, 2, "status 502", "check_web", "--url", server.URL+"/broken")
	expect(t, 2, "no answer within", "check_web", "--url", server.URL+"/slow", "-t", "100ms")
}

func TestTheQRRoundTripIsComparedByAnotherDecoder(t *testing.T) {
	lie := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := r.FormValue("data")
		if lie {
			data += "x"
		}
		code, err := qrcode.New(data, qrcode.Medium)
		if err != nil {
			t.Error(err)
			return
		}
		_ = png.Encode(w, code.Image(300))
	}))
	defer server.Close()
	expect(t, 0, "reads as it should", "check_qr", "--url", server.URL)
	lie = true
	expect(t, 2, "says something else", "check_qr", "--url", server.URL)
}

func TestThePipelineIsThatOfTheLastBuild(t *testing.T) {
	result := "SUCCESS"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, token, _ := r.BasicAuth(); user != "ci" || token != "t" || r.URL.Path != "/job/shop/job/main/lastCompletedBuild/api/json" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"number":7,"result":%q,"duration":61000}`, result)
	}))
	defer server.Close()
	token := filepath.Join(root(t, map[string]string{"token": "ci:t\n"}), "token")
	for r, code := range map[string]int{"SUCCESS": 0, "UNSTABLE": 1, "FAILURE": 2, "": 3} {
		result = r
		expect(t, code, "build 7", "check_pipeline", "--url", server.URL, "--job", "shop/main", "--token-file", token)
	}
	expect(t, 3, "status 403", "check_pipeline", "--url", server.URL, "--job", "shop/main", "--token-file", "/nowhere")
}

func TestACertificateIsJudgedByTheDaysThatAreLeft(t *testing.T) {
	authority, err := pki.NewAuthority("shop", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(pki.Serve, "shop-1", nil, time.Now().Add(10*24*time.Hour-pki.CertificateLife))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root(t, map[string]string{"c": string(pair.Cert)}), "c")
	expect(t, 1, "days=", "check_certificate", "--file", file, "-w", "21:", "-c", "7:")
	expect(t, 2, "CRITICAL", "check_certificate", "--file", file, "-w", "21:", "-c", "15:")
	expect(t, 2, "no such file", "check_certificate", "--file", file+"x")
}

func TestACertificateThatIsNotShownIsNotCalledBad(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	expect(t, 2, "failed to verify certificate", "check_certificate", "--connect", address)
	server.Close()
	expect(t, 3, "the certificate was not shown", "check_certificate", "--connect", address)
}

// script is a plugin in place of check_nrpe.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(root(t, map[string]string{"p": "#!/bin/sh\n" + text}), "p")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheBestAnswerOfAnyManagerCounts(t *testing.T) {
	// Alone, a manager calls the swarm lost; the others know better.
	p := script(t, `case $2 in a) echo "CRITICAL - no quorum | managers=0"; exit 2;; b) echo "WARNING - 2 of 3 | managers=2;;;;3"; exit 1;; *) echo gone; exit 3;; esac`)
	expect(t, 1, "2 of 3 | managers=2", "check_any", "--hosts", "a,b,c", "--", p)
	expect(t, 2, "no quorum", "check_any", "--hosts", "a,c", "--", p)
	expect(t, 3, "gone", "check_any", "--hosts", "c", "--", p)
	expect(t, 3, "no such file", "check_any", "--hosts", "c", "--", "/nowhere/plugin")
}

func TestAClockThatIsOff(t *testing.T) {
	behind := script(t, `echo $(( ($(date +%s) - 60) * 1000000000 ))`)
	expect(t, 2, "clock is off by -", "check_clock", "-w", "2", "-c", "10", "--", behind)
	right := script(t, `date +%s%N`)
	expect(t, 0, "clock is off by", "check_clock", "-w", "2", "-c", "10", "--", right)
	expect(t, 3, "ask for the time: refused", "check_clock", "--", script(t, "echo refused; exit 2"))
	expect(t, 3, "ask for the time: no route", "check_clock", "--", script(t, "echo no route >&2; exit 3"))
}

func TestReachingOneOfManyIsEnough(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	expect(t, 0, "127.0.0.1 takes connections", "check_reach", "--hosts", "127.0.0.2,127.0.0.1", "--port", port)
	_ = l.Close()
	expect(t, 2, "refused", "check_reach", "--hosts", "127.0.0.1", "--port", port)
}

func TestNagiosIsGoneOnceItsStatusIsOld(t *testing.T) {
	file := filepath.Join(root(t, map[string]string{"status.dat": ""}), "status.dat")
	expect(t, 0, "status is 0 s old", "check_nagios", "--status", file, "-w", "60", "-c", "300")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	expect(t, 2, "status is 3600 s old", "check_nagios", "--status", file, "-w", "60", "-c", "300")
}

func TestWhatIsNoCheckIsUnknown(t *testing.T) {
	expect(t, 3, "there is no check", "check_moon")
	expect(t, 3, "must be a range", "check_cpu", "-w", "abc")
	if code, line := call(t); code != 3 || !strings.Contains(line, "check_qr") {
		t.Errorf("without arguments: %d %s", code, line)
	}
	var out bytes.Buffer
	dir := root(t, map[string]string{"proc/meminfo": "MemTotal: 100 kB\nMemAvailable: 50 kB\n"})
	if code := run(context.Background(), []string{"/usr/lib/check_memory", "--root", dir}, streams{out: &out}); code != 0 {
		t.Errorf("by a link's name: %d %s", code, out.String())
	}
}

func TestNoticesAreCriticalWhileSomebodyWasNotTold(t *testing.T) {
	dir := root(t, map[string]string{
		"notify.json": `{"cluster": "shop", "contacts": {"ana": {"webhookFile": "/nonexistent"}}}`,
		"status.dat":  "hoststatus {\n\thost_name=shop-1\n\tcurrent_state=0\n\tstate_type=1\n\thas_been_checked=1\n\tlast_state_change=1\n\tscheduled_downtime_depth=0\n\t}\nservicestatus {\n\thost_name=shop-1\n\tservice_description=Disk\n\tcurrent_state=2\n\tstate_type=1\n\thas_been_checked=1\n\tscheduled_downtime_depth=0\n\t}\n",
		"told/x.json": "",
	})
	told := filepath.Join(dir, "told")
	flags := []string{"check_notices", "--config", filepath.Join(dir, "notify.json"), "--status", filepath.Join(dir, "status.dat"), "--told", told}
	expect(t, 2, "told/x.json is put aside: unexpected end of JSON input", flags...)
	expect(t, 0, "0 notices of problems that are not over, none that could not be sent | open=0", flags...)
	event := notify.Event{Type: "PROBLEM", State: "CRITICAL", Host: "shop-1", Service: "Disk", Contact: "ana"}
	config, err := notify.Load(flags[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := (notify.Notifier{Config: config, Dir: told}).Tell(t.Context(), event); err == nil {
		t.Fatal("told through a file that is not there")
	}
	expect(t, 2, "ana was not told that Disk on shop-1 is CRITICAL", flags...)
	expect(t, 3, "no such file", "check_notices", "--config", "/nonexistent")
}
