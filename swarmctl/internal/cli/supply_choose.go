package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ycesproject/yces/swarmctl/internal/registry"
)

// choose puts the images of --image or --images in place of what the compose
// file says. Nothing is built then: a service that is built and got no image is
// a fault.
func (s *supply) choose() error {
	if s.flags.file == "" && len(s.flags.chosen) == 0 {
		return nil
	}
	choices, err := s.choices()
	if err != nil {
		return err
	}
	var faults []error
	for _, service := range sortedKeys(choices) {
		if err := checkChoice(choices[service]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.short(service), err))
			continue
		}
		s.setImage(service, choices[service])
		delete(s.stack.Builds, service)
	}
	if len(faults) == 0 {
		for _, service := range sortedKeys(s.stack.Builds) {
			faults = append(faults, fmt.Errorf("%s: is built and got no image; say --image %[1]s=NAME@DIGEST", s.short(service)))
		}
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// checkChoice: an image needs a digest, or a registry that can be asked for it.
func checkChoice(ref string) error {
	if registry.DigestOf(ref) != "" {
		return nil
	}
	if _, ok := registry.Of(ref); ok {
		return nil
	}
	return fmt.Errorf("image %q has neither a digest nor a registry that could be asked for it; `swarmctl push` prints one", ref)
}

// choices are the images by service, as the flags name them.
func (s *supply) choices() (map[string]string, error) {
	if s.flags.file != "" {
		return s.choicesOfFile()
	}
	choices := map[string]string{}
	var faults []error
	for _, text := range s.flags.chosen {
		service, ref, named := strings.Cut(text, "=")
		if !named {
			service, ref = "", text
		}
		services, err := s.meant(service)
		if err != nil {
			faults = append(faults, fmt.Errorf("--image %s: %w", text, err))
		}
		for _, name := range services {
			choices[name] = ref
		}
	}
	if len(faults) > 0 {
		return nil, usageError{errors.Join(faults...)}
	}
	return choices, nil
}

// meant are the services that an image is for: the one that is named, or
// without a name those of the only image that is built, or the only service.
func (s *supply) meant(service string) ([]string, error) {
	if service != "" {
		for name := range s.stack.Services {
			if name == service || s.short(name) == service {
				return []string{name}, nil
			}
		}
		return nil, fmt.Errorf("there is no service %q; known: %s", service, strings.Join(s.shortNames(), ", "))
	}
	if len(s.builds()) == 1 {
		return sortedKeys(s.stack.Builds), nil
	}
	if len(s.stack.Builds) == 0 && len(s.stack.Services) == 1 {
		return sortedKeys(s.stack.Services), nil
	}
	return nil, fmt.Errorf("say for which service, SERVICE=NAME@DIGEST; known: %s", strings.Join(s.shortNames(), ", "))
}

// short is a service's name in the compose file.
func (s *supply) short(service string) string {
	return strings.TrimPrefix(service, s.stack.Name+"_")
}

func (s *supply) shortNames() []string {
	var names []string
	for _, name := range sortedKeys(s.stack.Services) {
		names = append(names, s.short(name))
	}
	return names
}

func (s *supply) choicesOfFile() (map[string]string, error) {
	made, err := readMade(s.flags.file)
	if err != nil {
		return nil, err
	}
	choices := map[string]string{}
	var faults []error
	for _, img := range made.Images {
		if registry.DigestOf(img.Reference) == "" {
			faults = append(faults, fmt.Errorf("--images: %s was built and not pushed; `swarmctl push --images %s` does that", img.Reference, s.flags.file))
		}
		for _, service := range img.Services {
			services, err := s.meant(service)
			if err != nil {
				faults = append(faults, fmt.Errorf("--images: %s: %w", s.flags.file, err))
			}
			for _, name := range services {
				choices[name] = img.Reference
			}
		}
	}
	if len(faults) > 0 {
		return nil, usageError{errors.Join(faults...)}
	}
	return choices, nil
}
