package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// bringBack makes every node have the images of a release, and refuses to go
// back where one can't be had any more.
func (a *app) bringBack(ctx context.Context, f *fleet, r release.Record, login imageFlags) error {
	nodes := f.Swarm()
	if err := f.reach(ctx, nodes); err != nil {
		return preflightError{faults: []error{err}}
	}
	missing, err := f.missingImages(ctx, r)
	if err != nil || len(missing) == 0 {
		return err
	}
	s, err := a.newSupply(login, stackfile.Stack{Name: r.Stack, Services: r.Services})
	if err != nil {
		return err
	}
	s.fleet = f
	var images []stackImage
	var faults []error
	for _, ref := range sortedKeys(missing) {
		img, err := s.taken(ref)
		if err != nil {
			return err
		}
		images = append(images, img)
		faults = append(faults, missing[ref]...)
	}
	err = s.deliver(ctx, images, nodes)
	if err == nil {
		return nil
	}
	notReady := preflightError{faults: append(faults, err)}
	if errors.As(err, new(missingImageError)) || hintOf(err) == "" {
		notReady.hint = fmt.Sprintf("check out commit %s and deploy it", textOr(r.Commit, "of that release"))
	}
	return notReady
}

// missingImages are the images of a release that nodes have lost, each with the
// nodes as faults.
func (f *fleet) missingImages(ctx context.Context, r release.Record) (map[string][]error, error) {
	refs := map[string]bool{}
	for _, spec := range r.Services {
		refs[imageOf(spec)] = true
	}
	missing := map[string][]error{}
	for _, n := range f.Swarm() {
		docker, err := f.engine(n)
		if err != nil {
			return nil, err
		}
		for _, ref := range sortedKeys(refs) {
			has, err := engine.HasImage(ctx, docker, ref)
			if err != nil {
				return nil, fmt.Errorf("node %s: %w", n.Name, err)
			}
			if !has {
				missing[ref] = append(missing[ref], fmt.Errorf("node %s has no image %s any more", n.Name, ref))
			}
		}
	}
	return missing, nil
}
