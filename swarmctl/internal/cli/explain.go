package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// What is shown of a task that failed.
const (
	explainedTasks = 2
	explainedLines = 10
)

// explain shows why services did not come up: the task's error, the health
// check's last answer and the last lines of the log. It reads from containers
// that a rollback may remove, so it comes before one.
func (r *running) explain(ctx context.Context, cause error) {
	var failed *rollout.FailedError
	if !errors.As(cause, &failed) {
		return
	}
	for _, f := range failed.Failures {
		for i, t := range f.Tasks {
			if i == explainedTasks {
				break
			}
			r.explainTask(ctx, f.Service, t)
		}
	}
}

func (r *running) explainTask(ctx context.Context, service string, t swarm.Task) {
	sink := r.app.sink()
	subject := "service " + service
	node := r.nodeName(ctx, t.NodeID)
	sink.Warn(subject, fmt.Sprintf("task %.12s on %s: %s", t.ID, node, rollout.TaskError(t)))
	for _, line := range r.probe(ctx, node, t) {
		sink.Warn(subject, "health check: "+line)
	}
	for _, line := range r.lastLines(ctx, t) {
		sink.Warn(subject, "log: "+line)
	}
}

func (r *running) nodeName(ctx context.Context, id string) string {
	nodes, err := r.manager.NodeList(ctx, swarm.NodeListOptions{})
	if err == nil {
		for _, n := range nodes {
			if n.ID == id {
				return n.Description.Hostname
			}
		}
	}
	return "no node"
}

// probe is what the container's health check answered last.
func (r *running) probe(ctx context.Context, nodeName string, t swarm.Task) []string {
	node, known := r.fleet.byName(nodeName)
	if !known || t.Status.ContainerStatus == nil {
		return nil
	}
	docker, err := r.fleet.engine(node)
	if err != nil {
		return nil
	}
	info, err := docker.ContainerInspect(ctx, t.Status.ContainerStatus.ContainerID)
	if err != nil || info.State == nil || info.State.Health == nil {
		return nil
	}
	return lastProbe(info.State.Health.Log)
}

func lastProbe(log []*container.HealthcheckResult) []string {
	if len(log) == 0 {
		return nil
	}
	last := log[len(log)-1]
	return lastOf(fmt.Sprintf("exit code %d: %s", last.ExitCode, last.Output))
}

func (r *running) lastLines(ctx context.Context, t swarm.Task) []string {
	body, err := r.manager.TaskLogs(ctx, t.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: fmt.Sprint(explainedLines)})
	if err != nil {
		return nil
	}
	defer body.Close() //nolint:errcheck // it is only read
	var text bytes.Buffer
	if _, err := stdcopy.StdCopy(&text, &text, io.LimitReader(body, 1<<20)); err != nil && text.Len() == 0 {
		return nil
	}
	return lastOf(text.String())
}

func lastOf(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > explainedLines {
		lines = lines[len(lines)-explainedLines:]
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}
