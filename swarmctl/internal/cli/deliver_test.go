package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/image"
	"github.com/ycesproject/yces/swarmctl/internal/registry"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func member(name, system, machine string) swarm.Node {
	return swarm.Node{Description: swarm.NodeDescription{Hostname: name, Platform: swarm.Platform{OS: system, Architecture: machine}}}
}

func supplyOn(t *testing.T, engines map[string]*engine.Client, names ...string) (*supply, *recorder) {
	t.Helper()
	keys, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := &recorder{}
	return &supply{app: &app{display: seen}, keys: keys, fleet: modelFleet(engines, names...), stack: stackfile.Stack{Name: "shop"}}, seen
}

func TestAnImageForAnotherArchitectureIsRefused(t *testing.T) {
	manager := modelEngine(t, map[string]any{"GET /nodes": []swarm.Node{
		member("n1", "linux", "x86_64"), member("n2", "linux", "aarch64"), member("n3", "windows", "x86_64"),
	}})
	s, _ := supplyOn(t, map[string]*engine.Client{"n1": manager}, "n1")
	err := s.checkPlatform(t.Context(), stackImage{name: "shop/web", content: &image.Image{OS: "linux", Architecture: "amd64"}})
	if err == nil || !strings.HasSuffix(err.Error(), "image shop/web is for linux/amd64:\nnode n2 is linux/arm64\nnode n3 is windows/amd64") {
		t.Errorf("got %v", err)
	}
	if err := s.checkPlatform(t.Context(), stackImage{content: &image.Image{OS: "linux", Architecture: "riscv64"}}); err == nil || !strings.Contains(err.Error(), "node n1") {
		t.Errorf("got %v", err)
	}
}

func TestAnImageThatEveryNodeHasIsNotLookedFor(t *testing.T) {
	ref := image.Loopback + "/shop/web@" + someDigest
	has := modelEngine(t, map[string]any{"GET /images/" + ref + "/json": map[string]any{"Id": "sha256:1"}})
	s, seen := supplyOn(t, map[string]*engine.Client{"n1": has}, "n1")
	if err := s.deliver(t.Context(), []stackImage{{name: ref, ref: ref}}, s.fleet.Nodes); err != nil || seen.text() != "" {
		t.Errorf("got %v and %q", err, seen.text())
	}
}

func TestAnImageThatNobodyHasIsAFault(t *testing.T) {
	ref := image.Loopback + "/shop/web@" + someDigest
	s, _ := supplyOn(t, map[string]*engine.Client{"n1": modelEngine(t, nil)}, "n1")
	err := s.deliver(t.Context(), []stackImage{{name: ref, ref: ref}}, s.fleet.Nodes)
	if !errors.As(err, new(missingImageError)) {
		t.Errorf("got %v", err)
	}
}

func TestAPullThatFailsNamesNodeRegistryAndUser(t *testing.T) {
	ref := "example.org/shop/web@" + someDigest
	has := modelEngine(t, map[string]any{"GET /images/" + ref + "/json": map[string]any{"Id": "sha256:1"}})
	s, seen := supplyOn(t, map[string]*engine.Client{"n1": has, "n2": modelEngine(t, nil)}, "n1", "n2")
	s.keys.Give("example.org", "ann", "hunter2")
	err := s.deliver(t.Context(), []stackImage{{name: ref, ref: ref}}, s.fleet.Nodes)
	if err == nil || err.Error() != "node n2: pull "+ref+": registry example.org as user ann: there is none" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(seen.text(), "unchanged node n1: has the image") || !strings.Contains(seen.text(), "failed node n2: image not pulled") {
		t.Errorf("said:\n%s", seen.text())
	}
}
