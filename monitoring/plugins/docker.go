package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	check "github.com/NETWAYS/go-check"
	"github.com/NETWAYS/go-check/perfdata"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

// engine asks the local Docker engine. The SDK's client would make the program
// three times as large for five questions.
type engine struct{ client *http.Client }

func (o *options) engine() func() engine {
	socket := o.String("socket", "/var/run/docker.sock", "where the engine listens")
	return func() engine {
		return engine{&http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", *socket)
			},
		}}}
	}
}

// answerError is the engine's own answer that it can't.
type answerError struct {
	status int
	text   string
}

func (e answerError) Error() string { return e.text }

// get asks without a version, so that engines old and new answer in their own.
func (e engine) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		var fault *url.Error
		if errors.As(err, &fault) {
			err = fault.Err // its URL is made up
		}
		return fmt.Errorf("the Docker engine does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil {
		return fmt.Errorf("read the engine's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var fault struct{ Message string }
		if json.Unmarshal(body, &fault) != nil || fault.Message == "" {
			fault.Message = resp.Status
		}
		return answerError{resp.StatusCode, fault.Message}
	}
	return json.Unmarshal(body, into)
}

// filter is the query of a list.
func filter(key string, values ...string) string {
	set := map[string]bool{}
	for _, v := range values {
		set[v] = true
	}
	text, _ := json.Marshal(map[string]map[string]bool{key: set}) // strings and booleans always become JSON
	return "filters=" + url.QueryEscape(string(text))
}

func dockerEngine(o *options) func(context.Context) (outcome, error) {
	connect := o.engine()
	return func(ctx context.Context) (outcome, error) {
		var info system.Info
		if err := connect().get(ctx, "/info", &info); err != nil {
			return outcome{status: check.Critical, text: err.Error()}, nil
		}
		found := outcome{
			text: fmt.Sprintf("Docker %s, %d containers run", info.ServerVersion, info.ContainersRunning),
			perf: perfdata.PerfdataList{{Label: "containers", Value: info.ContainersRunning}},
		}
		if state := info.Swarm.LocalNodeState; state != swarm.LocalNodeStateActive {
			found.status, found.text = check.Critical, fmt.Sprintf("Docker %s runs, but its part in the swarm is %s %s", info.ServerVersion, state, info.Swarm.Error)
		}
		return found, nil
	}
}

// containers looks at the tasks that run on this machine.
func containers(o *options) func(context.Context) (outcome, error) {
	connect := o.engine()
	return func(ctx context.Context) (outcome, error) {
		var list []container.Summary
		if err := connect().get(ctx, "/containers/json?"+filter("label", "com.docker.swarm.service.name"), &list); err != nil {
			return outcome{}, err
		}
		var ill, young []string
		for _, c := range list {
			name := c.Labels["com.docker.swarm.service.name"]
			switch {
			case strings.Contains(c.Status, "(unhealthy)"):
				ill = append(ill, name)
			case strings.Contains(c.Status, "(health: starting)"):
				young = append(young, name)
			}
		}
		found := outcome{text: fmt.Sprintf("%d replicas run here", len(list)), perf: perfdata.PerfdataList{
			{Label: "replicas", Value: len(list)}, {Label: "unhealthy", Value: len(ill)},
		}}
		if len(young) > 0 {
			found.text += ", still starting: " + strings.Join(young, ", ")
		}
		if len(ill) > 0 {
			found.status, found.text = check.Critical, "unhealthy here: "+strings.Join(ill, ", ")
		}
		return found, nil
	}
}

// swarmState looks at the swarm from a manager: quorum, nodes, a service's
// replicas, its last update.
func swarmState(o *options) func(context.Context) (outcome, error) {
	connect := o.engine()
	expect := o.Int("expect", 0, "how many nodes there should be")
	name := o.String("name", "", "the service")
	return func(ctx context.Context) (outcome, error) {
		subject := o.Arg(0)
		// The flags come after the subject.
		if err := o.Parse(o.Args()[min(1, o.NArg()):]); err != nil {
			return outcome{}, err
		}
		switch e := connect(); subject {
		case "quorum":
			return quorum(ctx, e)
		case "nodes":
			return nodes(ctx, e, *expect)
		case "service":
			return replicas(ctx, e, *name)
		case "update":
			return update(ctx, e, *name)
		}
		return outcome{}, errors.New("say what: quorum, nodes, service or update")
	}
}

// service is `check_swarm service`, under a name of its own.
func service(o *options) func(context.Context) (outcome, error) {
	connect := o.engine()
	name := o.String("name", "", "the service")
	return func(ctx context.Context) (outcome, error) { return replicas(ctx, connect(), *name) }
}

func quorum(ctx context.Context, e engine) (outcome, error) {
	var list []swarm.Node
	err := e.get(ctx, "/nodes?"+filter("role", "manager"), &list)
	var answer answerError
	switch {
	case errors.As(err, &answer) && strings.Contains(answer.text, "not a swarm manager"):
		return outcome{}, err
	case errors.As(err, &answer):
		return outcome{status: check.Critical, text: "no quorum: " + answer.text}, nil
	case errors.Is(err, context.DeadlineExceeded):
		// A manager without its peers lets questions hang.
		return outcome{status: check.Critical, text: "no quorum: the managers do not answer one another"}, nil
	case err != nil:
		return outcome{}, err
	}
	var lost []string
	leader := ""
	for _, n := range list {
		switch {
		case n.ManagerStatus == nil || n.ManagerStatus.Reachability != swarm.ReachabilityReachable:
			lost = append(lost, n.Description.Hostname)
		case n.ManagerStatus.Leader:
			leader = n.Description.Hostname
		}
	}
	there, spare := len(list)-len(lost), len(list)-len(lost)-(len(list)/2+1)
	found := outcome{
		text: fmt.Sprintf("%d of %d managers take part, %s leads, %d more may fail", there, len(list), leader, max(spare, 0)),
		perf: perfdata.PerfdataList{{Label: "managers", Value: there, Max: len(list)}},
	}
	if len(lost) > 0 {
		found.status = check.Warning
		found.text += "; out of reach: " + strings.Join(lost, ", ")
	}
	return found, nil
}

func nodes(ctx context.Context, e engine, expect int) (outcome, error) {
	var list []swarm.Node
	if err := e.get(ctx, "/nodes", &list); err != nil {
		return outcome{}, err
	}
	var down, drained []string
	for _, n := range list {
		switch {
		case n.Status.State != swarm.NodeStateReady:
			down = append(down, n.Description.Hostname)
		case n.Spec.Availability != swarm.NodeAvailabilityActive:
			drained = append(drained, n.Description.Hostname)
		}
	}
	ready := len(list) - len(down)
	found := outcome{text: fmt.Sprintf("%d of %d nodes ready", ready, len(list)), perf: perfdata.PerfdataList{{Label: "ready", Value: ready, Max: len(list)}}}
	if len(drained) > 0 {
		found.text += ", taking no tasks: " + strings.Join(drained, ", ")
	}
	if missing := expect - len(list); missing > 0 {
		found.status = check.Warning
		found.text += fmt.Sprintf(", %d of the inventory are not in the swarm", missing)
	}
	if len(down) > 0 {
		found.status = check.Critical
		found.text += ", down: " + strings.Join(down, ", ")
	}
	return found, nil
}

func findService(ctx context.Context, e engine, name string) (swarm.Service, error) {
	var list []swarm.Service
	if err := e.get(ctx, "/services?status=true&"+filter("name", name), &list); err != nil {
		return swarm.Service{}, err
	}
	// The engine's filter takes prefixes.
	i := slices.IndexFunc(list, func(s swarm.Service) bool { return s.Spec.Name == name })
	if i < 0 {
		return swarm.Service{}, errNoService
	}
	return list[i], nil
}

var errNoService = errors.New("the swarm has no such service")

// replicas counts the tasks that run on nodes that are there: one on a node
// that was lost is still called running.
func replicas(ctx context.Context, e engine, name string) (outcome, error) {
	s, err := findService(ctx, e, name)
	if errors.Is(err, errNoService) {
		return outcome{status: check.Critical, text: err.Error()}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	var tasks []swarm.Task
	if err := e.get(ctx, "/tasks?"+filter("service", s.ID), &tasks); err != nil {
		return outcome{}, err
	}
	var list []swarm.Node
	if err := e.get(ctx, "/nodes", &list); err != nil {
		return outcome{}, err
	}
	running, desired := countTasks(s, tasks, list)
	found := outcome{
		text: fmt.Sprintf("%d of %d replicas run", running, desired),
		perf: perfdata.PerfdataList{{Label: "running", Value: running}, {Label: "desired", Value: desired}},
	}
	switch {
	case running == 0 && desired > 0:
		found.status = check.Critical
	case running < desired && replacing(s) >= uint64(desired-running) && time.Since(began(s)) < longUpdate:
		found.text += ", an update replaces the others"
	case running < desired:
		found.status = check.Warning
	}
	return found, nil
}

// longUpdate is how long replicas may be missing for an update: the swarm waits
// for a node that takes one for ever, and calls that updating.
const longUpdate = 15 * time.Minute

func began(s swarm.Service) time.Time {
	if s.UpdateStatus == nil || s.UpdateStatus.StartedAt == nil {
		return time.Time{}
	}
	return *s.UpdateStatus.StartedAt
}

// replacing is how many replicas the swarm takes down at a time to replace them;
// none where no update is under way. Those that are missing meanwhile are meant to
// be; how the update ends is another check's.
func replacing(s swarm.Service) uint64 {
	if s.UpdateStatus == nil {
		return 0
	}
	how := s.Spec.UpdateConfig
	switch s.UpdateStatus.State {
	case swarm.UpdateStateUpdating:
	case swarm.UpdateStateRollbackStarted:
		how = s.Spec.RollbackConfig
	default:
		return 0
	}
	switch {
	case how == nil:
		return 1
	case how.Parallelism == 0:
		return math.MaxUint64 // all at once
	}
	return how.Parallelism
}

func countTasks(s swarm.Service, tasks []swarm.Task, list []swarm.Node) (running, desired int) {
	ready := map[string]bool{}
	for _, n := range list {
		ready[n.ID] = n.Status.State == swarm.NodeStateReady
	}
	for _, t := range tasks {
		if t.DesiredState == swarm.TaskStateRunning && t.Status.State == swarm.TaskStateRunning && ready[t.NodeID] {
			running++
		}
	}
	switch {
	case s.Spec.Mode.Replicated != nil && s.Spec.Mode.Replicated.Replicas != nil:
		desired = int(*s.Spec.Mode.Replicated.Replicas)
	case s.ServiceStatus != nil:
		desired = int(s.ServiceStatus.DesiredTasks)
	}
	return running, desired
}

// update says how the last update ended.
func update(ctx context.Context, e engine, name string) (outcome, error) {
	s, err := findService(ctx, e, name)
	if err != nil {
		return outcome{}, err
	}
	if s.UpdateStatus == nil {
		return outcome{text: "never updated"}, nil
	}
	found := outcome{text: cmp.Or(s.UpdateStatus.Message, string(s.UpdateStatus.State))}
	switch s.UpdateStatus.State {
	case swarm.UpdateStatePaused, swarm.UpdateStateRollbackPaused:
		found.status = check.Critical
	case swarm.UpdateStateRollbackStarted, swarm.UpdateStateRollbackCompleted:
		found.status = check.Warning
	}
	return found, nil
}
