//go:build integration

package harness

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sightings are where secrets were seen while a build ran.
type sightings struct {
	// commands have one among their arguments.
	commands []string
	// stages have one in the environment of a process.
	stages map[string]bool
}

// spy looks at all processes of this machine, again and again.
type spy struct {
	canaries []string
	done     chan struct{}
	result   chan sightings
}

func watch(canaries []string) *spy {
	s := &spy{canaries: canaries, done: make(chan struct{}), result: make(chan sightings)}
	go s.run()
	return s
}

func (s *spy) stop() sightings {
	close(s.done)
	return <-s.result
}

func (s *spy) run() {
	seen := sightings{stages: map[string]bool{}}
	for {
		select {
		case <-s.done:
			s.result <- seen
			return
		case <-time.After(10 * time.Millisecond):
			s.look(&seen)
		}
	}
}

func (s *spy) look(seen *sightings) {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		panic(err) // the pattern is fixed
	}
	for _, folder := range folders {
		// A process that is gone meanwhile has nothing to hide.
		if command, _ := os.ReadFile(filepath.Join(folder, "cmdline")); s.holds(command) {
			name, _, _ := strings.Cut(string(command), "\x00")
			seen.commands = append(seen.commands, name)
		}
		if environment, _ := os.ReadFile(filepath.Join(folder, "environ")); s.holds(environment) {
			seen.stages[stageOf(environment)] = true
		}
	}
}

func (s *spy) holds(text []byte) bool {
	for _, canary := range s.canaries {
		if bytes.Contains(text, []byte(canary)) {
			return true
		}
	}
	return false
}

// stageOf is the stage that a process belongs to; Jenkins says so in its environment.
func stageOf(environment []byte) string {
	for pair := range bytes.SplitSeq(environment, []byte{0}) {
		if stage, ok := bytes.CutPrefix(pair, []byte("STAGE_NAME=")); ok {
			return string(stage)
		}
	}
	return ""
}

// holding are the files under a folder that hold a secret.
func holding(t *testing.T, folder string, canaries []string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the build made no such folder
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if (&spy{canaries: canaries}).holds(text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
