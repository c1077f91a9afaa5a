// Package perf keeps and reads what checks said and measured: a line a result,
// as Nagios writes them, one file a day.
package perf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Keep is how long files are kept.
const Keep = 400 * 24 * time.Hour

// File moves Nagios's lines from one file into those of their days, and removes
// files that are too old. Where it fails, no line is lost, though one may be
// there twice.
func File(from, dir string, now time.Time) error {
	moved := from + ".filing"
	// A filing that failed left its lines there.
	if err := fileAway(moved, dir); err != nil {
		return err
	}
	if err := os.Rename(from, moved); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(fileAway(moved, dir), expire(dir, now))
}

// fileAway appends the file's lines to those of their days, and removes it.
func fileAway(path, dir string) error {
	text, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	days := map[string]*strings.Builder{}
	for line := range strings.Lines(string(text)) {
		at, ok := timeOf(line)
		if !ok {
			continue
		}
		day := at.UTC().Format(time.DateOnly)
		if days[day] == nil {
			days[day] = &strings.Builder{}
		}
		fmt.Fprint(days[day], line)
	}
	for day, lines := range days {
		if err := appendTo(filepath.Join(dir, day+".tsv"), lines.String()); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640) //nolint:gosec // the web server's group reads it
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func expire(dir string, now time.Time) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return err
	}
	oldest := now.Add(-Keep).UTC().Format(time.DateOnly)
	var faults []error
	for _, f := range files {
		if strings.TrimSuffix(filepath.Base(f), ".tsv") >= oldest {
			continue
		}
		// Hosts' and services' lines are filed at the same time.
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func timeOf(line string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(line, "\t")
	seconds, err := strconv.ParseInt(strings.TrimSpace(stamp), 10, 64)
	return time.Unix(seconds, 0), err == nil
}
