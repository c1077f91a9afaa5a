package engine

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// recorded is what an engine answered to a build of debian:bookworm-slim and
// one RUN.
func recorded(t *testing.T, name string) io.Reader {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReader(string(text))
}

// list keeps what it is given, as "kind: text".
type list struct{ texts []string }

func (l *list) sink(e event.Event) { l.texts = append(l.texts, string(e.Kind)+": "+e.Text) }

func TestABuildThatFailsShowsItsStepAndWhatThatPrintedLast(t *testing.T) {
	var seen list
	id, err := readBuild(recorded(t, "build_failed.json"), "image web", seen.sink)
	if err == nil || id != "" {
		t.Fatalf("got image %q, %v; want an error", id, err)
	}
	for _, want := range []string{"exit code: 3\nstep [2/2] RUN for i in", "line 19\nline 20\n", "cannot find module"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "line 2\n") {
		t.Errorf("the error holds all of the log:\n%v", err)
	}
	if !slices.Contains(seen.texts, "output: line 1") {
		t.Errorf("the first line was not shown: %q", seen.texts)
	}
}

func TestABuildShowsItsStepsAndNamesItsImage(t *testing.T) {
	var seen list
	id, err := readBuild(recorded(t, "build_done.json"), "image web", seen.sink)
	if err != nil || !strings.HasPrefix(id, "sha256:") || len(id) != len("sha256:")+64 {
		t.Fatalf("got image %q, %v", id, err)
	}
	if !slices.Contains(seen.texts, "output: built") || !slices.Contains(seen.texts, "progress: [2/2] RUN echo built") {
		t.Errorf("shown: %q", seen.texts)
	}
	steps := 0
	for _, text := range seen.texts {
		if strings.Contains(text, "[internal]") {
			t.Errorf("shown: %q", text)
		}
		if strings.Contains(text, "RUN echo built") {
			steps++
		}
	}
	if steps != 1 {
		t.Errorf("the step was shown %d times: %q", steps, seen.texts)
	}
}

func TestABuildThatBreaksOffIsNoImage(t *testing.T) {
	whole, err := io.ReadAll(recorded(t, "build_done.json"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(whole)
	before, _, _ := strings.Cut(text, `{"id":"moby.image.id"`)
	for name, body := range map[string]string{
		"before the image is named": before,
		"in the middle of a word":   text[:300],
		"before the first":          "",
	} {
		if id, err := readBuild(strings.NewReader(body), "image web", nil); err == nil {
			t.Errorf("%s: got image %q and no error", name, id)
		}
	}
}

func TestProgressThatCannotBeReadFailsNoBuild(t *testing.T) {
	body := `{"id":"moby.buildkit.trace","aux":"AAAA"}
{"id":"moby.buildkit.trace","aux":{"a":1}}
{"id":"moby.buildkit.trace"}
{"id":"moby.image.id","aux":{"ID":"sha256:1"}}`
	if id, err := readBuild(strings.NewReader(body), "image web", nil); err != nil || id != "sha256:1" {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestAPullAddsItsLayersUp(t *testing.T) {
	body := `{"status":"Pulling from web","id":"latest"}
{"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"}
{"status":"Downloading","progressDetail":{"current":5,"total":50},"id":"b"}
{"status":"Downloading","progressDetail":{"current":100,"total":100},"id":"a"}
{"status":"Extracting","progressDetail":{"current":1,"total":999},"id":"a"}
{"status":"Pull complete","progressDetail":{},"id":"a"}`
	var got [][2]int64
	err := readPull(strings.NewReader(body), func(current, total int64) { got = append(got, [2]int64{current, total}) })
	want := [][2]int64{{10, 100}, {15, 150}, {105, 150}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if err := readPull(strings.NewReader(body), nil); err != nil {
		t.Errorf("with nobody to tell: %v", err)
	}
}

func TestAPullThatFailsInTheMiddleIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":"Pulling"}` + "\n" + `{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}`: "manifest unknown",
		`{"status":"Pulling"}` + "\n" + `{"status":`:                                                                "unexpected EOF",
	} {
		if err := readPull(strings.NewReader(body), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAPushTellsItsDigestAndHowFarItIs(t *testing.T) {
	const body = `{"status": "The push refers to repository [example.org/web]"}
{"status": "Pushing", "progressDetail": {"current": 3, "total": 10}, "id": "a"}
{"status": "Layer already exists", "progressDetail": {}, "id": "b"}
{"status": "Pushed", "progressDetail": {}, "id": "a"}
{"progressDetail": {}, "aux": {"Tag": "7", "Digest": "sha256:abc", "Size": 528}}`
	var got [][2]int64
	digest, err := readPush(strings.NewReader(body), func(current, total int64) { got = append(got, [2]int64{current, total}) })
	if err != nil || digest != "sha256:abc" || len(got) != 1 || got[0] != [2]int64{3, 10} {
		t.Errorf("got %q, %v, %v", digest, err, got)
	}
	for body, want := range map[string]string{
		`{"status": "Pushed"}`: "named no digest",
		`{"errorDetail": {"message": "denied: no write"}, "error": "denied: no write"}`: "denied: no write",
		`{"status": "Push`: "unexpected EOF",
	} {
		if _, err := readPush(strings.NewReader(body), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}
