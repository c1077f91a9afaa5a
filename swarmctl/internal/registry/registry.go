// Package registry names images in registries and finds the credentials for
// them: those that were given, else docker's own (`docker login`, its
// credential helpers).
package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Hub is Docker Hub, as image names call it.
const Hub = "docker.io"

// Of is the registry that an image's name begins with: "registry.example:5000"
// for registry.example:5000/shop/web. A name that was written without one,
// which docker completes with Docker Hub's, has none.
func Of(image string) (host string, ok bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", false
	}
	host = reference.Domain(named)
	return host, strings.HasPrefix(image, host+"/")
}

// Rename is the image's name in another registry: shop/web:7 in
// registry.example/team is registry.example/team/shop/web:7.
func Rename(image, prefix string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("image %q: %w", image, err)
	}
	path := strings.TrimPrefix(reference.Path(named), "library/")
	renamed := strings.TrimSuffix(prefix, "/") + "/" + path
	if tagged, ok := named.(reference.Tagged); ok {
		renamed += ":" + tagged.Tag()
	}
	return renamed, nil
}

// CheckPrefix refuses what can't be a registry, with or without a path in it:
// a host has a dot or a port, or is localhost.
func CheckPrefix(prefix string) error {
	named, err := reference.ParseNormalizedNamed(strings.TrimSuffix(prefix, "/") + "/x")
	if err == nil {
		if _, ok := Of(named.String()); ok && strings.HasPrefix(prefix, reference.Domain(named)) {
			return nil
		}
	}
	return errors.New("must be a registry like docker.io or registry.example:5000/team, without a scheme")
}

// Tagged is the name under which an image is pushed: a name without a tag gets
// "latest".
func Tagged(image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("image %q: %w", image, err)
	}
	if _, pinned := named.(reference.Digested); pinned {
		return "", fmt.Errorf("image %q: is built and can't have a digest in its name", image)
	}
	return reference.TagNameOnly(named).String(), nil
}

// Pinned is the image's name with a digest in place of its tag.
func Pinned(image, digest string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("image %q: %w", image, err)
	}
	return reference.TrimNamed(named).String() + "@" + digest, nil
}

// DigestOf is the digest in an image's name; it is empty where there is none.
func DigestOf(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return ""
	}
	if pinned, ok := named.(reference.Digested); ok {
		return pinned.Digest().String()
	}
	return ""
}
