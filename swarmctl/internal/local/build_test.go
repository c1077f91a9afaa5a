package local

import (
	"strings"
	"testing"

	"github.com/ycesproject/yces/swarmctl/machines"
)

func TestProxiesReachBuildsAndNothingElseDoes(t *testing.T) {
	env := map[string]string{"https_proxy": "http://proxy.example:3128", "SECRET": "x"}
	args := builder{getenv: func(k string) string { return env[k] }}.args(machines.Image(nil, "docker.io"))
	if v := args["https_proxy"]; v == nil || *v != "http://proxy.example:3128" {
		t.Errorf("https_proxy = %v", v)
	}
	if v := args["PACKAGES"]; v == nil || *v != "docker.io" {
		t.Errorf("PACKAGES = %v", v)
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
