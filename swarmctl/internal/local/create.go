package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/ycesproject/yces/swarmctl/machines"
)

// ensureMachine makes the machine, or starts the one that is there, and waits
// until it lets us in.
func (w *work) ensureMachine(ctx context.Context, m machine) error {
	have, found := w.have.machine(m.Name)
	if found && have.halfMade() {
		if err := w.engine.ContainerRemove(ctx, have.ID, container.RemoveOptions{Force: true}); err != nil {
			return fmt.Errorf("remove half-made container: %w", err)
		}
		found = false
	}
	if !found {
		return w.createMachine(ctx, m)
	}
	return w.startMachine(ctx, have)
}

func (w *work) createMachine(ctx context.Context, m machine) error {
	w.sink.Start(subject(m.Name), "creating")
	hostKey, err := newKeyPair(m.Name)
	if err != nil {
		return err
	}
	files, err := w.setting.files(hostKey)
	if err != nil {
		return err
	}
	id, err := w.createContainer(ctx, m, hostKey)
	if err != nil {
		return fmt.Errorf("create container: %w", err)
	}
	if err := w.copyFiles(ctx, id, files); err != nil {
		return err
	}
	if err := w.engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	address := hostAddress(w.setting.network.Subnet, m.host).String()
	return w.await(ctx, part{Node: m.Name, Role: string(m.Role), Address: address, HostKey: hostKey.public}, "ready at "+address)
}

// createContainer copes with a container that the engine was still making for a
// process that was killed when we looked: we hold the lock, so it is no one's.
func (w *work) createContainer(ctx context.Context, m machine, hostKey keyPair) (string, error) {
	name := resourceName(w.setting.cluster, m.Name)
	for attempt := 1; ; attempt++ {
		created, err := w.engine.ContainerCreate(ctx, w.setting.config(m, hostKey.public), w.setting.hostConfig(m), w.setting.networking(m), nil, name)
		if err == nil {
			return created.ID, nil
		}
		if !cerrdefs.IsConflict(err) || attempt == 3 {
			return "", err
		}
		err = w.engine.ContainerRemove(ctx, name, container.RemoveOptions{Force: true})
		if err != nil && !cerrdefs.IsNotFound(err) && !cerrdefs.IsConflict(err) {
			return "", fmt.Errorf("remove half-made container: %w", err)
		}
	}
}

// startMachine also puts the login key in again: the state directory may have
// been lost since.
func (w *work) startMachine(ctx context.Context, have part) error {
	if err := w.copyFiles(ctx, have.ID, w.setting.loginFiles()); err != nil {
		return err
	}
	if have.State != container.StateRunning {
		w.sink.Start(subject(have.Node), "starting")
		if err := w.engine.ContainerStart(ctx, have.ID, container.StartOptions{}); err != nil {
			return fmt.Errorf("start container: %w", err)
		}
		return w.await(ctx, have, "ready at "+have.Address)
	}
	return w.await(ctx, have, "")
}

// await waits for the machine; done is what to say then, empty where nothing
// was done.
func (w *work) await(ctx context.Context, p part, done string) error {
	if done != "" {
		w.sink.Start(subject(p.Node), "waiting for SSH")
	}
	if err := awaitReady(ctx, p.node(), w.setting.login, !w.setting.bare); err != nil {
		if tail := w.console(ctx, p.Node); tail != "" {
			err = fmt.Errorf("%w; its console ends with %q", err, tail)
		}
		return hintError{err, fmt.Sprintf("see all it says with `docker logs %s`", resourceName(w.setting.cluster, p.Node))}
	}
	if done == "" {
		w.sink.Unchanged(subject(p.Node), "running at "+p.Address)
		return nil
	}
	w.sink.Done(subject(p.Node), done)
	return nil
}

// console is the last line on the machine's console, empty where it can't be had.
func (w *work) console(ctx context.Context, node string) string {
	logs, err := w.engine.ContainerLogs(ctx, resourceName(w.setting.cluster, node),
		container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: "5"})
	if err != nil {
		return ""
	}
	defer func() { _ = logs.Close() }()
	text, err := io.ReadAll(io.LimitReader(logs, 64<<10))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(ansi.ReplaceAllString(lastLine(text), ""))
}

func (w *work) copyFiles(ctx context.Context, id string, files []machines.File) error {
	tar, err := machines.Archive(files)
	if err != nil {
		return err
	}
	if err := w.engine.CopyToContainer(ctx, id, "/", bytes.NewReader(tar.Bytes()), container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("copy files: %w", err)
	}
	return nil
}
