package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// check looks at everything that the images need, before any is made.
func (s *supply) check(ctx context.Context) []error {
	faults := s.checkDockerfiles()
	if err := s.checkBuilder(ctx); err != nil {
		return append(faults, err) // it would be asked for the logins too
	}
	return append(faults, s.checkLogins(ctx, s.hosts(false))...)
}

func (s *supply) checkDockerfiles() []error {
	var faults []error
	for _, name := range sortedKeys(s.stack.Builds) {
		if _, err := os.Stat(s.stack.Builds[name].Dockerfile); err != nil {
			faults = append(faults, fmt.Errorf("service %s: read Dockerfile: %w", name, err))
		}
	}
	return faults
}

func (s *supply) checkBuilder(ctx context.Context) error {
	if !s.needsBuilder() {
		return nil
	}
	docker, err := s.builder(ctx)
	if err == nil {
		_, err = docker.Ping(ctx)
	}
	if err == nil || errors.As(err, new(usageError)) {
		return err
	}
	if node := s.flags.builderNode(); node != "" {
		return fmt.Errorf("reach the Docker engine of %s, which builds or holds the images: %w", node, err)
	}
	return noBuilderError{fmt.Errorf("reach the Docker engine on this machine, which builds or holds the images: %w", err)}
}

// needsBuilder tells whether an image comes from the engine that builds:
// because it is built, or because its name has no registry that the nodes could ask.
func (s *supply) needsBuilder() bool {
	for service, spec := range s.stack.Services {
		name := imageOf(spec)
		_, built := s.stack.Builds[service]
		_, named := registry.Of(name)
		if built || !named && registry.DigestOf(name) == "" {
			return true
		}
	}
	return false
}

// noBuilderError is a machine where nothing can be built.
type noBuilderError struct{ error }

func (e noBuilderError) Unwrap() error { return e.error }

// Hint says what to do next.
func (noBuilderError) Hint() string {
	return "start Docker on this machine, name another engine with DOCKER_HOST, or build on a machine of the swarm: --builder node:NAME"
}

// checkLogins shows the credentials to their registries before anything is
// built or written: the engine that will push, or a manager, does the asking.
func (s *supply) checkLogins(ctx context.Context, hosts []string) []error {
	var faults []error
	pushed := s.hosts(true)
	for _, host := range hosts {
		if err := s.checkLogin(ctx, host, slices.Contains(pushed, host)); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

func (s *supply) checkLogin(ctx context.Context, host string, pushed bool) error {
	creds, err := s.keys.For(host)
	if err != nil {
		return err
	}
	auth := creds.Auth()
	if auth == nil {
		return nil
	}
	ask := s.builder
	if !pushed {
		ask = s.fleet.manager
	}
	docker, err := ask(ctx)
	if err != nil {
		return err
	}
	err = engine.Login(ctx, docker, *auth)
	if err == nil || !pushed && !refused(err) {
		// A registry that is away may not be needed: nodes can have the image.
		return nil
	}
	return registryError{logIn, creds, err}
}
