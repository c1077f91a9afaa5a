package cli

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/image"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// deliver brings every image to every node, so that any task can start
// anywhere without asking anybody.
func (s *supply) deliver(ctx context.Context, images []stackImage, machines []inventory.Node) error {
	for _, img := range images {
		nodes, err := s.imageNodes(img, machines)
		if err != nil {
			return err
		}
		if host, _ := registry.Of(img.ref); host != image.Loopback {
			if err := image.Pull(ctx, img.ref, nodes, s.app.sink()); err != nil {
				return err
			}
			continue
		}
		if err := s.handOver(ctx, img, nodes); err != nil {
			return err
		}
	}
	return nil
}

// imageNodes are the machines as the image sees them, each with the
// credentials for the image's registry.
func (s *supply) imageNodes(img stackImage, machines []inventory.Node) ([]image.Node, error) {
	host, _ := registry.Of(img.ref)
	creds, auth, err := s.credentials(host)
	if err != nil {
		return nil, err
	}
	nodes := make([]image.Node, 0, len(machines))
	for _, n := range machines {
		docker, err := s.fleet.engine(n)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, &imageNode{node: n, docker: docker, fleet: s.fleet, creds: creds, auth: auth})
	}
	return nodes, nil
}

func (s *supply) handOver(ctx context.Context, img stackImage, nodes []image.Node) error {
	if img.content == nil {
		content, err := s.contentOf(ctx, img.ref, nodes)
		if err != nil || content == nil {
			return err
		}
		img.content = content
	}
	if err := s.checkPlatform(ctx, img); err != nil {
		return err
	}
	_, err := image.Deliver(ctx, img.content, img.ref, nodes, s.app.sink())
	return err
}

// contentOf is an image that this machine does not have: nil where every node
// has it already, else taken from one that does.
func (s *supply) contentOf(ctx context.Context, ref string, nodes []image.Node) (*image.Image, error) {
	var source *imageNode
	lacking := false
	for _, n := range nodes {
		has, err := n.Has(ctx, ref)
		switch {
		case err != nil:
			return nil, fmt.Errorf("node %s: %w", n.Name(), err)
		case has:
			source, _ = n.(*imageNode)
		default:
			lacking = true
		}
	}
	switch {
	case !lacking:
		return nil, nil
	case source == nil:
		return nil, missingImageError{ref}
	}
	s.app.sink().Start("image "+ref, "taken from node "+source.Name())
	content, err := takeFrom(ctx, source.docker, ref)
	if err != nil {
		return nil, fmt.Errorf("take image from node %s: %w", source.Name(), err)
	}
	if content.Digest != registry.DigestOf(ref) {
		return nil, fmt.Errorf("take image from node %s: it gives %s the digest %s: %w", source.Name(), ref, content.Digest, missingImageError{ref})
	}
	return content, nil
}

func takeFrom(ctx context.Context, docker *engine.Client, ref string) (*image.Image, error) {
	id, err := engine.ImageID(ctx, docker, ref)
	if err != nil {
		return nil, err
	}
	return exportImage(ctx, docker, id)
}

// missingImageError is an image to hand over that is nowhere.
type missingImageError struct{ ref string }

func (e missingImageError) Error() string {
	return fmt.Sprintf("image %s is neither in this machine's cache nor on a node", e.ref)
}

// Hint says what to do next.
func (missingImageError) Hint() string {
	return "build it again: `swarmctl build`, on the machine that deploys, or push it to a registry"
}

// checkPlatform refuses an image that a node can't run.
func (s *supply) checkPlatform(ctx context.Context, img stackImage) error {
	manager, err := s.fleet.manager(ctx)
	if err != nil {
		return err
	}
	members, err := manager.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	faults := otherPlatforms(members, img.content.OS, img.content.Architecture)
	if len(faults) == 0 {
		return nil
	}
	return preflightError{
		faults: []error{fmt.Errorf("image %s is for %s/%s:\n%w", img.name, img.content.OS, img.content.Architecture, errors.Join(faults...))},
		hint:   "build on a machine of the nodes' architecture: --builder node:NAME",
	}
}

// otherPlatforms are the nodes that can't run what is for a system and architecture.
func otherPlatforms(members []swarm.Node, system, arch string) []error {
	var faults []error
	for _, m := range members {
		p := m.Description.Platform
		if p.OS != system || goArch(p.Architecture) != arch {
			faults = append(faults, fmt.Errorf("node %s is %s/%s", m.Description.Hostname, p.OS, goArch(p.Architecture)))
		}
	}
	return faults
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

// imageNode is a node as image.Deliver and image.Pull see it.
type imageNode struct {
	node   inventory.Node
	docker *engine.Client
	fleet  *fleet
	creds  registry.Credentials
	auth   string // as the engine's API takes it
}

func (n *imageNode) Name() string { return n.node.Name }

func (n *imageNode) Has(ctx context.Context, ref string) (bool, error) {
	return engine.HasImage(ctx, n.docker, ref)
}

func (n *imageNode) Pull(ctx context.Context, ref string, progress func(int64, int64)) error {
	err := engine.PullImage(ctx, n.docker, ref, n.auth, progress)
	if err == nil || n.creds.Registry == image.Loopback {
		return err
	}
	return registryError{"pull " + ref, n.creds, errors.Unwrap(err)}
}

func (n *imageNode) Listen(ctx context.Context, addr string) (net.Listener, error) {
	conn, err := n.fleet.pool.Conn(ctx, n.node)
	if err != nil {
		return nil, err
	}
	return conn.Listen(ctx, addr)
}
