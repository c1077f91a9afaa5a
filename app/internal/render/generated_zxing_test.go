//go:build integration

package render

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

//go:embed testdata/zxing_read.py
var zxingScript string

// zxing-cpp looks for every format that it knows, so that a symbol which looks
// like one of another symbology shows up.
func TestZxingReadsEverySymbology(t *testing.T) {
	for name := range texts {
		t.Run(name, func(t *testing.T) {
			set := samples(t, name)
			for i, got := range zxingRead(t, set) {
				want := set[i].want
				if name == "codabar" { // returned without start and stop
					want = want[1 : len(want)-1]
				}
				if got != want {
					t.Errorf("%q: zxing-cpp reads %q, want %q", set[i].text, got, want)
				}
			}
		})
	}
}

// zxingRead gives all images to one process.
func zxingRead(t *testing.T, set []sample) []string {
	t.Helper()
	paths := make([]string, len(set))
	for i, s := range set {
		paths[i] = s.path
	}
	command := exec.Command("/usr/bin/python3", "-c", zxingScript)
	command.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("run zxing-cpp: %v: %s", err, complaints.String())
	}
	var read []string
	if err := json.Unmarshal(out, &read); err != nil || len(read) != len(set) {
		t.Fatalf("parse zxing-cpp's answer of %d texts for %d images: %v", len(read), len(set), err)
	}
	return read
}
