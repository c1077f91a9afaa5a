package scan

import (
	"context"
	"os"
	"testing"
	"time"
)

// reads counts by kind of distortion the pictures that are read.
func reads(pictures []distorted, read func(i int) bool) map[string]int {
	count := map[string]int{}
	for i, p := range pictures {
		if read(i) {
			count[p.kind]++
		}
	}
	return count
}

func ours(t testing.TB, p distorted) bool {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	found := Read(ctx, &Picture{luminance(p.img)}, Strong)
	if os.Getenv("V") != "" {
		t.Log(p.kind, len(found), time.Since(start))
	}
	for _, s := range found {
		if s.Text != p.text {
			t.Errorf("%s: false read %q of %q", p.kind, s.Text, p.text)
		}
	}
	return len(found) == 1
}

func TestReadsDistortedPictures(t *testing.T) {
	const each = 10
	pictures := distortions(t, each)
	count := reads(pictures, func(i int) bool { return ours(t, pictures[i]) })
	for _, kind := range kinds {
		t.Logf("%-14s %d of %d", kind.name, count[kind.name], each)
	}
}
