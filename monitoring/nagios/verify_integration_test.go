//go:build integration

package nagios

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

// daemon is where .ci/setup.sh unpacks Debian's Nagios, which it doesn't
// install: no daemon must start on a developer's machine.
func daemon(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("nagios4"); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "yces", "monitoring", "usr", "sbin", "nagios4")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("Nagios is missing: run .ci/setup.sh (%v)", err)
	}
	return path
}

func TestNagiosAcceptsTheConfiguration(t *testing.T) {
	models := map[string]monitoring.Model{"by SSH": example.SSH(3)}
	for _, nodes := range []int{1, 3, 7, 50} {
		models[fmt.Sprint(nodes)] = example.Model(nodes)
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			state := filepath.Join(dir, "state")
			for _, sub := range []string{"spool/checkresults", "rw", "archives"} {
				if err := os.MkdirAll(filepath.Join(state, sub), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range Render(m) {
				data := bytes.ReplaceAll(f.Data, []byte(stateDir), []byte(state))
				data = bytes.ReplaceAll(data, []byte(logDir), []byte(state))
				data = bytes.ReplaceAll(data, []byte("_user=nagios"), []byte("_user=root"))
				data = bytes.ReplaceAll(data, []byte("_group=nagios"), []byte("_group=root"))
				write(t, filepath.Join(dir, f.Path), data)
			}
			out, err := exec.Command(daemon(t), "-v", filepath.Join(dir, "nagios.cfg")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{"Total Warnings: 0", "Total Errors:   0"} {
				if !bytes.Contains(out, []byte(want)) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
}
