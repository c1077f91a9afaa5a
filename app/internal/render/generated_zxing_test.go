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

// zxingFormats are zxing-cpp's names; it is told the format, as every scanner's
// operator does, because some formats look like others.
var zxingFormats = map[string]string{
	"ean8": "EAN-8", "ean13": "EAN-13", "upca": "UPC-A", "upce": "UPC-E",
	"code39": "Code39", "code93": "Code93", "code128": "Code128",
	"datamatrix": "DataMatrix", "aztec": "Aztec", "pdf417": "PDF417", "itf": "ITF", "itf14": "ITF", "gs1-128": "Code128", "codabar": "Codabar",
}

func TestZxingReadsEverySymbology(t *testing.T) {
	for name, format := range zxingFormats {
		t.Run(name, func(t *testing.T) {
			set := samples(t, name)
			for i, got := range zxingRead(t, set, format) {
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
func zxingRead(t *testing.T, set []sample, format string) []string {
	t.Helper()
	paths := make([]string, len(set))
	for i, s := range set {
		paths[i] = s.path
	}
	command := exec.Command("/usr/bin/python3", "-c", zxingScript, format)
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
