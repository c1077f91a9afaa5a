package cli

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
)

// keepReleases is how many a stack can go back to.
const keepReleases = 10

// prune removes old records, then the configs and secrets that no record
// needs any more. A release is done by then, so that a failure is a warning.
func (r *running) prune(ctx context.Context) error {
	if err := r.pruneRecords(ctx); err != nil {
		r.app.sink().Warn("stack "+r.store.Stack, err.Error())
	}
	return nil
}

func (r *running) pruneRecords(ctx context.Context) error {
	records, err := r.store.Prune(ctx, keepReleases)
	if err != nil {
		return err
	}
	needed := filesOf(records)
	label := filters.NewArgs(filters.Arg("label", rollout.StackLabel+"="+r.store.Stack))
	configs, err := r.manager.ConfigList(ctx, swarm.ConfigListOptions{Filters: label})
	if err != nil {
		return fmt.Errorf("list configs: %w", err)
	}
	for _, c := range configs {
		if !needed[c.Spec.Name] {
			if err := r.manager.ConfigRemove(ctx, c.ID); err != nil {
				return fmt.Errorf("remove config %s: %w", c.Spec.Name, err)
			}
		}
	}
	secrets, err := r.manager.SecretList(ctx, swarm.SecretListOptions{Filters: label})
	if err != nil {
		return fmt.Errorf("list secrets: %w", err)
	}
	for _, s := range secrets {
		if !needed[s.Spec.Name] {
			if err := r.manager.SecretRemove(ctx, s.ID); err != nil {
				return fmt.Errorf("remove secret %s: %w", s.Spec.Name, err)
			}
		}
	}
	return nil
}

// filesOf are the names of the configs and secrets that the records' services use.
func filesOf(records []release.Record) map[string]bool {
	names := map[string]bool{}
	for _, rec := range records {
		for _, spec := range rec.Services {
			for _, c := range spec.TaskTemplate.ContainerSpec.Configs {
				names[c.ConfigName] = true
			}
			for _, s := range spec.TaskTemplate.ContainerSpec.Secrets {
				names[s.SecretName] = true
			}
		}
	}
	return names
}
