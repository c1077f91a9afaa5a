//go:build integration

package harness

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	heading    = "<h1>QR codes and barcodes</h1>"
	template   = `<h1>{{t "QR codes and barcodes"}}</h1>`
	newHeading = "<h1>Codes that scan</h1>"
	page       = "app/internal/web/templates/page.html"
)

// site is a repository, a Jenkins and a swarm: all that a push goes through.
type site struct {
	*repository
	*cluster
	t        *testing.T
	settings settings
	canaries []string
	// source is the heading in the clone's template, shown what it looks like
	// in the release that is up.
	source, shown string

	mu    sync.Mutex
	posts []string // what the notification's webhook received
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, source: template, shown: heading, canaries: []string{"canary-" + rand.Text(), "canary-" + rand.Text(), "canary-" + rand.Text()}}
	s.cluster = newCluster(t)
	s.repository = newRepository(t, s.canaries[0])
	chat := httptest.NewServer(http.HandlerFunc(s.receive))
	t.Cleanup(chat.Close)
	s.settings = newSettings(t, "").with(short).with(map[string]string{
		// The whole is checked and tested by CI itself.
		"PACKAGES":    "./provision/inventory",
		"GOVULNDB":    "file://" + database(t),
		"NOTIFY_MAIL": "ops@example.org", "NOTIFY_WEBHOOK": "true",
	})
	s.settings.Credentials = map[string]credential{
		"swarm-inventory": {Kind: "file", Name: "inventory.json", Content: s.inventory},
		"swarm-ssh-key":   {Kind: "sshUserPrivateKey", Username: "root", Key: s.key},
		"registry":        {Kind: "usernamePassword", Username: "ann", Password: s.canaries[1]},
		"notify-webhook":  {Kind: "string", Secret: chat.URL + "/" + s.canaries[2]},
	}
	// The key's middle line is its secret part.
	s.canaries = append(s.canaries, strings.Split(s.key, "\n")[3])
	return s
}

func (s *site) receive(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var message struct{ Text string }
	_ = json.Unmarshal(body, &message)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = append(s.posts, r.URL.Path+" "+message.Text)
}

// database is one of known vulnerabilities, in the form of vuln.go.dev, that
// knows none.
func database(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "index", "db.json"), `{"modified":"2025-01-01T00:00:00Z"}`)
	write(t, filepath.Join(dir, "index", "modules.json"), `[]`)
	write(t, filepath.Join(dir, "index", "vulns.json"), `[]`)
	return dir
}

// build runs the pipeline of a push as Jenkins would, and looks for secrets
// wherever they must not be.
func (s *site) build(t *testing.T, p push, edit func(*settings)) outcome {
	t.Helper()
	b := s.settings
	b.Number++
	b.SCM = scm{URL: s.bare, Branch: strings.TrimPrefix(p.Ref, "refs/heads/"), Commit: p.After}
	if edit != nil {
		edit(&b)
	}
	b.Jenkinsfile = write(t, filepath.Join(t.TempDir(), "Jenkinsfile"), git(t, s.bare, "show", p.After+":Jenkinsfile"))
	if err := os.RemoveAll(b.Archive); err != nil {
		t.Fatal(err)
	}
	spy := watch(s.canaries)
	o := harness(t, b, io.Discard)
	s.clean(t, o, b, spy.stop())
	s.settings.Number, s.settings.Previous = b.Number, o.Result
	for _, stage := range o.Stages {
		t.Logf("%-10s %-8s %5d ms", stage.Name, stage.Status, stage.Milliseconds)
	}
	return o
}

// clean: no secret in the console, on a command line, in the workspace or
// archived, and in the environment only where a stage needs it.
func (s *site) clean(t *testing.T, o outcome, b settings, seen sightings) {
	t.Helper()
	if o.Leaks > 0 {
		t.Errorf("%d lines of the console held a secret before it was masked", o.Leaks)
	}
	for _, canary := range s.canaries {
		if strings.Contains(o.console, canary) {
			t.Errorf("the console shows a secret:\n%s", o.console)
		}
	}
	for _, command := range seen.commands {
		t.Errorf("a secret is on the command line of %s", command)
	}
	for stage := range seen.stages {
		if stage != "Declarative: Post Actions" {
			t.Errorf("a secret is in the environment of stage %s", stage)
		}
	}
	for _, folder := range []string{b.Workspace, b.Workspace + "@tmp", b.Archive} {
		for _, path := range holding(t, folder, s.canaries) {
			t.Errorf("a secret is in the file %s", path)
		}
	}
}

// TestPipeline is one service's life, in order: each step is a push.
func TestPipeline(t *testing.T) {
	s := newSite(t)
	first := s.commit(t, "Begin")
	for _, step := range []struct {
		name string
		run  func(*testing.T, *site, push)
	}{
		{"the first push is served", firstPush},
		{"a new text is served by both replicas", newText},
		{"a failing test stops before the build", failingTest},
		{"a broken app is rolled back", brokenApp},
		{"a failing check of what is served is rolled back", failingVerify},
		{"a pull request stops after the plan", pullRequest},
		{"a build goes back to a release", rollBack},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s, first) }) {
			return
		}
	}
}

func firstPush(t *testing.T, s *site, first push) {
	o := s.build(t, first, nil)
	o.expect(t, "SUCCESS", map[string]string{"Check": "success", "Test": "success", "Security": "success", "Plan": "success", "Deploy": "success", "Verify": "success", "Roll back": "skipped"})
	s.serves(t, s.shown)
	if len(o.Mails) > 0 || len(s.posts) > 0 {
		t.Errorf("a first success is no news: %v, %v", o.Mails, s.posts)
	}
}

func newText(t *testing.T, s *site, _ push) {
	s.edit(t, page, s.source, newHeading)
	s.source, s.shown = newHeading, newHeading
	p := s.commit(t, "Say it in other words")
	o := s.build(t, p, nil)
	o.expect(t, "SUCCESS", map[string]string{"Deploy": "success", "Verify": "success"})
	o.says(t, "2 replicas answer with commit "+p.After, "a qr code of", "Lock acquired on [yces-swarm]")
	s.serves(t, s.shown)
	if r := s.releases(t)[0]; r.Commit != p.After || r.Outcome != "deployed" {
		t.Errorf("the newest release is %+v, want commit %s deployed", r, p.After)
	}
	if text := read(t, filepath.Join(o.archive, "out", "releases.json")); !strings.Contains(text, p.After) {
		t.Errorf("the archived record does not carry the commit:\n%s", text)
	}
	if plan := read(t, filepath.Join(o.archive, "out", "plan.txt")); !strings.Contains(plan, "image") {
		t.Errorf("the archived plan does not tell of the image:\n%s", plan)
	}
	if o.Tests == nil || o.Tests.Total == 0 || o.Coverage == nil || o.Coverage.Covered == 0 {
		t.Errorf("tests %+v and coverage %+v were recorded", o.Tests, o.Coverage)
	}
}

func failingTest(t *testing.T, s *site, _ push) {
	test := filepath.Join(s.clone, "provision/inventory/broken_test.go")
	write(t, test, "package inventory\n\nimport \"testing\"\n\nfunc TestBroken(t *testing.T) { t.Error(\"broken\") }\n")
	o := s.build(t, s.commit(t, "Break a test"), nil)
	o.expect(t, "FAILURE", map[string]string{"Test": "failed", "Build": "skipped", "Release": "skipped"})
	if o.Tests == nil || o.Tests.Failed != 1 {
		t.Errorf("recorded %+v, want one failure", o.Tests)
	}
	s.notified(t, o, "failed")
	git(t, s.clone, "revert", "--no-edit", "HEAD")
	s.serves(t, s.shown)
}

func brokenApp(t *testing.T, s *site, _ push) {
	s.edit(t, "app/internal/web/health.go", "writeText(w, http.StatusOK, \"ok\\n\")", "writeText(w, http.StatusInternalServerError, \"not ok\\n\")")
	o := s.build(t, s.commit(t, "Break the health check"), nil)
	o.expect(t, "FAILURE", map[string]string{"Build": "success", "Deploy": "failed", "Verify": "skipped"})
	o.says(t, "was rolled back", "exit code 3")
	s.notified(t, o, "failed")
	s.serves(t, s.shown)
	if r := s.releases(t)[0]; r.Outcome != "rolled back" {
		t.Errorf("the newest release is %+v, want rolled back", r)
	}
	git(t, s.clone, "revert", "--no-edit", "HEAD")
}

func failingVerify(t *testing.T, s *site, _ push) {
	s.edit(t, page, s.source, "<h1>Third words</h1>")
	s.source = "<h1>Third words</h1>"
	o := s.build(t, s.commit(t, "Say it in third words"), func(b *settings) {
		b.Environment = s.settings.with(map[string]string{"SMOKE_TEXT": "words that nobody wrote"}).Environment
	})
	o.expect(t, "FAILURE", map[string]string{"Deploy": "success", "Verify": "failed"})
	o.says(t, `the page does not show "words that nobody wrote"`)
	s.notified(t, o, "failed")
	s.serves(t, s.shown)
}

func pullRequest(t *testing.T, s *site, _ push) {
	before := len(s.releases(t))
	git(t, s.clone, "checkout", "-qb", "feature")
	s.edit(t, page, s.source, "<h1>Words of a pull request</h1>")
	git(t, s.clone, "commit", "-qam", "Say it in the words of a pull request")
	git(t, s.clone, "push", "-q", "origin", "feature")
	p := <-s.pushes
	o := s.build(t, p, func(b *settings) { b.SCM.Branch, b.SCM.Ref, b.SCM.Change = "PR-7", "feature", "7" })
	o.expect(t, "SUCCESS", map[string]string{"Plan": "success", "Push": "skipped", "Release": "skipped"})
	if after := len(s.releases(t)); after != before || len(o.Locks) > 0 {
		t.Errorf("%d releases and locks %v after a pull request, want %d and none", after, o.Locks, before)
	}
	s.serves(t, s.shown)
}

func rollBack(t *testing.T, s *site, first push) {
	var number string
	for _, r := range s.releases(t) {
		if r.Commit == first.After {
			text, err := json.Marshal(r.Number)
			if err != nil {
				t.Fatal(err)
			}
			number = string(text)
		}
	}
	s.settings.Previous = "FAILURE"
	o := s.build(t, first, func(b *settings) { b.Params = map[string]string{"ROLLBACK_TO": number} })
	o.expect(t, "SUCCESS", map[string]string{"Prove": "skipped", "Deploy": "skipped", "Roll back": "success", "Verify": "success"})
	s.serves(t, heading)
	s.notified(t, o, "works again")
}

// notified by mail and by webhook.
func (s *site) notified(t *testing.T, o outcome, what string) {
	t.Helper()
	if len(o.Mails) != 1 || !strings.Contains(o.Mails[0].Subject, what) || o.Mails[0].To != "ops@example.org" {
		t.Errorf("mails %+v, want one that says %q", o.Mails, what)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.posts) != 1 || !strings.Contains(s.posts[0], what) {
		t.Errorf("posts %q, want one that says %q", s.posts, what)
	}
	s.posts = nil
}
