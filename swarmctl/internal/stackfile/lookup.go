package stackfile

import (
	"context"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"
)

// lookup stands in for the engine while docker/cli's converter runs. The
// converter asks a client for the IDs of configs and secrets; conversion here
// is pure, so every name exists and has no ID yet: rollout fills them in when
// it knows the swarm. This file is the one exception to the rule that only
// engine imports the docker client, because the converter's signature does.
type lookup struct {
	// A method that the converter does not need has nobody behind it.
	client.APIClient
}

// latestVersion makes the converter use today's form of a spec.
const latestVersion = "1.51"

func newLookup() lookup { return lookup{} }

// ClientVersion is the API version that the converter writes specs for.
func (lookup) ClientVersion() string { return latestVersion }

// SecretList answers that every secret exists.
func (lookup) SecretList(_ context.Context, opts swarm.SecretListOptions) ([]swarm.Secret, error) {
	var found []swarm.Secret
	for _, name := range opts.Filters.Get("name") {
		found = append(found, swarm.Secret{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	return found, nil
}

// ConfigList answers that every config exists.
func (lookup) ConfigList(_ context.Context, opts swarm.ConfigListOptions) ([]swarm.Config, error) {
	var found []swarm.Config
	for _, name := range opts.Filters.Get("name") {
		found = append(found, swarm.Config{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	return found, nil
}
