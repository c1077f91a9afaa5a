package local

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

// recipes are the build contexts of the images.
//
//go:embed recipe
var recipes embed.FS

// recipe is what an image is made of.
type recipe struct {
	// repository is the image's name without its tag.
	repository string
	// dir is the recipe's folder in recipes.
	dir string
	// args are build arguments that change the result.
	args map[string]string
	// certs go to /usr/local/share/ca-certificates, by file name.
	certs map[string][]byte
}

func machineRecipe(bare bool, certs map[string][]byte) recipe {
	r := recipe{repository: "swarmctl-machine", dir: "recipe/machine", certs: certs, args: map[string]string{"DOCKER": ""}}
	if !bare {
		r.args["DOCKER"] = "docker.io"
	}
	return r
}

func balancerRecipe(certs map[string][]byte) recipe {
	return recipe{repository: "swarmctl-balancer", dir: "recipe/balancer", certs: certs}
}

// context is the build context, in a fixed order.
func (r recipe) context() ([]file, error) {
	files := []file{{name: "ca/", mode: 0o755}}
	for _, name := range slices.Sorted(maps.Keys(r.certs)) {
		files = append(files, file{name: "ca/" + name, mode: 0o644, data: r.certs[name]})
	}
	err := fs.WalkDir(recipes, r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := recipes.ReadFile(path)
		if err != nil {
			return err
		}
		files = append(files, file{name: strings.TrimPrefix(path, r.dir+"/"), mode: modeOf(path), data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read recipe %s: %w", r.dir, err)
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

// reference names the image by a hash of everything it is made of: the files,
// the arguments and the base image's ID.
func (r recipe) reference(baseID string) (string, error) {
	files, err := r.context()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", baseID)
	for _, key := range slices.Sorted(maps.Keys(r.args)) {
		fmt.Fprintf(h, "%s=%s\n", key, r.args[key])
	}
	for _, f := range files {
		fmt.Fprintf(h, "%s %o %d\n%s", f.name, f.mode, len(f.data), f.data)
	}
	return r.repository + ":" + hex.EncodeToString(h.Sum(nil))[:12], nil
}
