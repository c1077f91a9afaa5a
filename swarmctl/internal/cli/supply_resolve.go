package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/distribution/reference"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/image"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// resolve finds the digest of an image that is not built: one that names a
// registry is asked for there, any other is taken from the engine that builds.
func (s *supply) resolve(ctx context.Context, name string) (stackImage, error) {
	if registry.DigestOf(name) != "" {
		return s.taken(name)
	}
	host, ok := registry.Of(name)
	if ok {
		return s.ask(ctx, name, host)
	}
	docker, err := s.builder(ctx)
	if err != nil {
		return stackImage{}, err
	}
	if err := s.fetch(ctx, docker, name, host); err != nil {
		return stackImage{}, err
	}
	id, err := engine.ImageID(ctx, docker, name)
	if err != nil {
		return stackImage{}, err
	}
	return s.export(ctx, name, id)
}

// taken is an image that has its digest. One that is handed over comes from
// the cache, where a build left it; whether the nodes need it shows later.
func (s *supply) taken(name string) (stackImage, error) {
	img := stackImage{name: name, ref: name}
	if host, _ := registry.Of(name); host != image.Loopback {
		return img, nil
	}
	cache, err := imageCache()
	if err != nil {
		return img, err
	}
	img.content = cache.Find(registry.DigestOf(name))
	return img, nil
}

// ask asks the registry for a digest, through a manager.
func (s *supply) ask(ctx context.Context, name, host string) (stackImage, error) {
	creds, auth, err := s.credentials(host)
	if err != nil {
		return stackImage{}, err
	}
	manager, err := s.fleet.manager(ctx)
	if err != nil {
		return stackImage{}, err
	}
	found, err := manager.DistributionInspect(ctx, canonical(name), auth)
	if err != nil {
		return stackImage{}, registryError{"ask the registry for image " + name, creds, err}
	}
	ref, err := registry.Pinned(name, found.Descriptor.Digest.String())
	return stackImage{name: name, ref: ref}, err
}

// credentials are those for a registry, and as the engine's API takes them.
func (s *supply) credentials(host string) (creds registry.Credentials, header string, err error) {
	if creds, err = s.keys.For(host); err != nil {
		return creds, "", err
	}
	header, err = creds.Header()
	return creds, header, err
}

// fetch makes the engine have the image, by pulling it where it is missing.
func (s *supply) fetch(ctx context.Context, docker *engine.Client, name, host string) error {
	has, err := engine.HasImage(ctx, docker, name)
	if err != nil || has {
		return err
	}
	_, auth, err := s.credentials(host)
	if err != nil {
		return err
	}
	return engine.PullImage(ctx, docker, name, auth, nil)
}

// push sends a built image to the registry that its name begins with.
func (s *supply) push(ctx context.Context, name, id string) (stackImage, error) {
	docker, err := s.builder(ctx)
	if err != nil {
		return stackImage{}, err
	}
	host, _ := registry.Of(name)
	creds, auth, err := s.credentials(host)
	if err != nil {
		return stackImage{}, err
	}
	tag, err := registry.Tagged(name)
	if err != nil {
		return stackImage{}, usageError{err}
	}
	if err := engine.TagImage(ctx, docker, id, tag); err != nil {
		return stackImage{}, err
	}
	subject, sink := "image "+name, s.app.sink()
	sink.Start(subject, "pushing to "+creds.String())
	digest, err := engine.PushImage(ctx, docker, tag, auth, func(current, total int64) {
		sink.Progress(subject, "pushing", current, total, event.Bytes)
	})
	if err != nil {
		sink.Fail(subject, "not pushed")
		return stackImage{}, registryError{"push image " + name, creds, err}
	}
	ref, err := registry.Pinned(name, digest)
	sink.Done(subject, fmt.Sprintf("pushed, %.19s", digest))
	return stackImage{name: name, ref: ref}, err
}

// notPushed marks an image whose digest only a push can tell.
const notPushed = " (not pushed yet)"

// unpushed is a built image for who only looks: with the digest of an earlier
// push where this very image was pushed before.
func (s *supply) unpushed(ctx context.Context, name, id string) (stackImage, error) {
	docker, err := s.builder(ctx)
	if err != nil {
		return stackImage{}, err
	}
	digests, err := engine.RepoDigests(ctx, docker, id)
	if err != nil {
		return stackImage{}, err
	}
	for _, d := range digests {
		ref, err := registry.Pinned(name, registry.DigestOf(d))
		if err == nil && ref == canonical(d) {
			return stackImage{name: name, ref: ref}, nil
		}
	}
	return stackImage{name: name, ref: name + notPushed}, nil
}

// canonical is the name with its registry, which an engine leaves out for
// Docker Hub.
func canonical(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return named.String()
}

// export takes an image out of the engine, to be handed to the nodes.
func (s *supply) export(ctx context.Context, name, id string) (stackImage, error) {
	docker, err := s.builder(ctx)
	if err != nil {
		return stackImage{}, err
	}
	content, err := exportImage(ctx, docker, id)
	if err != nil {
		return stackImage{}, fmt.Errorf("image %s: %w", name, err)
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return stackImage{}, fmt.Errorf("image %q: %w", name, err)
	}
	s.app.sink().Done("image "+name, fmt.Sprintf("%.19s, %s", content.Digest, image.Size(content.Size)))
	return stackImage{name: name, ref: image.Ref(named, content.Digest), content: content}, nil
}

func exportImage(ctx context.Context, docker *engine.Client, id string) (*image.Image, error) {
	cache, err := imageCache()
	if err != nil {
		return nil, err
	}
	return cache.Export(ctx, id, func(ctx context.Context) (io.ReadCloser, error) { return engine.SaveImage(ctx, docker, id) })
}

// imageCache keeps what was handed over, or built to be.
func imageCache() (image.Cache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return image.Cache{}, fmt.Errorf("find cache folder: %w", err)
	}
	return image.Cache{Dir: filepath.Join(dir, "swarmctl", "images")}, nil
}
