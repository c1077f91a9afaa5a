package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const inventoryText = `{"name": "NAME", "nodes": [{"name": "n1", "role": "manager", "address": "10.0.0.1",
 "hostKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"]}]}`

func environment(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLocalClustersAreFoundWhereXDGSaysStateIs(t *testing.T) {
	home, state := t.TempDir(), t.TempDir()
	for path, name := range map[string]string{
		filepath.Join(home, ".local/state/swarmctl/local/local"): "in-home",
		filepath.Join(state, "swarmctl/local/local"):             "in-state",
		filepath.Join(state, "swarmctl/local/lab"):               "lab",
	} {
		write(t, filepath.Join(path, "inventory.json"), strings.Replace(inventoryText, "NAME", name, 1))
	}
	for _, c := range []struct {
		spec   string
		getenv func(string) string
		want   string
		key    string
	}{
		{"local", environment("HOME", home), "in-home", home + "/.local/state/swarmctl/local/local/id_ed25519"},
		{"local:", environment("HOME", home), "in-home", home + "/.local/state/swarmctl/local/local/id_ed25519"},
		{"local", environment("HOME", home, "XDG_STATE_HOME", state), "in-state", state + "/swarmctl/local/local/id_ed25519"},
		{"local:lab", environment("HOME", home, "XDG_STATE_HOME", state), "lab", state + "/swarmctl/local/lab/id_ed25519"},
	} {
		got, err := Load(context.Background(), c.spec, c.getenv)
		if err != nil || got.Name != c.want || !slices.Equal(got.Identities, []string{c.key}) {
			t.Errorf("%s: got %q with key %q, %v; want %q with key %q", c.spec, got.Name, got.Identities, err, c.want, c.key)
		}
	}
}

func TestAPathThatIsNotAbsoluteIsNoXDGDirectory(t *testing.T) {
	home := t.TempDir()
	got := LocalDir("lab", environment("HOME", home, "XDG_STATE_HOME", "state"))
	if want := filepath.Join(home, ".local/state/swarmctl/local/lab"); got != want {
		t.Errorf("got %s, want %s, as the specification says", got, want)
	}
}

func TestFilesAreReadAsJSONAndAsYAML(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"inv.json":    strings.Replace(inventoryText, "NAME", "shop", 1),
		"inv":         strings.Replace(inventoryText, "NAME", "shop", 1),
		"inv.yaml":    "# mine\nname: shop\nnodes:\n- name: n1\n  role: manager\n  address: 10.0.0.1\n  hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h]\n",
		"anchors.yml": "name: shop\nnodes:\n- {name: n1, role: manager, address: 10.0.0.1, hostKeys: &keys [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h]}\n- {name: n2, role: worker, address: 10.0.0.2, hostKeys: *keys}\n",
	} {
		path := filepath.Join(dir, name)
		write(t, path, text)
		got, err := Load(context.Background(), path, environment())
		if err != nil || got.Name != "shop" || got.Nodes[0].Port != 22 || len(got.Identities) > 0 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestWhatTheUserMustMendIsErrInvalidAndNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "twice.yaml"), "name: a\nname: b\n")
	write(t, filepath.Join(dir, "tab.yaml"), "name:\n\t- a\n")
	write(t, filepath.Join(dir, "faults.yaml"), "name: a b\nnodes: []\n")
	write(t, filepath.Join(dir, "state/swarmctl/local/broken/inventory.json"), "{}")
	for spec, want := range map[string][]string{
		dir + "/twice.yaml":  {"twice.yaml: ", `key "name" already set`},
		dir + "/tab.yaml":    {"tab.yaml: ", "line 2"},
		dir + "/faults.yaml": {"faults.yaml: inventory has 2 faults:\nname: ", "\nnodes: "},
		dir + "/gone.yaml":   {"gone.yaml: no such file"},
		dir:                  {"is a directory"},
		"local:lab":          {`there is no local cluster "lab"`},
		"local:broken":       {"broken/inventory.json: inventory has 2 faults"},
		"local:../../x":      {`there is no local cluster "../../x"`},
	} {
		_, err := Load(context.Background(), spec, environment("XDG_STATE_HOME", dir+"/state"))
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want an ErrInvalid", spec, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error lacks %q:\n%v", spec, part, err)
			}
		}
	}
}

func TestATargetThatIsNotThereComesWithACure(t *testing.T) {
	for spec, want := range map[string]string{
		"local":     "`swarmctl local up` makes one",
		"local:lab": "`swarmctl local up --name lab` makes one",
		"gone.json": "--target takes local, pulumi:STACK or an inventory file",
	} {
		_, err := Load(context.Background(), spec, environment("HOME", t.TempDir()))
		var h interface{ Hint() string }
		if !errors.As(err, &h) || !strings.Contains(h.Hint(), want) {
			t.Errorf("%s: got %v with hint %q, want %q", spec, err, h, want)
		}
	}
}
