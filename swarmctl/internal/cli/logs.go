package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

type logsOptions struct {
	stack      stackFlags
	follow     bool
	timestamps bool
	tail       tailFlag
	since      sinceFlag
}

func (a *app) newLogsCommand() *cobra.Command {
	var opts logsOptions
	cmd := &cobra.Command{
		Use:   "logs [SERVICE…]",
		Short: "Show what the services print, from every node",
		Long:  "Show what the services of the stack print, from every node; each line begins with its service, replica and node.",
		RunE:  func(cmd *cobra.Command, args []string) error { return a.logs(cmd.Context(), opts, args) },
	}
	flags := cmd.Flags()
	// Here -f is what everybody types for following, not --file.
	flags.StringSliceVar(&opts.stack.files, "file", []string{"compose.yaml"}, "compose `FILE` that names the stack")
	flags.StringVarP(&opts.stack.stack, "stack", "s", "", "stack `NAME` (default: the compose file's)")
	flags.BoolVarP(&opts.follow, "follow", "f", false, "go on with new lines until interrupted")
	flags.BoolVar(&opts.timestamps, "timestamps", false, "begin each line with its time")
	opts.tail = "100"
	flags.Var(&opts.tail, "tail", "`LINES` from the end of each replica's log, or all")
	flags.Var(&opts.since, "since", "only lines since a `TIME` (RFC 3339) or for a duration (10m)")
	return cmd
}

func (a *app) logs(ctx context.Context, opts logsOptions, wanted []string) error {
	stack, err := opts.stack.name(ctx)
	if err != nil {
		return err
	}
	return a.withManager(ctx, func(_ *fleet, manager *engine.Client) error {
		services, err := pickServices(ctx, manager, stack, wanted)
		if err != nil {
			return err
		}
		names, err := nodeNames(ctx, manager)
		if err != nil {
			return err
		}
		err = a.streamAll(ctx, manager, services, opts, names)
		if opts.follow && ctx.Err() != nil {
			// Ending it is how following ends.
			return nil
		}
		return err
	})
}

// pickServices are those of the stack, or the ones named, with or without the
// stack's name in front.
func pickServices(ctx context.Context, manager *engine.Client, stack string, wanted []string) ([]swarm.Service, error) {
	all, err := manager.ServiceList(ctx, swarm.ServiceListOptions{Filters: filters.NewArgs(filters.Arg("label", rollout.StackLabel+"="+stack))})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	if len(all) == 0 {
		return nil, usageError{fmt.Errorf("stack %s has no services here; see `swarmctl status`", stack)}
	}
	if len(wanted) == 0 {
		return all, nil
	}
	byName := map[string]swarm.Service{}
	for _, s := range all {
		byName[s.Spec.Name] = s
		byName[strings.TrimPrefix(s.Spec.Name, stack+"_")] = s
	}
	var picked []swarm.Service
	var unknown []error
	for _, name := range wanted {
		s, ok := byName[name]
		if !ok {
			unknown = append(unknown, fmt.Errorf("stack %s has no service %q", stack, name))
			continue
		}
		picked = append(picked, s)
	}
	if len(unknown) > 0 {
		return nil, usageError{errors.Join(unknown...)}
	}
	return picked, nil
}

func nodeNames(ctx context.Context, manager *engine.Client) (map[string]string, error) {
	nodes, err := manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	names := map[string]string{}
	for _, n := range nodes {
		names[n.ID] = n.Description.Hostname
	}
	return names, nil
}

func (a *app) streamAll(ctx context.Context, manager *engine.Client, services []swarm.Service, opts logsOptions, nodes map[string]string) error {
	var mu sync.Mutex
	errs := make([]error, len(services))
	var streams sync.WaitGroup
	for i, s := range services {
		streams.Go(func() {
			errs[i] = streamLogs(ctx, manager, s, opts, nodes, &lineWriter{mu: &mu, out: a.Out}, &lineWriter{mu: &mu, out: a.Err})
		})
	}
	streams.Wait()
	return errors.Join(errs...)
}

// lineWriter lets several streams share a writer, line by line.
type lineWriter struct {
	mu  *sync.Mutex
	out io.Writer
}

func (w *lineWriter) line(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintln(w.out, text)
}

func streamLogs(ctx context.Context, manager *engine.Client, s swarm.Service, opts logsOptions, nodes map[string]string, stdout, stderr *lineWriter) error {
	body, err := manager.ServiceLogs(ctx, s.ID, container.LogsOptions{
		ShowStdout: true, ShowStderr: true, Details: true,
		Follow: opts.follow, Tail: string(opts.tail), Since: string(opts.since), Timestamps: opts.timestamps,
	})
	if err != nil {
		return fmt.Errorf("read logs of %s: %w", s.Spec.Name, err)
	}
	defer body.Close() //nolint:errcheck // it is only read
	slots, err := taskSlots(ctx, manager, s)
	if err != nil {
		return err
	}
	outReader, outWriter := io.Pipe()
	errReader, errWriter := io.Pipe()
	label := func(task, node string) string {
		return fmt.Sprintf("%s.%s@%s", s.Spec.Name, slots[task], textOr(nodes[node], node))
	}
	var copying sync.WaitGroup
	copying.Go(func() { copyLines(outReader, stdout, opts.timestamps, label) })
	copying.Go(func() { copyLines(errReader, stderr, opts.timestamps, label) })
	if s.Spec.TaskTemplate.ContainerSpec.TTY {
		_, err = io.Copy(outWriter, body)
	} else {
		_, err = stdcopy.StdCopy(outWriter, errWriter, body)
	}
	// The readers end with the stream; a pipe's writer never fails to close.
	_, _ = outWriter.Close(), errWriter.Close()
	copying.Wait()
	return err
}

func taskSlots(ctx context.Context, manager *engine.Client, s swarm.Service) (map[string]string, error) {
	tasks, err := manager.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs(filters.Arg("service", s.ID))})
	if err != nil {
		return nil, fmt.Errorf("list tasks of %s: %w", s.Spec.Name, err)
	}
	slots := map[string]string{}
	for _, t := range tasks {
		slots[t.ID] = fmt.Sprint(t.Slot)
		if t.Slot == 0 {
			slots[t.ID] = "global"
		}
	}
	return slots, nil
}

func copyLines(r io.Reader, w *lineWriter, timestamps bool, label func(task, node string) string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		w.line(labelled(lines.Text(), timestamps, label))
	}
	// A line over a megabyte must not block who writes to the pipe.
	_, _ = io.Copy(io.Discard, r)
}

// labelled turns the engine's "[TIME ]details line" into "service.slot@node [TIME ]line".
func labelled(line string, timestamps bool, label func(task, node string) string) string {
	stamp := ""
	if timestamps {
		stamp, line, _ = strings.Cut(line, " ")
		stamp += " "
	}
	details, text, _ := strings.Cut(line, " ")
	var task, node string
	for pair := range strings.SplitSeq(details, ",") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "com.docker.swarm.task.id":
			task = value
		case "com.docker.swarm.node.id":
			node = value
		}
	}
	return label(task, node) + " | " + stamp + text
}
