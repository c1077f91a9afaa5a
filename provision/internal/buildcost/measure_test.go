//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// hold is a script of a child that holds some MiB in a variable for a second.
func hold(mib int) string {
	return fmt.Sprintf(`sh -c 'x=$(head -c %d /dev/zero | tr "\0" x); sleep 1; : "$x"'`, mib<<20)
}

func TestMemoryIsThatOfTheWholeTree(t *testing.T) {
	const one = 24
	got, err := measure(exec.Command("sh", "-c", hold(one)+" & "+hold(one)+" & wait"))
	if err != nil {
		t.Fatal(err)
	}
	if got.largest < one<<20 || got.total < 2*one<<20 {
		t.Errorf("two children of %d MiB: the largest held %d MiB, all %d MiB", one, got.largest>>20, got.total>>20)
	}
	if got.wall <= 0 || got.cpu <= 0 {
		t.Errorf("it took %s and %s of CPU", got.wall, got.cpu)
	}
}

func TestACommandThatFailsIsAnError(t *testing.T) {
	if _, err := measure(exec.Command("sh", "-c", "exit 3")); err == nil {
		t.Error("got no error")
	}
	if _, err := measure(exec.Command(filepath.Join(t.TempDir(), "gone"))); err == nil {
		t.Error("got no error")
	}
}

func TestTheProcessTableIsRead(t *testing.T) {
	proc := t.TempDir()
	for pid, text := range map[string]string{
		"10":   "10 (go) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 7 0 0\n",
		"11":   "11 (a b) c) S 10 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 2 0 0\n",
		"12":   "12 (link) S 11 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 1 0 0\n",
		"13":   "13 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 100 0 0\n",
		"14":   "14 (short) S 10\n",
		"15":   "",
		"self": "10 (go) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 7 0 0\n",
	} {
		if err := os.Mkdir(filepath.Join(proc, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "stat"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := held(processes(proc), 10), 10*int64(os.Getpagesize()); got != want {
		t.Errorf("got %d bytes, want %d", got, want)
	}
	if got := held(processes(filepath.Join(proc, "gone")), 10); got != 0 {
		t.Errorf("without a table: got %d bytes", got)
	}
}

func TestParentsInACircleEnd(t *testing.T) {
	if got := held(map[int]process{1: {parent: 2, memory: 5}, 2: {parent: 1, memory: 5}}, 3); got != 0 {
		t.Errorf("got %d", got)
	}
}

func TestAChangeIsSeenByTheCompilerOnly(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module m\n\ngo 1.25\n")
	write("main.go", "package main\n\nfunc main() {}\n")
	t.Chdir(dir)
	overlay, err := overlayOf(t.TempDir(), "main.go")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, more := range [][]string{nil, {"-overlay", overlay}} {
		out, err := exec.Command("go", append(append([]string{"list", "-export", "-f", "{{.BuildID}}"}, more...), ".")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		ids[string(out)] = true
	}
	if len(ids) != 2 {
		t.Errorf("with and without the change the compiler made the same: %v", ids)
	}
	if text, err := os.ReadFile("main.go"); err != nil || string(text) != "package main\n\nfunc main() {}\n" {
		t.Errorf("the file became %q, %v", text, err)
	}
}
