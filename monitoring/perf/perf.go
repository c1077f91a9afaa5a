// Package perf keeps and reads what checks measured: lines of performance data
// as Nagios writes them, one file a day.
package perf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sample is one value of one check.
type Sample struct {
	Time                   time.Time
	Host, Service, Metric  string
	Value                  float64
	Unit                   string
	Warning, Critical, Max string
}

// Keep is how long files are kept.
const Keep = 400 * 24 * time.Hour

// File moves Nagios's lines from one file into those of their days, and removes
// files that are too old. Where it fails, no line is lost, though one may be
// there twice.
func File(from, dir string, now time.Time) error {
	moved := from + ".filing"
	if err := os.Rename(from, moved); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(filepath.Clean(moved))
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
	return errors.Join(os.Remove(moved), expire(dir, now))
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
		if strings.TrimSuffix(filepath.Base(f), ".tsv") < oldest {
			faults = append(faults, os.Remove(f))
		}
	}
	return errors.Join(faults...)
}

func timeOf(line string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(line, "\t")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

// Each calls take with every sample between two times, day after day, and last
// with those that Nagios wrote to the file pending since. A month of fifty
// machines is millions: nothing is kept.
func Each(dir, pending string, from, to time.Time, take func(Sample)) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	first, last := from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly)
	for _, path := range append(files, pending) {
		day := strings.TrimSuffix(filepath.Base(path), ".tsv")
		if path != pending && (day < first || day > last) {
			continue
		}
		if err := eachOf(path, func(s Sample) {
			if !s.Time.Before(from) && !s.Time.After(to) {
				take(s)
			}
		}); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func eachOf(path string, take func(Sample)) error {
	f, err := os.Open(filepath.Clean(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing was measured since the last filing
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return parse(f, take)
}

// columns are time, host, service, state and performance data.
const columns = 5

// parse reads lines. One that is broken, by a full disk for instance, is left out.
func parse(r io.Reader, take func(Sample)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		at, ok := timeOf(lines.Text())
		f := strings.Split(lines.Text(), "\t")
		if !ok || len(f) != columns {
			continue
		}
		for _, field := range split(f[4]) {
			if s, ok := metric(field); ok {
				s.Time, s.Host, s.Service = at, f[1], f[2]
				take(s)
			}
		}
	}
	return lines.Err()
}

// split cuts at spaces outside of quotes.
func split(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// metric reads 'label'=value[unit];[warn];[crit];[min];[max].
func metric(field string) (Sample, bool) {
	i := strings.LastIndex(field, "=")
	if i < 0 {
		return Sample{}, false
	}
	parts := strings.Split(field[i+1:], ";")
	digits := strings.TrimRightFunc(parts[0], func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return Sample{}, false
	}
	part := func(n int) string {
		if n < len(parts) {
			return parts[n]
		}
		return ""
	}
	return Sample{
		Metric: strings.Trim(field[:i], "'"), Value: v, Unit: parts[0][len(digits):],
		Warning: part(1), Critical: part(2), Max: part(4),
	}, true
}
