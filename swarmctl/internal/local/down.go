package local

import (
	"context"
	"errors"
	"fmt"
	"os"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"golang.org/x/sync/errgroup"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// Down removes everything that carries the cluster's label, and its state
// directory; with images, the images that this package built too, which other
// clusters then build again. A cluster that does not exist is no fault.
func Down(ctx context.Context, e *engine.Client, o Options, images bool, sink event.Sink) error {
	faults := validateName(o.Name)
	_, more := connect(ctx, e)
	if err := asError(append(faults, more...)); err != nil {
		return err
	}
	release, err := lock(o.Dir)
	if err != nil {
		return err
	}
	defer release()
	found, err := removeParts(ctx, e, o.Name, sink)
	if err != nil {
		return err
	}
	if !found {
		sink.Unchanged("cluster "+o.Name, "nothing of it is there")
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return fmt.Errorf("remove state directory: %w", err)
	}
	if !images {
		return nil
	}
	return removeImages(ctx, e, sink)
}

// removeParts removes containers first, which hold the rest, and tells whether
// there was anything.
func removeParts(ctx context.Context, e *engine.Client, name string, sink event.Sink) (bool, error) {
	found := false
	for _, remove := range []func(context.Context, *engine.Client, string, event.Sink) (int, error){
		removeContainers, removeNetworks, removeVolumes,
	} {
		n, err := remove(ctx, e, name, sink)
		if err != nil {
			return found, err
		}
		found = found || n > 0
	}
	return found, nil
}

func removeContainers(ctx context.Context, e *engine.Client, name string, sink event.Sink) (int, error) {
	list, err := e.ContainerList(ctx, container.ListOptions{All: true, Filters: clusterFilter(name)})
	if err != nil {
		return 0, fmt.Errorf("list containers: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range list {
		group.Go(func() error {
			subject := balancerSubject
			if node := s.Labels[labelNode]; node != "" {
				subject = "machine " + node
			}
			sink.Start(subject, "removing")
			err := e.ContainerRemove(ctx, s.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
			if err != nil && !gone(err) {
				return fmt.Errorf("remove %s: %w", subject, err)
			}
			sink.Done(subject, "removed")
			return nil
		})
	}
	return len(list), group.Wait()
}

func removeNetworks(ctx context.Context, e *engine.Client, name string, sink event.Sink) (int, error) {
	list, err := e.NetworkList(ctx, network.ListOptions{Filters: clusterFilter(name)})
	if err != nil {
		return 0, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range list {
		if err := e.NetworkRemove(ctx, n.ID); err != nil && !gone(err) {
			return 0, fmt.Errorf("remove network %s: %w", n.Name, err)
		}
		sink.Done(networkSubject, "removed")
	}
	return len(list), nil
}

func removeVolumes(ctx context.Context, e *engine.Client, name string, sink event.Sink) (int, error) {
	list, err := e.VolumeList(ctx, volume.ListOptions{Filters: clusterFilter(name)})
	if err != nil {
		return 0, fmt.Errorf("list volumes: %w", err)
	}
	var errs []error
	for _, v := range list.Volumes {
		if err := e.VolumeRemove(ctx, v.Name, true); err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("remove volume %s: %w", v.Name, err))
		}
	}
	if len(list.Volumes) > 0 && len(errs) == 0 {
		sink.Done("volumes", "removed")
	}
	return len(list.Volumes), errors.Join(errs...)
}

func removeImages(ctx context.Context, e *engine.Client, sink event.Sink) error {
	list, err := e.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", machines.ImageLabel))})
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	for _, i := range list {
		if _, err := e.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil && !gone(err) {
			return hintError{fmt.Errorf("remove image %s: %w", i.ID, err), "another local cluster uses it; see `swarmctl local ls`"}
		}
	}
	if len(list) > 0 {
		sink.Done("images", "removed")
	}
	return nil
}

// gone tells that what should be removed is not there, or is about to go.
func gone(err error) bool { return cerrdefs.IsNotFound(err) }
