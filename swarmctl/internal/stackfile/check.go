package stackfile

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/compose/loader"
	composetypes "github.com/docker/cli/cli/compose/types"
)

// Settings are our own, under `x-swarmctl`.
type Settings struct {
	// Stack is the stack's name.
	Stack string
}

func readSettings(config *composetypes.Config) (Settings, []string) {
	raw, ok := config.Extras["x-swarmctl"]
	if !ok {
		return Settings{}, nil
	}
	values, ok := raw.(map[string]any)
	if !ok {
		return Settings{}, []string{"x-swarmctl: must be a mapping"}
	}
	var s Settings
	var faults []string
	for _, key := range sortedKeys(values) {
		text, isText := values[key].(string)
		switch {
		case key != "stack":
			faults = append(faults, fmt.Sprintf("x-swarmctl.%s: there is no such setting; known: stack", key))
		case !isText:
			faults = append(faults, fmt.Sprintf("x-swarmctl.stack: must be a string, got %v", values[key]))
		default:
			s.Stack = text
		}
	}
	return s, faults
}

// checkConfig finds what the schema lets pass and the swarm would refuse.
func checkConfig(config *composetypes.Config, taken variables) []string {
	var faults []string
	if len(config.Services) == 0 {
		faults = append(faults, "services: there is none")
	}
	for _, s := range config.Services {
		for _, fault := range checkService(config, s) {
			faults = append(faults, "services."+s.Name+"."+fault)
		}
	}
	for _, key := range sortedKeys(without(config.Configs, taken[configs])) {
		faults = append(faults, checkFile("configs."+key, composetypes.FileObjectConfig(config.Configs[key]))...)
	}
	for _, key := range sortedKeys(without(config.Secrets, taken[secrets])) {
		faults = append(faults, checkFile("secrets."+key, composetypes.FileObjectConfig(config.Secrets[key]))...)
	}
	return append(faults, portConflicts(config.Services)...)
}

func checkService(config *composetypes.Config, s composetypes.ServiceConfig) []string {
	var faults []string
	if s.Image == "" && s.Build.Context == "" {
		faults = append(faults, "image: neither an image nor a build is named")
	}
	if s.Image != "" {
		if _, err := reference.ParseNormalizedNamed(s.Image); err != nil {
			faults = append(faults, fmt.Sprintf("image: %q: %s", s.Image, err))
		}
	}
	faults = append(faults, checkDeploy(s.Deploy)...)
	return append(faults, checkReferences(config, s)...)
}

func checkDeploy(d composetypes.DeployConfig) []string {
	var faults []string
	if d.Mode != "" && !slices.Contains([]string{"replicated", "global", "replicated-job", "global-job"}, d.Mode) {
		faults = append(faults, fmt.Sprintf("deploy.mode: must be replicated, global, replicated-job or global-job, got %q", d.Mode))
	}
	for field, u := range map[string]*composetypes.UpdateConfig{"update_config": d.UpdateConfig, "rollback_config": d.RollbackConfig} {
		faults = append(faults, checkUpdate("deploy."+field, u)...)
	}
	slices.Sort(faults)
	return faults
}

func checkUpdate(field string, u *composetypes.UpdateConfig) []string {
	if u == nil {
		return nil
	}
	var faults []string
	if u.FailureAction != "" && !slices.Contains([]string{"pause", "continue", "rollback"}, u.FailureAction) {
		faults = append(faults, fmt.Sprintf("%s.failure_action: must be pause, continue or rollback, got %q", field, u.FailureAction))
	}
	if u.MaxFailureRatio < 0 || u.MaxFailureRatio > 1 {
		faults = append(faults, fmt.Sprintf("%s.max_failure_ratio: must be between 0 and 1, got %v", field, u.MaxFailureRatio))
	}
	return faults
}

// checkReferences finds networks, configs and secrets that are used and not declared.
func checkReferences(config *composetypes.Config, s composetypes.ServiceConfig) []string {
	var faults []string
	for _, name := range sortedKeys(s.Networks) {
		if _, ok := config.Networks[name]; !ok && name != "default" {
			faults = append(faults, fmt.Sprintf("networks: %q is not declared under networks", name))
		}
	}
	for _, c := range s.Configs {
		if _, ok := config.Configs[c.Source]; !ok {
			faults = append(faults, fmt.Sprintf("configs: %q is not declared under configs", c.Source))
		}
	}
	for _, c := range s.Secrets {
		if _, ok := config.Secrets[c.Source]; !ok {
			faults = append(faults, fmt.Sprintf("secrets: %q is not declared under secrets", c.Source))
		}
	}
	return faults
}

const noContent = "is missing or a folder; name a file or, with environment, a variable, or say external: true"

func checkFile(field string, obj composetypes.FileObjectConfig) []string {
	if obj.External.External || obj.Driver != "" {
		return nil
	}
	if obj.File == "" {
		return []string{field + ".file: " + noContent}
	}
	info, err := os.Stat(obj.File)
	switch {
	case err != nil:
		return []string{field + ".file: " + unwrapPath(err)}
	case info.IsDir(): // the loader takes the compose file's folder where none is named
		return []string{field + ".file: " + noContent}
	}
	return nil
}

func unwrapPath(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Sprintf("%s: %s", path.Path, path.Err)
	}
	return err.Error()
}

// portConflicts finds published ports that two services claim: the swarm
// accepts both and one never starts.
func portConflicts(services []composetypes.ServiceConfig) []string {
	var faults []string
	owner := map[string]string{}
	for _, s := range services {
		for _, p := range s.Ports {
			if p.Published == 0 {
				continue
			}
			port := fmt.Sprintf("%d/%s", p.Published, p.Protocol)
			if other, taken := owner[port]; taken {
				faults = append(faults, fmt.Sprintf("services.%s.ports: %s is published by services.%s too", s.Name, port, other))
				continue
			}
			owner[port] = s.Name
		}
	}
	return faults
}

func ignoredProperties(details composetypes.ConfigDetails) []string {
	var result []string
	for _, file := range details.ConfigFiles {
		for _, name := range loader.GetUnsupportedProperties(file.Config) {
			if name != "build" {
				result = append(result, fmt.Sprintf("%s: a swarm ignores it", name))
			}
		}
		deprecated := loader.GetDeprecatedProperties(file.Config)
		for _, name := range sortedKeys(deprecated) {
			result = append(result, fmt.Sprintf("%s: %s", name, deprecated[name]))
		}
	}
	return result
}

// warnings finds numbers that do not fit one another.
func warnings(config *composetypes.Config) []string {
	var result []string
	for _, s := range config.Services {
		for _, w := range slices.Concat(monitorWarning(s), orderWarning(s)) {
			result = append(result, "services."+s.Name+"."+w)
		}
	}
	return result
}

// monitorWarning: an update whose monitor ends before the health check can
// fail is reported as a success too early (swarmkit#3132).
func monitorWarning(s composetypes.ServiceConfig) []string {
	if s.HealthCheck == nil || s.HealthCheck.Disable || s.Deploy.UpdateConfig == nil {
		return nil
	}
	const defaultMonitor, defaultInterval, defaultRetries = 5 * time.Second, 30 * time.Second, 3
	interval, retries := defaultInterval, uint64(defaultRetries)
	if s.HealthCheck.Interval != nil {
		interval = time.Duration(*s.HealthCheck.Interval)
	}
	if s.HealthCheck.Retries != nil {
		retries = *s.HealthCheck.Retries
	}
	unhealthyAfter := interval * time.Duration(retries)
	if s.HealthCheck.StartPeriod != nil {
		unhealthyAfter += time.Duration(*s.HealthCheck.StartPeriod)
	}
	monitor := time.Duration(s.Deploy.UpdateConfig.Monitor)
	if monitor == 0 {
		monitor = defaultMonitor
	}
	if monitor >= unhealthyAfter {
		return nil
	}
	return []string{fmt.Sprintf("deploy.update_config.monitor: %s ends before the health check can fail (start_period + interval × retries = %s); a bad release may pass for a good one", monitor, unhealthyAfter)}
}

// orderWarning: with start-first the new task can't bind a host port that the
// old one still holds.
func orderWarning(s composetypes.ServiceConfig) []string {
	if s.Deploy.UpdateConfig == nil || s.Deploy.UpdateConfig.Order != "start-first" {
		return nil
	}
	for _, p := range s.Ports {
		if strings.EqualFold(p.Mode, "host") {
			return []string{fmt.Sprintf("deploy.update_config.order: start-first needs a free node for each update, because port %d is published in host mode", p.Published)}
		}
	}
	return nil
}
