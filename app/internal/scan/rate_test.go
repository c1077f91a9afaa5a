package scan

import "testing"

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

// ours says whether the picture is read, and fails the test on a false read.
func ours(t testing.TB, p distorted) bool {
	t.Helper()
	found := Read(t.Context(), &Picture{luminance(p.img)}, setOf("qr"))
	for _, s := range found {
		if s.Text != p.text {
			t.Errorf("%s: false read %q of %q", p.kind, s.Text, p.text)
		}
	}
	return len(found) == 1
}

// The work is bounded by counting, not by the clock: every machine reads the
// same pictures. Those that are lost are the last of each kind.
func TestReadsDistortedPictures(t *testing.T) {
	const each = 4
	least := map[string]int{"rotation": 4, "perspective": 4, "blur": 2, "noise": 3, "low contrast": 4, "inverted": 4, "shadow": 3, "small": 4, "everything": 3}
	pictures := distortions(t, each)
	count := reads(pictures, func(i int) bool { return ours(t, pictures[i]) })
	for _, kind := range kinds {
		if count[kind.name] < least[kind.name] {
			t.Errorf("%s: %d of %d, want %d", kind.name, count[kind.name], each, least[kind.name])
		}
	}
	t.Logf("read of %d each: %v", each, count)
}
