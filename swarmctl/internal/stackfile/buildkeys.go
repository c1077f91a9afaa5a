package stackfile

import (
	"fmt"
	"slices"
	"strings"

	composetypes "github.com/docker/cli/cli/compose/types"
)

var (
	buildKeys = []string{"context", "dockerfile", "args", "labels", "target", "network", "extra_hosts"}
	// ignoredBuildKeys change how long a build takes and not what it makes.
	ignoredBuildKeys = []string{"cache_from", "cache_to", "no_cache", "pull", "shm_size", "ulimits", "tags", "provenance", "sbom"}
)

// checkBuilds looks at the keys under build, which the schema lets pass because
// a swarm ignores all of them: a misspelt one would be lost.
func checkBuilds(files []composetypes.ConfigFile) (faults, warnings []string) {
	for _, file := range files {
		services, _ := file.Config["services"].(map[string]any)
		for _, name := range sortedKeys(services) {
			service, _ := services[name].(map[string]any)
			build, _ := service["build"].(map[string]any)
			for _, key := range sortedKeys(build) {
				field := fmt.Sprintf("services.%s.build.%s: ", name, key)
				switch {
				case slices.Contains(buildKeys, key), strings.HasPrefix(key, "x-"):
				case slices.Contains(ignoredBuildKeys, key):
					warnings = append(warnings, field+"it is not used here")
				default:
					faults = append(faults, field+"there is no such setting here; known: "+strings.Join(buildKeys, ", "))
				}
			}
		}
	}
	return faults, warnings
}
