//go:build unix

// Command buildcost says what it costs to compile the provisioning program,
// which takes in the SDK of a whole cloud, next to what the rest of the
// repository costs: time, memory and the size of what comes out. It builds with
// an empty cache, as the first `pulumi up` does, and again after a change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// builds are in the order in which they share caches: each names its own.
var builds = []struct {
	title, cache string
	// changed is a file that gets a new comment, as by an editor.
	changed  string
	packages []string
}{
	{"./app ./swarmctl, empty cache", "rest", "", []string{"./app", "./swarmctl"}},
	{"./provision, empty cache", "provision", "", []string{"./provision"}},
	{"./provision, nothing changed", "provision", "", []string{"./provision"}},
	{"./provision, a change in internal/azure", "provision", "provision/internal/azure/azure.go", []string{"./provision"}},
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "buildcost")
	if err != nil {
		return fmt.Errorf("make build folder: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	fmt.Printf("%s, %d CPUs, one compiler for each\n", runtime.Version(), runtime.NumCPU())
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BUILD\tTIME\tCPU\tLARGEST PROCESS\tALL PROCESSES\tBINARIES")
	for _, b := range builds {
		fmt.Fprintf(os.Stderr, "building %s\n", b.title)
		command, out, err := goBuild(ctx, dir, b.cache, b.changed, b.packages)
		if err != nil {
			return err
		}
		cost, err := measure(command)
		if err != nil {
			return fmt.Errorf("build %s: %w", b.title, err)
		}
		size, err := sizeOf(out)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", b.title, cost.wall.Round(time.Second/10), cost.cpu.Round(time.Second/10), mebibytes(cost.largest), mebibytes(cost.total), mebibytes(size))
	}
	return table.Flush()
}

// goBuild is a build into a folder of its own, with a cache of its own.
func goBuild(ctx context.Context, dir, cache, changed string, packages []string) (command *exec.Cmd, out string, err error) {
	if out, err = os.MkdirTemp(dir, "out"); err != nil {
		return nil, "", fmt.Errorf("make output folder: %w", err)
	}
	args := []string{"build", "-o", out + string(filepath.Separator)}
	if changed != "" {
		overlay, err := overlayOf(dir, changed)
		if err != nil {
			return nil, "", err
		}
		args = append(args, "-overlay", overlay)
	}
	command = exec.CommandContext(ctx, "go", append(args, packages...)...)
	command.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache-"+cache))
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return command, out, nil
}

// overlayOf shows the compiler a file with one more comment and leaves the file
// itself alone; see `go help build`, -overlay.
func overlayOf(dir, changed string) (string, error) {
	text, err := os.ReadFile(changed)
	if err != nil {
		return "", fmt.Errorf("read what is to be changed: %w", err)
	}
	path, err := filepath.Abs(changed)
	if err != nil {
		return "", fmt.Errorf("find what is to be changed: %w", err)
	}
	other, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	doc, err := json.Marshal(map[string]map[string]string{"Replace": {path: other}})
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	for name, content := range map[string][]byte{other: append(text, "\n// Changed.\n"...), overlay: doc} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return "", fmt.Errorf("write overlay: %w", err)
		}
	}
	return overlay, nil
}

// sizeOf is that of all files in a folder.
func sizeOf(dir string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("read output folder: %w", err)
	}
	var sum int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, fmt.Errorf("look at %s: %w", e.Name(), err)
		}
		sum += info.Size()
	}
	return sum, nil
}

func mebibytes(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return strconv.FormatInt(n>>20, 10) + " MiB"
}
