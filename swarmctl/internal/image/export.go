// Package image takes an image from the engine that built it to the engines
// that run it, by digest and without a registry: the operator's side serves
// the image's blobs through a tunnel to each node's loopback, and the node's
// engine pulls from there the layers that it lacks.
package image

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is an image ready to be served: a manifest and blobs in files.
type Image struct {
	// Digest is the manifest's: "sha256:…". It names the image everywhere.
	Digest   string
	Manifest []byte
	// OS and Architecture are what the image runs on: linux, amd64.
	OS, Architecture string
	// Size is that of all blobs, compressed, in bytes.
	Size  int64
	blobs map[string]string // digest → file
}

// Cache keeps compressed layers and manifests, so that an image which was
// handed over once costs nothing the next time.
type Cache struct{ Dir string }

// keepFor is how long a blob that nobody needed stays in the cache.
const keepFor = 30 * 24 * time.Hour

// Export makes an image servable. save streams it as `docker save` does; it is
// not called where the cache has the image already.
func (c Cache) Export(ctx context.Context, id string, save func(context.Context) (io.ReadCloser, error)) (*Image, error) {
	if img, err := c.load(id); err == nil {
		return img, nil
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make image cache: %w", err)
	}
	file, err := c.spool(ctx, save)
	if err != nil {
		return nil, err
	}
	defer os.Remove(file) //nolint:errcheck // a stray file in a cache is pruned later
	source, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		return nil, fmt.Errorf("read saved image: %w", err)
	}
	if err := c.store(id, source); err != nil {
		return nil, err
	}
	c.prune()
	return c.load(id)
}

// Find is the image whose manifest has the digest; nil where the cache does not
// have all of it.
func (c Cache) Find(digest string) *Image {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		id, isManifest := strings.CutPrefix(e.Name(), "manifest-")
		if !isManifest {
			continue
		}
		text, err := os.ReadFile(c.manifestPath(id))
		if err != nil || digestOf(text) != digest {
			continue
		}
		if img, err := c.load(id); err == nil {
			return img
		}
	}
	return nil
}

func digestOf(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// spool writes the saved image to a file, because its layers are read in
// another order than they come.
func (c Cache) spool(ctx context.Context, save func(context.Context) (io.ReadCloser, error)) (string, error) {
	body, err := save(ctx)
	if err != nil {
		return "", err
	}
	defer body.Close() //nolint:errcheck // a broken stream shows when it is read
	f, err := os.CreateTemp(c.Dir, "save-*.tar")
	if err != nil {
		return "", fmt.Errorf("spool image: %w", err)
	}
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("spool image: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// store compresses the layers and writes the manifest under the image's ID.
func (c Cache) store(id string, source v1.Image) error {
	config, err := source.RawConfigFile()
	if err != nil {
		return fmt.Errorf("read image config: %w", err)
	}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.DockerManifestSchema2}
	if manifest.Config, err = c.storeBytes(config, types.DockerConfigJSON); err != nil {
		return err
	}
	layers, err := source.Layers()
	if err != nil {
		return fmt.Errorf("read image layers: %w", err)
	}
	for _, layer := range layers {
		d, err := c.storeLayer(layer)
		if err != nil {
			return err
		}
		manifest.Layers = append(manifest.Layers, d)
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return writeFile(c.manifestPath(id), text)
}

func (c Cache) storeBytes(data []byte, mediaType types.MediaType) (v1.Descriptor, error) {
	sum := sha256.Sum256(data)
	d := v1.Descriptor{MediaType: mediaType, Size: int64(len(data)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	return d, writeFile(c.path(d.Digest.String()), data)
}

// storeLayer compresses a layer once; a note under its content's hash tells
// the next time what came out.
func (c Cache) storeLayer(layer v1.Layer) (v1.Descriptor, error) {
	diff, err := layer.DiffID()
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("read layer: %w", err)
	}
	note := c.path("layer-" + diff.String())
	var known v1.Descriptor
	if text, err := os.ReadFile(note); err == nil && json.Unmarshal(text, &known) == nil && c.has(known.Digest.String()) {
		return known, nil
	}
	d, err := c.compress(layer)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("compress layer %s: %w", diff, err)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("note layer %s: %w", diff, err)
	}
	return d, writeFile(note, text)
}

func (c Cache) compress(layer v1.Layer) (d v1.Descriptor, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return d, err
	}
	defer content.Close() //nolint:errcheck // a broken stream shows when it is read
	f, err := os.CreateTemp(c.Dir, "layer-*.tmp")
	if err != nil {
		return d, err
	}
	counted := &counter{Hash: sha256.New()}
	z := gzip.NewWriter(io.MultiWriter(f, counted))
	_, err = io.Copy(z, content)
	if err = errors.Join(err, z.Close(), f.Close()); err != nil {
		return d, errors.Join(err, os.Remove(f.Name()))
	}
	d = v1.Descriptor{
		MediaType: types.DockerLayer, Size: counted.n,
		Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(counted.Sum(nil))},
	}
	return d, os.Rename(f.Name(), c.path(d.Digest.String()))
}

type counter struct {
	hash.Hash
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

// load reads an image that the cache has completely.
func (c Cache) load(id string) (*Image, error) {
	text, err := os.ReadFile(c.manifestPath(id))
	if err != nil {
		return nil, err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	img := &Image{Digest: digestOf(text), Manifest: text, blobs: map[string]string{}}
	now := time.Now()
	for _, d := range append(manifest.Layers, manifest.Config) {
		file := c.path(d.Digest.String())
		info, err := os.Stat(file)
		if err != nil || info.Size() != d.Size {
			return nil, fmt.Errorf("cache lacks %s", d.Digest)
		}
		// What is in use is not pruned; a clock that fails to be set costs a compression.
		_ = os.Chtimes(file, now, now)
		img.blobs[d.Digest.String()] = file
		img.Size += d.Size
	}
	return img, img.readPlatform(c.path(manifest.Config.Digest.String()))
}

func (img *Image) readPlatform(configFile string) error {
	text, err := os.ReadFile(configFile)
	if err != nil {
		return err
	}
	var config v1.ConfigFile
	if err := json.Unmarshal(text, &config); err != nil {
		return err
	}
	img.OS, img.Architecture = config.OS, config.Architecture
	return nil
}

func (c Cache) has(digest string) bool {
	_, err := os.Stat(c.path(digest))
	return err == nil
}

// manifestPath keeps manifests apart from blobs: an image's ID is the digest of
// its config, which is a blob.
func (c Cache) manifestPath(id string) string { return c.path("manifest-" + id) }

func (c Cache) path(name string) string {
	return filepath.Join(c.Dir, strings.ReplaceAll(name, ":", "-"))
}

// prune removes what nobody needed for long. What can't be removed stays.
func (c Cache) prune() {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > keepFor {
			_ = os.Remove(filepath.Join(c.Dir, e.Name()))
		}
	}
}

// writeFile replaces a file at once, so that a killed deploy leaves no half.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "write-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}
