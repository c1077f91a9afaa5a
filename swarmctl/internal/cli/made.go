package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// madeImages is what build and push made: their result as JSON, and the file
// that hands it from one to the next.
type madeImages struct {
	Stack string `json:"stack"`
	// Builder has the images: local, or node:NAME.
	Builder string      `json:"builder"`
	Images  []madeImage `json:"images"`
}

type madeImage struct {
	// Services are those that run it, as the compose file names them.
	Services []string `json:"services"`
	// Name is the image's, with a registry where it goes to one.
	Name string `json:"name"`
	// ID is the engine's.
	ID string `json:"id"`
	// Reference is what --image takes. It has a digest as soon as there is
	// one: after the build where nodes get the image directly, else after the push.
	Reference string `json:"reference"`
}

// direct tells whether an image goes to the nodes without a registry.
func (m madeImages) direct() bool {
	return slices.ContainsFunc(m.Images, func(img madeImage) bool {
		_, named := registry.Of(img.Name)
		return !named
	})
}

// String is a line SERVICE=REFERENCE for each service.
func (m madeImages) String() string {
	var b strings.Builder
	for _, img := range m.Images {
		for _, service := range img.Services {
			fmt.Fprintf(&b, "%s=%s\n", service, img.Reference)
		}
	}
	return b.String()
}

func readMade(file string) (madeImages, error) {
	var made madeImages
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	if err == nil && len(made.Images) == 0 {
		err = errors.New("it names no image")
	}
	if err != nil {
		return made, usageError{fmt.Errorf("--images: read what was built: %w", err)}
	}
	return made, nil
}

func (m madeImages) write(file string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write what was built: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil { //nolint:gosec // it names images and holds no secret
		return fmt.Errorf("write what was built: %w", err)
	}
	return nil
}

// adopt gives services the names that their images were built under, which
// --registry may have changed.
func (s *supply) adopt() error {
	if s.flags.built == nil {
		return nil
	}
	var faults []error
	for _, img := range s.flags.built.Images {
		for _, service := range img.Services {
			services, err := s.meant(service)
			if err != nil {
				faults = append(faults, usageError{fmt.Errorf("--images: %w", err)})
			}
			for _, name := range services {
				s.setImage(name, img.Name)
			}
		}
	}
	return errors.Join(faults...)
}
