package stackfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

func load(t *testing.T, files map[string]string) (Stack, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(context.Background(), Options{Files: []string{filepath.Join(dir, "compose.yaml")}, Environment: map[string]string{"TAG": "7"}})
}

func mustLoad(t *testing.T, files map[string]string) Stack {
	t.Helper()
	stack, err := load(t, files)
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

func TestEveryFaultIsReportedByItsField(t *testing.T) {
	_, err := load(t, map[string]string{"compose.yaml": `
services:
  web:
    image: nginx
    prots: ["80:80"]
    deploy:
      replicas: many
      update_config: {order: sideways}
  db:
    image: "Not A Reference"
    ports: ["eighty:80"]
`})
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v, want an InvalidError", err)
	}
	for _, want := range []string{"prots", "services.web.deploy.replicas", "services.web.deploy.update_config.order", "eighty"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q:\n%s", want, err)
		}
	}
	if len(invalid.Faults) != 4 {
		t.Errorf("got %d faults, want 4:\n%s", len(invalid.Faults), err)
	}
}

func TestWhatTheSchemaLetsPassIsChecked(t *testing.T) {
	_, err := load(t, map[string]string{"compose.yaml": `
services:
  web:
    image: "Not A Reference"
    networks: [nowhere]
    configs: [absent]
    ports: ["80:80"]
    deploy:
      update_config: {failure_action: explode, max_failure_ratio: 7}
  idle: {ports: ["80:81"]}
secrets:
  key: {file: ./gone}
x-swarmctl: {stak: 1}
`})
	for _, want := range []string{
		"services.web.image", "services.web.networks", "services.web.configs",
		"services.web.deploy.update_config.failure_action", "services.web.deploy.update_config.max_failure_ratio",
		"services.idle.image", "80/tcp is published by services.", "secrets.key.file", "x-swarmctl.stak",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q:\n%v", want, err)
		}
	}
}

func TestConfigsAndSecretsAreNamedByTheirContent(t *testing.T) {
	compose := `
services:
  web:
    image: nginx:${TAG}
    configs: [site]
    secrets: [key]
configs: {site: {file: ./site}}
secrets: {key: {file: ./key}}
`
	one := mustLoad(t, map[string]string{"compose.yaml": compose, "site": "a", "key": "k"})
	same := mustLoad(t, map[string]string{"compose.yaml": compose, "site": "a", "key": "k"})
	other := mustLoad(t, map[string]string{"compose.yaml": compose, "site": "b", "key": "k"})

	spec := func(s Stack) swarm.ContainerSpec { return *s.Services["shop_web"].TaskTemplate.ContainerSpec }
	name := func(s Stack) string { return spec(s).Configs[0].ConfigName }
	if name(one) != name(same) || name(one) == name(other) {
		t.Errorf("config names %q, %q and %q: the first two must be equal, the third not", name(one), name(same), name(other))
	}
	if name(one) != one.Configs[0].Name {
		t.Errorf("the service names config %q, the stack creates %q", name(one), one.Configs[0].Name)
	}
	if spec(one).Secrets[0].SecretName != spec(other).Secrets[0].SecretName {
		t.Error("an unchanged secret got another name")
	}
	if spec(one).Image != "nginx:7" {
		t.Errorf("image is %q, want the interpolated nginx:7", spec(one).Image)
	}
}

func TestBuildIsKept(t *testing.T) {
	stack := mustLoad(t, map[string]string{"compose.yaml": `
services:
  web: {build: {context: ./src, args: {A: "1"}}}
x-swarmctl: {stack: store}
`})
	b := stack.Builds["store_web"]
	if b.Context != filepath.Join(stack.Dir, "src") || b.Dockerfile != filepath.Join(stack.Dir, "src", "Dockerfile") {
		t.Errorf("build is %+v, want paths below %s", b, stack.Dir)
	}
	if got := stack.Services["store_web"].TaskTemplate.ContainerSpec.Image; got != "store_web" {
		t.Errorf("image is %q, want store_web", got)
	}
}

func TestNumbersThatDoNotFitAreWarnedOf(t *testing.T) {
	stack := mustLoad(t, map[string]string{"compose.yaml": `
services:
  web:
    image: nginx
    ports: [{target: 80, published: 80, mode: host}]
    healthcheck: {test: ["CMD", "true"], interval: 10s, retries: 3}
    deploy: {update_config: {monitor: 20s, order: start-first}}
  fine:
    image: nginx
    healthcheck: {test: ["CMD", "true"], interval: 10s, retries: 3}
    deploy: {update_config: {monitor: 30s}}
`})
	all := strings.Join(stack.Warnings, "\n")
	if len(stack.Warnings) != 2 || !strings.Contains(all, "web.deploy.update_config.monitor") || !strings.Contains(all, "web.deploy.update_config.order") {
		t.Errorf("got warnings:\n%s", all)
	}
}
