package local

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

func TestTheWrittenInventoryIsOneThatTargetsRead(t *testing.T) {
	dir := t.TempDir()
	key, err := newKeyPair("c-1")
	if err != nil {
		t.Fatal(err)
	}
	p := part{Node: "c-1", Role: "manager", Address: "10.213.0.11", HostKey: key.public}
	inv := cluster{Name: "c", Machines: []part{p}}.inventory()
	inv.Endpoint = endpoint(8080)
	if err := writeState(dir, inv); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(dir, target.InventoryFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := inventory.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got.Nodes[0].HostKeys[0] != key.public || got.Endpoint != "http://127.0.0.1:8080" {
		t.Errorf("inventory = %+v", got)
	}
}

func TestTheLoginKeyIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), target.IdentityFile)
	first, err := loginKey(path, "c")
	if err != nil {
		t.Fatal(err)
	}
	again, err := loginKey(path, "c")
	if err != nil || again.public != first.public {
		t.Errorf("second key = %q, %v; want the first", again.public, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
}

func TestABrokenLoginKeyIsNamedWithItsCure(t *testing.T) {
	path := filepath.Join(t.TempDir(), target.IdentityFile)
	if err := os.WriteFile(path, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loginKey(path, "c")
	hinted, ok := err.(interface{ Hint() string })
	if !ok || hinted.Hint() == "" {
		t.Errorf("error %v has no cure", err)
	}
}

func TestAClusterIsWorkedOnByOneProcessAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	release, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil {
		t.Fatal("locked twice")
	}
	release()
	release, err = lock(dir)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	release()
}

func TestTheLockFollowsADirectoryThatWasMadeAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	release, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	// As `down` does, the lock still in hand.
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	second, err := lock(dir)
	if err != nil {
		t.Fatalf("the new directory: %v", err)
	}
	defer second()
	if _, err := lock(dir); err == nil {
		t.Error("the new directory was locked twice")
	}
}
