package local

import (
	"fmt"
	"regexp"
	"strings"
)

// ansi are the colours in which the classic builder prints standard error.
var ansi = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// noise are lines of the builder and of dpkg that say nothing to anyone who
// waits for the end.
var noise = []string{
	"---> ", "Removing intermediate container", "Selecting previously unselected package",
	"(Reading database", "Preparing to unpack", "Processing triggers", "debconf: delaying",
	"Created symlink", "Successfully ", "Executing: ", "Synchronizing state", "invoke-rc.d: ",
	"Creating config file", "Creating SSH2", "rehash: warning",
}

// fingerprint is how ssh-keygen shows the keys of the build, which are thrown
// away.
var fingerprint = regexp.MustCompile(`^\d+ SHA256:`)

// buildLine is what a line of a build says, empty where it says nothing.
func buildLine(line string) string {
	line = strings.TrimSpace(ansi.ReplaceAllString(line, ""))
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:] // a progress bar that overwrites itself
	}
	for _, prefix := range noise {
		if strings.HasPrefix(line, prefix) {
			return ""
		}
	}
	if fingerprint.MatchString(line) {
		return ""
	}
	return line
}

// buildStep reads the line that begins an instruction: "Step 2/11 : FROM x".
func buildStep(line string) (current, total int64, ok bool) {
	n, err := fmt.Sscanf(line, "Step %d/%d :", &current, &total)
	return current, total, err == nil && n == 2
}
