//go:build integration

package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

// peerStack is the test service for docker stack deploy: the same image, by
// digest, on nodes that have it.
const peerStack = `version: "3.8"
services:
  web:
    image: %s
    deploy: {replicas: 1}
`

// BenchmarkUnchangedDeploy compares what it costs to deploy what runs already:
// ours from the operator's side, building the image and through SSH, and
// docker stack deploy on the manager itself, from a finished image. writes/op
// is how far a deploy moves the service's version in the swarm's store.
func BenchmarkUnchangedDeploy(b *testing.B) {
	m := newMachines(b)
	m.app("1")
	m.must("deploy")
	compose := fmt.Sprintf(peerStack, m.image())
	for _, c := range []struct {
		name, service string
		deploy        func()
	}{
		{"swarmctl", "shop_web", func() { m.must("deploy") }},
		{"docker-stack-deploy", "peer_web", func() {
			cmd := exec.Command("docker", "exec", "--interactive", m.container(1), "docker", "stack", "deploy", "--compose-file", "-", "--resolve-image", "never", "peer")
			cmd.Stdin = strings.NewReader(compose)
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.deploy()
			before := m.version(c.service)
			for b.Loop() {
				c.deploy()
			}
			b.ReportMetric(float64(m.version(c.service)-before)/float64(b.N), "writes/op")
		})
	}
}

// version is the index of a service's last change.
func (m *machines) version(service string) uint64 {
	m.t.Helper()
	services, err := m.manager().ServiceList(context.Background(), swarm.ServiceListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, s := range services {
		if s.Spec.Name == service {
			return s.Version.Index
		}
	}
	m.t.Fatalf("there is no service %s", service)
	return 0
}
