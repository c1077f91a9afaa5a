// Command licences names the licence of every module that the given packages
// are linked with, and fails where one is missing or none of those that we may
// ship under Apache-2.0. It reads the module cache only.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are licences that ask for no more than to be named.
var allowed = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "0BSD", "CC0-1.0", "Unlicense", "Zlib"}

// certain is how much of a file, in percent, must be a licence's own words.
const certain = 75

// Licences of documents that lie next to the code do not concern us.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([.-](md|txt|mit|apache.*|bsd.*))?$`)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func run(packages []string) error {
	modules, err := linked(packages)
	if err != nil {
		return err
	}
	var faults []error
	for _, m := range modules {
		names, err := licences(m.dir)
		if err == nil {
			err = check(names)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", m.name, err))
			continue
		}
		fmt.Printf("%-24s %s\n", strings.Join(names, " "), m.name)
	}
	return errors.Join(faults...)
}

type module struct{ name, dir string }

// linked are the modules, other than our own, of what the packages import.
func linked(packages []string) ([]module, error) {
	const format = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}"
	out, err := exec.Command("go", append([]string{"list", "-deps", "-f", format}, packages...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("list what is linked: %w", err)
	}
	lines := slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool { return line == "" })
	slices.Sort(lines)
	var modules []module
	for _, line := range slices.Compact(lines) {
		name, dir, _ := strings.Cut(line, "\t")
		modules = append(modules, module{name, dir})
	}
	return modules, nil
}

// licences reads the licence files at the top of a module.
func licences(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if found := licensecheck.Scan(text); found.Percent >= certain {
			for _, m := range found.Match {
				names = append(names, m.ID)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func check(names []string) error {
	if len(names) == 0 {
		return errors.New("no licence is recognised")
	}
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			return fmt.Errorf("%s is not among the licences that we ship: %s", name, strings.Join(allowed, ", "))
		}
	}
	return nil
}
