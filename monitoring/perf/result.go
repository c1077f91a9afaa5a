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

// Result is what a check said once. Service is empty where it was about the
// host itself.
type Result struct {
	// Time is when the result was in, Began when the check began: a check that waits
	// for its time limit is that much later. Both are whole seconds; Began is zero in
	// lines of before it was written down.
	Time, Began          time.Time
	Host, Service, State string

	measured string
}

// Sample is one value of one check.
type Sample struct {
	Time                   time.Time
	Host, Service, Metric  string
	Value                  float64
	Unit                   string
	Warning, Critical, Max string
}

// Limits are the values above which the check warns and is critical; 0 where
// there is none, or where less is worse.
func (s Sample) Limits() (warning, critical float64) {
	return above(s.Warning), above(s.Critical)
}

// above is the upper end of a range in the plugins' notation, 80 or 0:80.
func above(limit string) float64 {
	limit = strings.TrimPrefix(limit, "0:")
	v, err := strconv.ParseFloat(limit, 64)
	if err != nil {
		return 0
	}
	return v
}

// Each calls take with every result between two times, day after day, and last
// with those that Nagios wrote to the pending files since. A month of fifty
// machines is millions: nothing is kept.
func Each(dir string, pending []string, from, to time.Time, take func(Result)) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	first, last := from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly)
	files = slices.DeleteFunc(files, func(path string) bool {
		day := strings.TrimSuffix(filepath.Base(path), ".tsv")
		return day < first || day > last
	})
	for _, path := range append(files, pending...) {
		if err := eachOf(path, func(r Result) {
			if !r.Time.Before(from) && !r.Time.After(to) {
				take(r)
			}
		}); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func eachOf(path string, take func(Result)) error {
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

// columns are time, host, service, state, performance data, and the second in
// which the check began; the last was not always there.
const columns = 6

// parse reads lines. One that is broken, by a full disk for instance, is left out.
func parse(r io.Reader, take func(Result)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		at, ok := timeOf(lines.Text())
		f := strings.Split(lines.Text(), "\t")
		if !ok || len(f) < columns-1 || len(f) > columns {
			continue
		}
		result := Result{Time: at, Host: f[1], Service: f[2], State: f[3], measured: f[4]}
		if len(f) == columns {
			result.Began, _ = timeOf(f[5])
		}
		take(result)
	}
	return lines.Err()
}

// Samples are the values that the result holds.
func (r Result) Samples() []Sample {
	var list []Sample
	for _, field := range split(r.measured) {
		if s, ok := metric(field); ok {
			s.Time, s.Host, s.Service = r.Time, r.Host, r.Service
			list = append(list, s)
		}
	}
	return list
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
