//go:build integration

package scan

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/zxing_read.py
var zxingScript string

// save writes the pictures and returns their paths.
func save(t *testing.T, pictures []distorted) []string {
	t.Helper()
	dir := t.TempDir()
	paths := make([]string, len(pictures))
	for i, p := range pictures {
		paths[i] = filepath.Join(dir, fmt.Sprintf("%s%03d.png", p.kind, i))
		file, err := os.Create(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(file, p.img); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// zbarTexts returns what zbarimg reads in each picture.
func zbarTexts(t *testing.T, paths []string) []string {
	t.Helper()
	texts := make([]string, len(paths))
	for i, path := range paths {
		out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Stest-inverted", path).Output()
		const nothingFound = 4
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != nothingFound) {
			t.Fatalf("run zbarimg: %v", err)
		}
		texts[i] = strings.TrimSuffix(string(out), "\n")
	}
	return texts
}

// zxingTexts returns what zxing-cpp reads in each picture.
func zxingTexts(t *testing.T, paths []string) []string {
	t.Helper()
	command := exec.Command("/usr/bin/python3", "-c", zxingScript)
	command.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("run zxing-cpp: %v", err)
	}
	var texts []string
	if err := json.Unmarshal(out, &texts); err != nil || len(texts) != len(paths) {
		t.Fatalf("parse zxing-cpp's answer of %d texts: %v", len(texts), err)
	}
	return texts
}

// Acceptance: at least as many as the better of the two on the same pictures.
func TestReadsAtLeastAsManyAsItsPeers(t *testing.T) {
	const each = 36
	pictures := distortions(t, each)
	paths := save(t, pictures)
	texts := map[string][]string{"zbarimg": zbarTexts(t, paths), "zxing-cpp": zxingTexts(t, paths)}
	own := reads(pictures, func(i int) bool { return ours(t, pictures[i]) })
	peers := map[string]map[string]int{}
	for name, read := range texts {
		peers[name] = reads(pictures, func(i int) bool { return read[i] == pictures[i].text })
	}
	t.Logf("%-14s %5s %8s %10s of %d", "", "ours", "zbarimg", "zxing-cpp", each)
	total := map[string]int{}
	for _, kind := range kinds {
		t.Logf("%-14s %5d %8d %10d", kind.name, own[kind.name], peers["zbarimg"][kind.name], peers["zxing-cpp"][kind.name])
		total["own"] += own[kind.name]
		for name := range peers {
			total[name] += peers[name][kind.name]
		}
	}
	t.Logf("%-14s %5d %8d %10d of %d", "all", total["own"], total["zbarimg"], total["zxing-cpp"], len(pictures))
	if total["own"] < max(total["zbarimg"], total["zxing-cpp"]) {
		t.Error("a peer reads more")
	}
}
