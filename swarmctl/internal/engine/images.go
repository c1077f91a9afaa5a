package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/pkg/jsonmessage"
)

// HasImage tells whether the engine has an image under the reference.
func HasImage(ctx context.Context, c *Client, ref string) (bool, error) {
	_, err := c.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for image %s: %w", ref, err)
	}
	return true, nil
}

// ImageID returns the ID of an image that the engine has.
func ImageID(ctx context.Context, c *Client, ref string) (string, error) {
	info, err := c.ImageInspect(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("inspect image %s: %w", ref, err)
	}
	return info.ID, nil
}

// SaveImage streams an image as `docker save` writes it.
func SaveImage(ctx context.Context, c *Client, id string) (io.ReadCloser, error) {
	body, err := c.ImageSave(ctx, []string{id})
	if err != nil {
		return nil, fmt.Errorf("save image %s: %w", id, err)
	}
	return body, nil
}

// PullImage makes the engine fetch an image and returns when it has it. auth is
// the value of X-Registry-Auth, empty for none: the engine uses it for this
// request and keeps nothing of it. progress, where not nil, gets the bytes that
// arrived of those expected.
func PullImage(ctx context.Context, c *Client, ref, auth string, progress func(current, total int64)) error {
	body, err := c.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return fmt.Errorf("pull %s: %w", ref, err)
	}
	defer body.Close() //nolint:errcheck // it was read to its end, or the pull has failed already
	if err := readPull(body, progress); err != nil {
		return fmt.Errorf("pull %s: %w", ref, err)
	}
	return nil
}

func readPull(body io.Reader, progress func(current, total int64)) error {
	return readTransfer(body, "Downloading", progress, func(jsonmessage.JSONMessage) {})
}
