package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/pkg/jsonmessage"
)

// Login makes the engine show credentials to their registry. It changes
// nothing: an engine keeps none.
func Login(ctx context.Context, c *Client, auth registry.AuthConfig) error {
	_, err := c.RegistryLogin(ctx, auth)
	return err
}

// TagImage gives an image of the engine one more name.
func TagImage(ctx context.Context, c *Client, id, name string) error {
	if err := c.ImageTag(ctx, id, name); err != nil {
		return fmt.Errorf("tag image %.19s as %s: %w", id, name, err)
	}
	return nil
}

// RepoDigests are the names with digests that an engine's image has: those
// under which it was pushed or pulled.
func RepoDigests(ctx context.Context, c *Client, id string) ([]string, error) {
	info, err := c.ImageInspect(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("inspect image %s: %w", id, err)
	}
	return info.RepoDigests, nil
}

// PushImage sends an image to its registry and returns its digest there. auth
// is the value of X-Registry-Auth, empty for none; progress, where not nil,
// gets the bytes that were sent of those to send.
func PushImage(ctx context.Context, c *Client, name, auth string, progress func(current, total int64)) (string, error) {
	// The engine refuses a request without the header; this one says "nobody".
	if auth == "" {
		auth = "e30="
	}
	body, err := c.ImagePush(ctx, name, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", err
	}
	defer body.Close() //nolint:errcheck // it was read to its end, or the push has failed already
	return readPush(body, progress)
}

func readPush(body io.Reader, progress func(current, total int64)) (string, error) {
	var digest string
	err := readTransfer(body, "Pushing", progress, func(m jsonmessage.JSONMessage) {
		var result types.PushResult
		if m.Aux != nil && json.Unmarshal(*m.Aux, &result) == nil && result.Digest != "" {
			digest = result.Digest
		}
	})
	if err == nil && digest == "" {
		err = errors.New("the engine named no digest")
	}
	return digest, err
}

// readTransfer follows a pull or a push to its end. doing is the status of a
// layer whose bytes count; other messages go to also.
func readTransfer(body io.Reader, doing string, progress func(current, total int64), also func(jsonmessage.JSONMessage)) error {
	layers := map[string]jsonmessage.JSONProgress{}
	dec := json.NewDecoder(body)
	for {
		var m jsonmessage.JSONMessage
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.Error != nil {
			return m.Error
		}
		also(m)
		if m.Progress == nil || m.Status != doing || progress == nil {
			continue
		}
		layers[m.ID] = *m.Progress
		var current, total int64
		for _, l := range layers {
			current, total = current+l.Current, total+l.Total
		}
		progress(current, total)
	}
}
