package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/image"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// supply makes and finds the images of a stack.
type supply struct {
	app   *app
	flags imageFlags
	stack stackfile.Stack
	keys  *registry.Keychain
	fleet *fleet
	// docker is the engine that builds, see builder.
	docker *engine.Client
	// pushes: what is built may be pushed; plan only looks.
	pushes bool
}

// stackImage is an image of the stack and the reference, with a digest, that
// the services name.
type stackImage struct {
	name string // as written in the compose file
	ref  string
	// content is what is handed over; nil where the nodes pull from a registry.
	content *image.Image
}

// newSupply applies the flags to the stack. Nothing is dialled yet.
func (a *app) newSupply(flags imageFlags, stack stackfile.Stack) (*supply, error) {
	s := &supply{app: a, flags: flags, stack: stack}
	if err := errors.Join(s.rename(), s.choose(), s.adopt()); err != nil {
		return nil, err
	}
	var err error
	s.keys, err = flags.keychain(a.In, s.loginHosts())
	return s, err
}

// rename moves what is built to the registry of --registry.
func (s *supply) rename() error {
	if s.flags.registry == "" {
		return nil
	}
	for service := range s.stack.Builds {
		name, err := registry.Rename(imageOf(s.stack.Services[service]), s.flags.registry)
		if err != nil {
			return usageError{err}
		}
		s.setImage(service, name)
	}
	return nil
}

func (s *supply) setImage(service, name string) {
	s.stack.Services[service] = withImage(s.stack.Services[service], name)
}

// withImage is the service with another image; what it was made of stays as it is.
func withImage(spec swarm.ServiceSpec, name string) swarm.ServiceSpec {
	container := *spec.TaskTemplate.ContainerSpec
	container.Image = name
	spec.TaskTemplate.ContainerSpec = &container
	return spec
}

// loginHosts are the registries that credentials from the command line may be
// for: that of --registry, else those pushed to, else all that are named.
func (s *supply) loginHosts() []string {
	if s.flags.registry != "" {
		host, _, _ := strings.Cut(s.flags.registry, "/")
		return []string{host}
	}
	if hosts := s.hosts(true); len(hosts) > 0 {
		return hosts
	}
	return s.hosts(false)
}

// hosts are the registries that images of the stack name, only those of built
// ones if so asked.
func (s *supply) hosts(built bool) []string {
	found := map[string]bool{}
	for service, spec := range s.stack.Services {
		if _, isBuilt := s.stack.Builds[service]; built && !isBuilt {
			continue
		}
		if host, ok := registry.Of(imageOf(spec)); ok && host != image.Loopback {
			found[host] = true
		}
	}
	return sortedKeys(found)
}

// find builds what is built, fetches what is not, and finds every image's
// digest.
func (s *supply) find(ctx context.Context) ([]stackImage, error) {
	names := map[string]bool{}
	for _, spec := range s.stack.Services {
		names[imageOf(spec)] = true
	}
	builds := s.builds()
	var images []stackImage
	for _, name := range sortedKeys(names) {
		found, err := s.findOne(ctx, name, builds)
		if err != nil {
			return nil, err
		}
		images = append(images, found)
	}
	return images, nil
}

// builds are the builds by image name.
func (s *supply) builds() map[string]stackfile.Build {
	builds := map[string]stackfile.Build{}
	for service, b := range s.stack.Builds {
		builds[imageOf(s.stack.Services[service])] = b
	}
	return builds
}

func (s *supply) findOne(ctx context.Context, name string, builds map[string]stackfile.Build) (stackImage, error) {
	b, built := builds[name]
	if !built {
		return s.resolve(ctx, name)
	}
	id, err := s.build(ctx, name, b)
	if err != nil {
		return stackImage{}, err
	}
	if _, ok := registry.Of(name); !ok {
		return s.export(ctx, name, id)
	}
	if !s.pushes {
		return s.unpushed(ctx, name, id)
	}
	return s.push(ctx, name, id)
}

func (s *supply) build(ctx context.Context, name string, b stackfile.Build) (string, error) {
	docker, err := s.builder(ctx)
	if err != nil {
		return "", err
	}
	tag, err := registry.Tagged(name)
	if err != nil {
		return "", usageError{err}
	}
	subject := "image " + name
	s.app.sink().Start(subject, "building"+s.where())
	id, err := engine.Build(ctx, docker, engine.BuildOptions{
		Subject: subject, Tag: tag, Context: b.Context, Dockerfile: b.Dockerfile, Args: b.Args,
		Labels: b.Labels, Target: b.Target, Network: b.Network, ExtraHosts: b.ExtraHosts,
		Credentials: s.keys.ConfigFile(),
	}, s.app.sink())
	if err != nil {
		s.app.sink().Fail(subject, "not built")
	}
	return id, err
}

// where names the builder, unless it is this machine.
func (s *supply) where() string {
	if node := s.flags.builderNode(); node != "" {
		return " on " + node
	}
	return ""
}

// builder is the engine that builds, pushes and holds images.
func (s *supply) builder(ctx context.Context) (*engine.Client, error) {
	if s.docker != nil {
		return s.docker, nil
	}
	name := s.flags.builderNode()
	if name == "" {
		docker, err := engine.Local()
		s.docker = docker
		return docker, err
	}
	node, ok := s.fleet.byName(name)
	if !ok {
		return nil, usageError{fmt.Errorf("--builder: there is no node %q in %s; known: %s", name, s.fleet.Name, strings.Join(s.fleet.names(), ", "))}
	}
	if _, err := s.fleet.conn(ctx, node); err != nil {
		return nil, err
	}
	docker, err := s.fleet.engine(node)
	s.docker = docker
	return docker, err
}

// names are those of the inventory's machines.
func (f *fleet) names() []string {
	var names []string
	for _, n := range f.Nodes {
		names = append(names, n.Name)
	}
	return slices.Sorted(slices.Values(names))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
