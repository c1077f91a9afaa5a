//go:build integration

package prometheus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ycesproject/yces/monitoring/internal/example"
)

// tool is where .ci/setup.sh unpacks Debian's Prometheus.
func tool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "yces", "monitoring", "usr", "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: run .ci/setup.sh (%v)", name, err)
	}
	return path
}

func TestPrometheusAndAlertmanagerAcceptTheFiles(t *testing.T) {
	for _, nodes := range []int{1, 3, 7, 50} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range Render(example.Model(nodes)) {
				if err := os.WriteFile(filepath.Join(dir, f.Path), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range [][]string{
				{"promtool", "check", "config", filepath.Join(dir, "prometheus.yml")},
				{"promtool", "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(dir, "alerts.yml")},
				{"amtool", "check-config", filepath.Join(dir, "alertmanager.yml")},
			} {
				if out, err := exec.Command(tool(t, line[0]), line[1:]...).CombinedOutput(); err != nil {
					t.Errorf("%v: %v\n%s", line, err, out)
				}
			}
		})
	}
}
