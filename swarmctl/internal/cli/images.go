package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/image"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// builtImage is an image of the stack and the reference, with a digest, that
// the services name.
type builtImage struct {
	name string // as written in the compose file
	ref  string
	// content is what is handed over; nil where the nodes pull from a registry.
	content *image.Image
}

// buildImages builds what is built, fetches what is not, and finds every
// image's digest.
func (d *deployment) buildImages(ctx context.Context) error {
	builds := map[string]stackfile.Build{}
	names := map[string]bool{}
	for service, spec := range d.stack.Services {
		name := spec.TaskTemplate.ContainerSpec.Image
		names[name] = true
		if b, ok := d.stack.Builds[service]; ok {
			builds[name] = b
		}
	}
	for _, name := range sortedKeys(names) {
		var found builtImage
		var err error
		if b, ok := builds[name]; ok {
			found, err = d.build(ctx, name, b)
		} else {
			found, err = d.resolve(ctx, name)
		}
		if err != nil {
			return err
		}
		d.images = append(d.images, found)
	}
	return nil
}

func (d *deployment) build(ctx context.Context, name string, b stackfile.Build) (builtImage, error) {
	docker, err := engine.Local()
	if err != nil {
		return builtImage{}, err
	}
	subject := "image " + name
	d.app.sink().Start(subject, "building")
	args := maps.Clone(b.Args)
	id, err := engine.Build(ctx, docker, engine.BuildOptions{
		Subject: subject, Tag: name, Context: b.Context, Dockerfile: b.Dockerfile, Args: args,
		Labels: b.Labels, Target: b.Target, Network: b.Network, ExtraHosts: b.ExtraHosts,
	}, d.app.sink())
	if err != nil {
		d.app.sink().Fail(subject, "not built")
		return builtImage{}, err
	}
	return d.export(ctx, docker, name, id)
}

// resolve finds the digest of an image that is not built: one that names a
// registry is asked for there, any other is taken from this machine's engine.
func (d *deployment) resolve(ctx context.Context, name string) (builtImage, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return builtImage{}, fmt.Errorf("image %q: %w", name, err)
	}
	if _, pinned := named.(reference.Canonical); pinned {
		return builtImage{name: name, ref: name}, nil
	}
	if namesRegistry(name, named) {
		found, err := d.manager.DistributionInspect(ctx, named.String(), "")
		if err != nil {
			return builtImage{}, registryError{fmt.Errorf("ask the registry for image %s: %w", name, err)}
		}
		return builtImage{name: name, ref: reference.TrimNamed(named).String() + "@" + found.Descriptor.Digest.String()}, nil
	}
	docker, err := engine.Local()
	if err != nil {
		return builtImage{}, err
	}
	if err := fetchLocally(ctx, docker, name); err != nil {
		return builtImage{}, err
	}
	id, err := engine.ImageID(ctx, docker, name)
	if err != nil {
		return builtImage{}, err
	}
	return d.export(ctx, docker, name, id)
}

// registryError is an image whose digest the registry did not tell.
type registryError struct{ error }

func (e registryError) Unwrap() error { return e.error }

// Hint says what to do next.
func (registryError) Hint() string {
	return "see that the image was pushed, that name and tag are right, and that the manager can reach the registry"
}

// namesRegistry tells "example.org/x" from "x", which reference completes
// with Docker Hub's name.
func namesRegistry(written string, named reference.Named) bool {
	return strings.HasPrefix(written, reference.Domain(named)+"/")
}

func fetchLocally(ctx context.Context, docker *engine.Client, name string) error {
	has, err := engine.HasImage(ctx, docker, name)
	if err != nil || has {
		return err
	}
	return engine.PullImage(ctx, docker, name, nil)
}

func (d *deployment) export(ctx context.Context, docker *engine.Client, name, id string) (builtImage, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return builtImage{}, fmt.Errorf("image %q: %w", name, err)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return builtImage{}, fmt.Errorf("find cache folder: %w", err)
	}
	cache := image.Cache{Dir: filepath.Join(dir, "swarmctl", "images")}
	content, err := cache.Export(ctx, id, func(ctx context.Context) (io.ReadCloser, error) { return engine.SaveImage(ctx, docker, id) })
	if err != nil {
		return builtImage{}, fmt.Errorf("image %s: %w", name, err)
	}
	d.app.sink().Done("image "+name, fmt.Sprintf("%.19s, %s", content.Digest, image.Size(content.Size)))
	return builtImage{name: name, ref: image.Ref(named, content.Digest), content: content}, nil
}

// pinned are the services with every image by digest.
func (d *deployment) pinned() map[string]swarm.ServiceSpec {
	refs := map[string]string{}
	for _, img := range d.images {
		refs[img.name] = img.ref
	}
	services := maps.Clone(d.stack.Services)
	for name, spec := range services {
		container := *spec.TaskTemplate.ContainerSpec
		container.Image = refs[container.Image]
		spec.TaskTemplate.ContainerSpec = &container
		services[name] = spec
	}
	return services
}

// deliver brings every image to every node, so that any task can start
// anywhere without asking anybody.
func (d *deployment) deliver(ctx context.Context) error {
	nodes := make([]image.Node, 0, len(d.nodes))
	for _, n := range d.nodes {
		docker, err := d.fleet.engine(n)
		if err != nil {
			return err
		}
		nodes = append(nodes, &imageNode{node: n, docker: docker, fleet: d.fleet})
	}
	for _, img := range d.images {
		if img.content == nil {
			if err := pullEverywhere(ctx, nodes, img.ref); err != nil {
				return err
			}
			continue
		}
		if err := d.checkPlatform(ctx, img); err != nil {
			return err
		}
		if _, err := image.Deliver(ctx, img.content, img.ref, nodes, d.app.sink()); err != nil {
			return err
		}
	}
	return nil
}

// checkPlatform refuses an image that a node can't run.
func (d *deployment) checkPlatform(ctx context.Context, img builtImage) error {
	members, err := d.manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	var faults []error
	for _, m := range members {
		p := m.Description.Platform
		if p.OS != img.content.OS || goArch(p.Architecture) != img.content.Architecture {
			faults = append(faults, fmt.Errorf("node %s is %s/%s", m.Description.Hostname, p.OS, goArch(p.Architecture)))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return preflightError{
		faults: []error{fmt.Errorf("image %s is for %s/%s:\n%w", img.name, img.content.OS, img.content.Architecture, errors.Join(faults...))},
		hint:   "build on a machine of the nodes' architecture",
	}
}

// goArch turns the kernel's name of an architecture into the one of images.
func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return machine
}

func pullEverywhere(ctx context.Context, nodes []image.Node, ref string) error {
	errs := make([]error, len(nodes))
	done := make(chan struct{}, len(nodes))
	for i, n := range nodes {
		go func() {
			defer func() { done <- struct{}{} }()
			has, err := n.Has(ctx, ref)
			if err == nil && !has {
				err = n.Pull(ctx, ref, nil)
			}
			if err != nil {
				errs[i] = fmt.Errorf("node %s: %w", n.Name(), err)
			}
		}()
	}
	for range nodes {
		<-done
	}
	return errors.Join(errs...)
}

// imageNode is a node as image.Deliver sees it.
type imageNode struct {
	node   inventory.Node
	docker *engine.Client
	fleet  *fleet
}

func (n *imageNode) Name() string { return n.node.Name }

func (n *imageNode) Has(ctx context.Context, ref string) (bool, error) {
	return engine.HasImage(ctx, n.docker, ref)
}

func (n *imageNode) Pull(ctx context.Context, ref string, progress func(int64, int64)) error {
	return engine.PullImage(ctx, n.docker, ref, progress)
}

func (n *imageNode) Listen(ctx context.Context, addr string) (net.Listener, error) {
	conn, err := n.fleet.pool.Conn(ctx, n.node)
	if err != nil {
		return nil, err
	}
	return conn.Listen(ctx, addr)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
