package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

func (a *app) newPushCommand() *cobra.Command {
	var opts makeOptions
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Push what was built to its registry, or hand it to the nodes",
		Long: `Push what build made to the registry that its name begins with (or --registry
named), and print SERVICE=NAME@DIGEST for each service, which is what deploy
--image takes. An image without a registry is handed to every node instead.

Without --images, that is what the engine has under the names in the compose
file.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.push(cmd.Context(), opts, cmd.Flags().Changed("builder"))
		},
	}
	opts.register(cmd, "push what `FILE` names, and write the digests to it")
	cmd.Flags().BoolVar(&opts.skipDown, "skip-down", false, "leave out nodes that the swarm has lost")
	return cmd
}

func (a *app) push(ctx context.Context, opts makeOptions, builderGiven bool) (err error) {
	file := opts.images.file
	opts.images.file = "" // which is for pushing, not in place of it
	if file != "" {
		if err := opts.images.take(file, builderGiven); err != nil {
			return err
		}
	}
	s, err := a.loadSupply(ctx, stackfile.Options{Files: opts.files, Name: opts.stack, NoContent: true}, opts.images)
	if err != nil {
		return err
	}
	made := s.flags.built
	if made == nil {
		made = s.made()
	}
	if len(made.Images) == 0 {
		return nothingBuilt(s.stack.Name)
	}
	if opts.images.builderNode() != "" || made.direct() {
		if s.fleet, err = a.connect(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.fleet.Close()) }()
	}
	if err := s.pushAll(ctx, made, opts.skipDown); err != nil {
		return err
	}
	if err := made.write(file); err != nil {
		return err
	}
	return opts.output.print(a.Out, made, made.String)
}

// take reads what was built, and by which engine unless one was given.
func (f *imageFlags) take(file string, builderGiven bool) error {
	made, err := readMade(file)
	if err != nil {
		return err
	}
	f.built = &made
	if !builderGiven && made.Builder != "" {
		f.builder = made.Builder
	}
	return nil
}

func nothingBuilt(stack string) error {
	return usageError{fmt.Errorf("stack %s builds nothing: no service has a build", stack)}
}

func (s *supply) pushAll(ctx context.Context, made *madeImages, skipDown bool) error {
	if faults := append(nonNil(s.checkBuilder(ctx)), s.checkLogins(ctx, s.hosts(true))...); len(faults) > 0 {
		return preflightError{faults: faults}
	}
	var direct []stackImage
	for i := range made.Images {
		img, err := s.pushOne(ctx, &made.Images[i])
		if err != nil {
			return err
		}
		if img.content != nil {
			direct = append(direct, img)
		}
	}
	if len(direct) == 0 {
		return nil
	}
	manager, err := s.fleet.manager(ctx)
	if err != nil {
		return err
	}
	nodes, err := s.receivers(ctx, manager, skipDown)
	if err != nil {
		return err
	}
	return s.deliver(ctx, direct, nodes)
}

// pushOne pushes an image, or takes it out of the engine to be handed over.
func (s *supply) pushOne(ctx context.Context, img *madeImage) (stackImage, error) {
	var err error
	if img.ID == "" {
		if img.ID, err = s.builtBefore(ctx, img.Name); err != nil {
			return stackImage{}, err
		}
	}
	bring := s.export
	if _, ok := registry.Of(img.Name); ok {
		bring = s.push
	}
	found, err := bring(ctx, img.Name, img.ID)
	img.Reference = found.ref
	return found, err
}

// builtBefore is the ID of what the engine has under the name.
func (s *supply) builtBefore(ctx context.Context, name string) (string, error) {
	docker, err := s.builder(ctx)
	if err != nil {
		return "", err
	}
	tag, err := registry.Tagged(name)
	if err != nil {
		return "", usageError{err}
	}
	has, err := engine.HasImage(ctx, docker, tag)
	if err != nil {
		return "", err
	}
	if !has {
		return "", notBuiltError{fmt.Errorf("the engine%s has no image %s", s.where(), tag)}
	}
	return engine.ImageID(ctx, docker, tag)
}

// notBuiltError is an image that push did not find.
type notBuiltError struct{ error }

// Hint says what to do next.
func (notBuiltError) Hint() string { return "`swarmctl build` builds it, with the same --builder" }
