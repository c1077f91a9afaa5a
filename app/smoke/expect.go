package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// expectation is what the balancer should serve.
type expectation struct {
	endpoint string
	commit   string
	replicas int
	text     string
}

// expect reads what swarmctl says of the swarm and of the newest release.
func expect(statusFile, releasesFile, service string) (expectation, error) {
	var status struct {
		Endpoint string
		Services []struct {
			Name, Stack string
			Desired     int
		}
	}
	var releases []struct{ Commit, Outcome string }
	if err := errors.Join(read("--status", statusFile, &status), read("--releases", releasesFile, &releases)); err != nil {
		return expectation{}, err
	}
	want := expectation{endpoint: strings.TrimRight(status.Endpoint, "/")}
	var faults []error
	if want.endpoint == "" {
		faults = append(faults, fmt.Errorf("%s: names no endpoint; the inventory should", statusFile))
	}
	for _, s := range status.Services {
		if s.Name == s.Stack+"_"+service || s.Name == service {
			want.replicas = s.Desired
		}
	}
	if want.replicas == 0 {
		faults = append(faults, fmt.Errorf("%s: has no service %q with replicas", statusFile, service))
	}
	if len(releases) > 0 {
		want.commit = releases[0].Commit
	}
	if want.commit == "" {
		faults = append(faults, fmt.Errorf("%s: the newest release names no commit", releasesFile))
	}
	return want, errors.Join(faults...)
}

func read(flag, file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %s: %w", flag, file, err)
	}
	return nil
}
