package stackfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFaultsReadAsTheUserWroteTheFile(t *testing.T) {
	for text, want := range map[string][]string{
		"services:\n  web: {image: nginx, deploy: {replicas: many}}": {"compose.yaml has 1 fault:", `services.web.deploy.replicas: must be an integer, got "many"`},
		"services:\n  web: {image: nginx, prots: ['80:80']}":         {"services.web: additional property prots is not allowed"},
		"services:\n  web: {image: nginx, ports: ['80:80', 'x:1']}":  {`services.web.ports.1: does not match format 'ports', got "x:1"`},
		"services: {}": {"services: there is none"},
		"services:\n  web: {image: nginx}\nx-swarmctl: {stack: 7}":                                   {"x-swarmctl.stack: must be a string, got 7"},
		"services:\n  web: {image: nginx}\nx-swarmctl: shop":                                         {"x-swarmctl: must be a mapping"},
		"services:\n  web: {image: nginx, secrets: [key]}\nsecrets: {key: {}}":                       {"secrets.key.file: is missing or a folder; name a file or, with environment, a variable, or say external: true"},
		"services:\n  web: {image: nginx, deploy: {mode: everywhere}}":                               {`deploy.mode: must be replicated, global, replicated-job or global-job, got "everywhere"`},
		"services:\n  a: {image: n, ports: ['80:1']}\n  b: {image: n, ports: ['80:2']}":              {"ports: 80/tcp is published by services."},
		"services:\n  a: {image: n, build: {context: ., args: [A=1], nope: x}}":                      {"services.a.build.nope: there is no such setting here; known: context, dockerfile"},
		"services:\n  a: {image: 'x:${TAG}-${MISSING:?the tag to deploy}'}":                          {"services.a.image", "the tag to deploy"},
		"version: '9.9'\nservices:\n  a: {image: n}":                                                 {"9.9"},
		"services:\n  a: {image: n}\n  a: {image: m}":                                                {`line 3: mapping key "a" already defined at line 2`},
		"services:\n  a: {image: n, configs: [{source: c, target: /c}]}\nconfigs: {c: {file: gone}}": {"configs.c.file: ", "gone: no such file"},
	} {
		_, err := load(t, map[string]string{"compose.yaml": text})
		if !errors.As(err, new(*InvalidError)) {
			t.Errorf("%s\ngot %v, want an InvalidError", text, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s\nthe error lacks %q:\n%v", text, part, err)
			}
		}
	}
}

func TestBuildSettingsThatChangeNothingAreWarnedOf(t *testing.T) {
	stack := mustLoad(t, map[string]string{"compose.yaml": "services:\n  web: {build: {context: ., cache_from: [a], x-mine: 1}}"})
	if len(stack.Warnings) != 1 || stack.Warnings[0] != "services.web.build.cache_from: it is not used here" {
		t.Errorf("got %q", stack.Warnings)
	}
}

func TestEveryFileThatCannotBeReadIsNamed(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("services:\n\t- a"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(context.Background(), Options{Files: []string{broken, filepath.Join(dir, "gone.yaml"), dir}})
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Faults) != 3 || invalid.Hint() == "" {
		t.Fatalf("got %v, want three faults and a hint", err)
	}
	for i, want := range []string{broken + ": yaml: line 2", "gone.yaml: no such file", "is a directory"} {
		if !strings.Contains(invalid.Faults[i], want) {
			t.Errorf("fault %d is %q, want %q", i, invalid.Faults[i], want)
		}
	}
	if _, err := Load(context.Background(), Options{}); !errors.As(err, &invalid) || !strings.Contains(invalid.Hint(), "--file") {
		t.Errorf("without a file: %v", err)
	}
}

func TestLaterFilesOverrideEarlierOnes(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, text := range map[string]string{
		"a.yaml": "services:\n  web: {image: 'web:1', environment: {A: '1', B: '1'}}\nx-swarmctl: {stack: shop}",
		"b.yaml": "services:\n  web: {image: 'web:2', environment: {B: '2'}}\n  db: {image: 'db:1'}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files = []string{filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")}
	stack, err := Load(context.Background(), Options{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	web := stack.Services["shop_web"].TaskTemplate.ContainerSpec
	if web == nil || web.Image != "web:2" || strings.Join(web.Env, " ") != "A=1 B=2" || len(stack.Services) != 2 {
		t.Errorf("got %+v of %d services", web, len(stack.Services))
	}
	named, err := Load(context.Background(), Options{Files: files, Name: "other"})
	if err != nil || named.Name != "other" || named.Services["other_web"].Name != "other_web" {
		t.Errorf("with a name: %q, %v", named.Name, err)
	}
}

func TestTheFolderNamesAStackThatHasNoName(t *testing.T) {
	for dir, want := range map[string]string{"/srv/shop": "shop", "/srv/My Shop_2": "myshop_2", "/srv/_x-": "x", "/srv/ß": "", "/": ""} {
		if got := defaultName(dir); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
	for name, want := range map[string]bool{"shop": true, "Shop_2-b": true, "": false, "-x": false, "a b": false, strings.Repeat("a", 64): false} {
		if got := validStackName(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func TestNamesByContentFitTheSwarm(t *testing.T) {
	long := contentName(strings.Repeat("n", 80), "", []byte("x"))
	if len(long) != maxName || !strings.HasPrefix(long, "nnn") {
		t.Errorf("got %q of %d letters", long, len(long))
	}
	if contentName("site", "", []byte("x")) == contentName("site", "golang", []byte("x")) {
		t.Error("a template and a plain file of the same content got one name")
	}
}

// Whatever a file holds, loading it ends with a stack or with faults.
func FuzzLoad(f *testing.F) {
	f.Add("services:\n  web: {image: nginx, ports: ['80:80']}")
	f.Add("services:\n  web: {image: nginx, prots: [1], deploy: {replicas: x, update_config: {order: 1}}}\nx-swarmctl: {stack: s}")
	f.Add("services: {web: null}\nnetworks: [a]\nconfigs: {c: {file: x}}")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "compose.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stack, err := Load(context.Background(), Options{Files: []string{path}, Name: "shop"})
		if err == nil && len(stack.Services) == 0 {
			t.Error("no fault and no service")
		}
		var invalid *InvalidError
		if errors.As(err, &invalid) && len(invalid.Faults) == 0 {
			t.Error("invalid without a fault")
		}
	})
}
