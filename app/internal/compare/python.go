package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// pythonDriver times the Python libraries within one process.
//
//go:embed driver.py
var pythonDriver string

const python = "/usr/bin/python3"

func pythonLibraries(ctx context.Context, l load, format string) ([]result, error) {
	command := exec.CommandContext(ctx, python, "-c", pythonDriver, format, l.level, strconv.Itoa(l.scale()))
	command.Stdin = strings.NewReader(l.text)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("time Python libraries: %w: %s", err, complaints.String())
	}
	var micros map[string]float64
	if err := json.Unmarshal(out, &micros); err != nil {
		return nil, fmt.Errorf("read times of Python libraries: %w", err)
	}
	var results []result
	for _, name := range slices.Sorted(maps.Keys(micros)) {
		results = append(results, result{name: name, micros: micros[name], python: true})
	}
	return results, nil
}

// asProcesses runs the peers' commands, which is how scripts call them.
func asProcesses(ctx context.Context, l load, format string) ([]result, error) {
	scale := strconv.Itoa(l.scale())
	commands := []struct {
		name      string
		arguments []string
	}{
		{"qrencode, a process", []string{"qrencode", "-8", "-l", l.level, "-s", scale, "-m", "4", "-t", strings.ToUpper(format), "-o", "/dev/null"}},
		{"Python segno, a process", []string{python, "-c", "import sys, segno; segno.make(sys.stdin.read(), error=sys.argv[1], micro=False, boost_error=False).save('/dev/null', kind=sys.argv[2], scale=int(sys.argv[3]))", l.level, format, scale}},
	}
	var results []result
	for _, c := range commands {
		micros, err := perProcess(ctx, l.text, c.arguments)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, result{name: c.name, micros: micros})
	}
	return results, nil
}

// perProcess returns the least CPU time of some runs, in microseconds.
func perProcess(ctx context.Context, text string, arguments []string) (float64, error) {
	best := 0.0
	for range 7 {
		command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
		command.Stdin = strings.NewReader(text)
		if out, err := command.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("run: %w: %s", err, out)
		}
		state := command.ProcessState
		micros := float64((state.UserTime() + state.SystemTime()).Microseconds())
		if best == 0 || micros < best {
			best = micros
		}
	}
	return best, nil
}
