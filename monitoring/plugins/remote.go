package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	check "github.com/NETWAYS/go-check"
)

// What a command may take, and what it may still take to end after that.
const (
	remoteTimeout = 25 * time.Second
	remoteGrace   = 2 * time.Second
)

// originalCommand is where sshd says what was asked for; see sshd(8).
const originalCommand = "SSH_ORIGINAL_COMMAND="

// remote is what sshd runs for the monitor's key, whatever was asked for: a
// command of the list, by its name and without arguments, or nothing.
func remote(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("remote", flag.ContinueOnError)
	file := f.String("commands", "", "the list")
	if parse(f, args, s) != nil {
		return check.Unknown
	}
	command, err := allowed(*file, s.env)
	if err != nil {
		fmt.Fprintf(s.out, "UNKNOWN - %v\n", err)
		return check.Unknown
	}
	ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
	defer cancel()
	return runAllowed(ctx, command, s)
}

// allowed returns the words of the command that was asked for.
func allowed(file string, env []string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read commands: %w", err)
	}
	var list map[string][]string
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read commands: %w", err)
	}
	for _, variable := range env {
		if name, found := strings.CutPrefix(variable, originalCommand); found {
			if words := list[name]; len(words) > 0 {
				return words, nil
			}
			return nil, errors.New("there is no such command")
		}
	}
	return nil, errors.New("there is no shell here")
}

// runAllowed hands on what the command prints and how it ends. What it says on
// standard error is nothing that the monitor may take for the check's answer.
func runAllowed(ctx context.Context, words []string, s streams) int {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	cmd.Stdout = s.out
	// Its own group, so that what it started ends with it; sudo hands this on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = remoteGrace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(s.out, "UNKNOWN - no answer within %s\n", remoteTimeout)
	case err == nil:
		return check.OK
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintf(s.out, "UNKNOWN - %v\n", err)
	}
	return check.Unknown
}
