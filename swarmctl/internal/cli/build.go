package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/registry"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// makeOptions are the flags of build and push.
type makeOptions struct {
	files  []string
	stack  string
	images imageFlags
	output outputFlag
	// skipDown leaves nodes out that the swarm has lost, when push hands over.
	skipDown bool
}

func (o *makeOptions) register(cmd *cobra.Command, file string) {
	registerFiles(cmd, &o.files, &o.stack)
	o.images.registerBuild(cmd)
	cmd.Flags().StringVar(&o.images.file, "images", "", file)
	o.output.register(cmd)
}

func (a *app) newBuildCommand() *cobra.Command {
	var opts makeOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the images, and leave the rest to push and deploy",
		Long: `Build the images and print SERVICE=REFERENCE for each service that is built.
Nothing is pushed and no node gets anything. deploy does all of it in one
command; where each step is one of its own:

    swarmctl build  --images images.json
    swarmctl push   --images images.json
    swarmctl plan   --images images.json
    swarmctl deploy --images images.json

The target is needed for --builder node:NAME only. An image without a registry
stays in this user's cache folder (swarmctl/images), where push and deploy find
it by its digest.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.build(cmd.Context(), opts) },
	}
	opts.register(cmd, "write what was built to `FILE` as JSON, for push, plan and deploy")
	return cmd
}

func (a *app) build(ctx context.Context, opts makeOptions) (err error) {
	file := opts.images.file
	opts.images.file = "" // which is written here, not read
	s, err := a.loadSupply(ctx, stackfile.Options{Files: opts.files, Name: opts.stack, NoContent: true}, opts.images)
	if err != nil {
		return err
	}
	if opts.images.builderNode() != "" {
		if s.fleet, err = a.connect(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.fleet.Close()) }()
	}
	if len(s.stack.Builds) == 0 {
		return nothingBuilt(s.stack.Name)
	}
	if faults := append(s.checkDockerfiles(), nonNil(s.checkBuilder(ctx))...); len(faults) > 0 {
		return preflightError{faults: faults}
	}
	made := s.made()
	for i := range made.Images {
		if err := s.makeImage(ctx, &made.Images[i]); err != nil {
			return err
		}
	}
	if err := made.write(file); err != nil {
		return err
	}
	return opts.output.print(a.Out, made, made.String)
}

// made are the images that the stack builds, as far as the file says.
func (s *supply) made() *madeImages {
	made := &madeImages{Stack: s.stack.Name, Builder: s.flags.builder}
	services := map[string][]string{}
	for _, service := range sortedKeys(s.stack.Builds) {
		name := imageOf(s.stack.Services[service])
		services[name] = append(services[name], s.short(service))
	}
	for _, name := range sortedKeys(services) {
		made.Images = append(made.Images, madeImage{Services: services[name], Name: name})
	}
	return made
}

// makeImage builds an image and takes it out of the engine where no registry
// will keep it.
func (s *supply) makeImage(ctx context.Context, img *madeImage) error {
	var err error
	if img.ID, err = s.build(ctx, img.Name, s.builds()[img.Name]); err != nil {
		return err
	}
	if _, ok := registry.Of(img.Name); ok {
		s.app.sink().Done("image "+img.Name, fmt.Sprintf("built, %.19s", img.ID))
		img.Reference, err = registry.Tagged(img.Name)
		return err
	}
	found, err := s.export(ctx, img.Name, img.ID)
	img.Reference = found.ref
	return err
}

func nonNil(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}
