package prometheus

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ycesproject/yces/monitoring/internal/example"
)

var update = flag.Bool("update", false, "write the golden files")

func TestThreeNodesRenderAsInTheGoldenFiles(t *testing.T) {
	for _, f := range Render(example.Model(3)) {
		path := filepath.Join("testdata", f.Path)
		if *update {
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(want, f.Data) {
			t.Errorf("%s differs (%v); if that is right: go test -update", path, err)
		}
	}
}
