// Package isolation holds a test only, apart from what it is about: it runs
// without compiling a cloud's SDK.
package isolation

import (
	"os/exec"
	"strings"
	"testing"
)

// Who works on the service, swarmctl or monitoring never compiles a cloud's SDK, which
// takes minutes and gigabytes.
func TestNothingElseDependsOnACloud(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-test", "../../../app/...", "../../../swarmctl/...", "../../../monitoring/...", "../../inventory").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for pkg := range strings.Lines(string(out)) {
		seen++
		if strings.Contains(pkg, "pulumi") {
			t.Errorf("%s is among the dependencies", strings.TrimSpace(pkg))
		}
	}
	if seen < 100 {
		t.Errorf("go list named %d packages", seen)
	}
}
