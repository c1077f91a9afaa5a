package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// builder makes images that are not there yet.
type builder struct {
	engine *engine.Client
	sink   event.Sink
	getenv func(string) string
}

// ensure returns the reference of the recipe's image, built where it is missing.
func (b builder) ensure(ctx context.Context, r machines.Recipe, baseID string) (string, error) {
	ref, err := r.Reference(baseID)
	if err != nil {
		return "", err
	}
	subject := "image " + r.Repository
	found, err := b.exists(ctx, ref)
	if err != nil {
		return "", err
	}
	if found {
		b.sink.Unchanged(subject, "cached as "+ref)
		return ref, nil
	}
	b.sink.Start(subject, "building "+ref)
	if err := b.build(ctx, r, ref); err != nil {
		b.sink.Fail(subject, "not built")
		return "", fmt.Errorf("build image %s: %w", ref, err)
	}
	b.sink.Done(subject, "built "+ref)
	return ref, nil
}

func (b builder) exists(ctx context.Context, ref string) (bool, error) {
	_, err := b.engine.ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("inspect image %s: %w", ref, err)
	}
	return true, nil
}

// build uses the classic builder: these recipes need nothing that BuildKit
// adds, and every engine has it without a session.
func (b builder) build(ctx context.Context, r machines.Recipe, ref string) error {
	files, err := r.Context()
	if err != nil {
		return err
	}
	tar, err := machines.Archive(files)
	if err != nil {
		return err
	}
	res, err := b.engine.ImageBuild(ctx, tar, build.ImageBuildOptions{
		Version:   build.BuilderV1,
		Tags:      []string{ref},
		BuildArgs: b.args(r),
		Labels:    map[string]string{machines.ImageLabel: r.Repository},
		Remove:    true, ForceRemove: true,
	})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	return b.follow("image "+r.Repository, res.Body)
}

func (b builder) args(r machines.Recipe) map[string]*string {
	base := baseImage
	args := map[string]*string{"BASE": &base}
	for key, value := range r.Args {
		args[key] = &value
	}
	for _, proxy := range machines.Proxies(b.getenv) {
		key, value, _ := strings.Cut(proxy, "=")
		args[key] = &value
	}
	return args
}

// message is one object of the engine's stream (API: jsonmessage).
type message struct {
	Stream string `json:"stream"`
	Status string `json:"status"`
	Error  string `json:"error"`
}

// follow passes the stream's lines on and returns the error that ends it. The
// engine answers 200 before it begins, so that the stream alone tells.
func (b builder) follow(subject string, stream io.Reader) error {
	dec := json.NewDecoder(stream)
	for {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read engine's answer: %w", err)
		}
		if m.Error != "" {
			return errors.New(strings.TrimSpace(m.Error))
		}
		for line := range strings.Lines(m.Stream) {
			b.line(subject, line)
		}
	}
}

// line turns one line of a build into an event.
func (b builder) line(subject, line string) {
	if current, total, ok := buildStep(line); ok {
		b.sink.Progress(subject, "building, step", current, total, event.Steps)
		return
	}
	if line = buildLine(line); line != "" {
		b.sink.Output(subject, line)
	}
}
