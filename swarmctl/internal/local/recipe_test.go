package local

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
	"testing"
)

func reference(t *testing.T, r recipe, base string) string {
	t.Helper()
	ref, err := r.reference(base)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAnImageIsNamedByEverythingItIsMadeOf(t *testing.T) {
	certs := map[string][]byte{"proxy.crt": []byte("A")}
	first := reference(t, machineRecipe(false, certs), "sha256:1")
	if again := reference(t, machineRecipe(false, map[string][]byte{"proxy.crt": []byte("A")}), "sha256:1"); again != first {
		t.Errorf("the same recipe gives %s and %s", first, again)
	}
	for what, other := range map[string]string{
		"another base image":  reference(t, machineRecipe(false, certs), "sha256:2"),
		"another certificate": reference(t, machineRecipe(false, map[string][]byte{"proxy.crt": []byte("B")}), "sha256:1"),
		"no Docker":           reference(t, machineRecipe(true, certs), "sha256:1"),
	} {
		if other == first {
			t.Errorf("%s gives the same image %s", what, first)
		}
	}
}

func TestTheBuildContextHoldsWhatTheRecipeCopies(t *testing.T) {
	modes := contextModes(t, machineRecipe(false, map[string][]byte{"proxy.crt": []byte("A")}))
	for name, mode := range map[string]int64{
		"Dockerfile": 0o644, "ca/": 0o755, "ca/proxy.crt": 0o644,
		"files/usr/local/sbin/machine-init": 0o755,
	} {
		if got, ok := modes[name]; !ok || got != mode {
			t.Errorf("%s has mode %o (found %v), want %o", name, got, ok, mode)
		}
	}
}

func contextModes(t *testing.T, r recipe) map[string]int64 {
	t.Helper()
	files, err := r.context()
	if err != nil {
		t.Fatal(err)
	}
	buf, err := archive(files)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for reader := tar.NewReader(buf); ; {
		h, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return modes
		}
		if err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.Mode
	}
}

func TestProxiesReachBuildsAndNothingElseDoes(t *testing.T) {
	env := map[string]string{"https_proxy": "http://proxy.example:3128", "SECRET": "x"}
	args := builder{getenv: func(k string) string { return env[k] }}.args(machineRecipe(false, nil))
	if v := args["https_proxy"]; v == nil || *v != "http://proxy.example:3128" {
		t.Errorf("https_proxy = %v", v)
	}
	if v := args["DOCKER"]; v == nil || *v != "docker.io" {
		t.Errorf("DOCKER = %v", v)
	}
	if len(args) != 3 { // BASE too
		t.Errorf("arguments = %v", args)
	}
}

func TestBuildLinesWithoutMeaningAreDropped(t *testing.T) {
	for line, want := range map[string]string{
		"Setting up openssh-server (1:9.2p1) ...":                 "Setting up openssh-server (1:9.2p1) ...",
		"\x1b[91mE: Unable to locate package nix\x1b[0m":          "E: Unable to locate package nix",
		" ---> fac8f536627c":                                      "",
		"\x1b[0m":                                                 "",
		"(Reading database ... 5%(Reading database ... 100%":      "",
		"3072 SHA256:MZZVClrXyy9J06MnkJEIW9AF3gejT30c root (RSA)": "",
		"10%\r20%\rdone":                                          "done",
	} {
		if got := buildLine(line); got != want {
			t.Errorf("buildLine(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestBuildStepsAreCounted(t *testing.T) {
	current, total, ok := buildStep("Step 6/11 : RUN true")
	if !ok || current != 6 || total != 11 {
		t.Errorf("step = %d/%d, %v", current, total, ok)
	}
	if _, _, ok := buildStep("Setting up step (1)"); ok {
		t.Error("another line counts as a step")
	}
}

func TestTheEnginesErrorEndsABuild(t *testing.T) {
	stream := `{"stream":"Step 1/2 : FROM x\n"}{"error":"returned a non-zero code: 100\n"}`
	err := builder{}.follow("image", strings.NewReader(stream))
	if err == nil || err.Error() != "returned a non-zero code: 100" {
		t.Errorf("error = %v", err)
	}
}

func TestAStreamThatBreaksOffIsAnError(t *testing.T) {
	if err := (builder{}).follow("image", strings.NewReader(`{"stream":"Ste`)); err == nil {
		t.Error("a broken stream was taken for a finished one")
	}
}
