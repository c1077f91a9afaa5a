package machines

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Base is the image that every recipe begins with.
const Base = "debian:bookworm-slim"

//go:embed recipe
var recipes embed.FS

// Recipe is what an image is made of.
type Recipe struct {
	// Repository is the image's name without its tag.
	Repository string
	// Files are the build context, in the folder Dir.
	Files fs.FS
	Dir   string
	// Args are build arguments that change the result.
	Args map[string]string
	// Certs go to /usr/local/share/ca-certificates, by file name.
	Certs map[string][]byte
}

// ImageLabel marks the images that are made by recipes, with their repository.
const ImageLabel = "swarmctl.local.image"

// Image is the recipe of machines that have more packages of Debian's than a
// fresh server, docker.io for instance.
func Image(certs map[string][]byte, packages ...string) Recipe {
	return Recipe{
		Repository: "swarmctl-machine", Files: recipes, Dir: "recipe/machine", Certs: certs,
		Args: map[string]string{"PACKAGES": strings.Join(packages, " ")},
	}
}

// Context is the build context, in a fixed order.
func (r Recipe) Context() ([]File, error) {
	files := []File{{Name: "ca/", Mode: 0o755}}
	for _, name := range slices.Sorted(maps.Keys(r.Certs)) {
		files = append(files, File{Name: "ca/" + name, Mode: 0o644, Data: r.Certs[name]})
	}
	err := fs.WalkDir(r.Files, r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(r.Files, path)
		if err != nil {
			return err
		}
		files = append(files, File{Name: strings.TrimPrefix(path, r.Dir+"/"), Mode: modeOf(path), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read recipe %s: %w", r.Dir, err)
	}
	return files, nil
}

// modeOf gives programs their x bit, which embedding loses.
func modeOf(path string) int64 {
	if strings.Contains(path, "/sbin/") {
		return 0o755
	}
	return 0o644
}

// Reference names the image by a hash of everything it is made of: the files,
// the arguments and the base image's ID.
func (r Recipe) Reference(baseID string) (string, error) {
	files, err := r.Context()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", baseID)
	for _, key := range slices.Sorted(maps.Keys(r.Args)) {
		fmt.Fprintf(h, "%s=%s\n", key, r.Args[key])
	}
	for _, f := range files {
		fmt.Fprintf(h, "%s %o %d\n%s", f.Name, f.Mode, len(f.Data), f.Data)
	}
	return r.Repository + ":" + hex.EncodeToString(h.Sum(nil))[:12], nil
}
