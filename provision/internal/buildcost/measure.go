//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// cost is what a command and all that it started used.
type cost struct {
	wall, cpu time.Duration
	// largest is the most memory that one process held, and total the most that
	// all held together, in bytes. total is looked at several times a second,
	// and 0 where there is no /proc.
	largest, total int64
}

// lookInterval is the time between two looks at all processes.
const lookInterval = 100 * time.Millisecond

func measure(command *exec.Cmd) (cost, error) {
	begin := time.Now()
	if err := command.Start(); err != nil {
		return cost{}, fmt.Errorf("start %s: %w", command.Path, err)
	}
	ended, watched := make(chan struct{}), make(chan int64)
	go func() { watched <- watch(command.Process.Pid, ended) }()
	err := command.Wait()
	close(ended)
	c := cost{wall: time.Since(begin), total: <-watched}
	if err != nil {
		return cost{}, err
	}
	c.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.largest = int64(usage.Maxrss) * maxrssUnit()
	}
	c.total = max(c.total, c.largest)
	return c, nil
}

// maxrssUnit: Linux and the BSDs count kibibytes, macOS bytes; see getrusage(2).
func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}

// watch returns the most memory that a process and its descendants held.
func watch(root int, ended <-chan struct{}) int64 {
	var most int64
	ticks := time.NewTicker(lookInterval)
	defer ticks.Stop()
	for {
		most = max(most, held(processes("/proc"), root))
		select {
		case <-ended:
			return most
		case <-ticks.C:
		}
	}
}

// process is a line of the process table; memory is in bytes.
type process struct {
	parent int
	memory int64
}

// processes reads the process table; a process that ends meanwhile is left out.
func processes(proc string) map[int]process {
	table := map[int]process{}
	paths, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "stat")) // the pattern is sound
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if p, ok := parseStat(text); ok {
			table[pid] = p
		}
	}
	return table
}

// parseStat reads proc_pid_stat(5): the command's name, which may hold anything,
// is in parentheses; the parent is the second field after it, the resident
// pages are the twenty-second.
func parseStat(text []byte) (process, bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 22 {
		return process{}, false
	}
	parent, err1 := strconv.Atoi(string(fields[1]))
	pages, err2 := strconv.ParseInt(string(fields[21]), 10, 64)
	return process{parent, pages * int64(os.Getpagesize())}, err1 == nil && err2 == nil
}

// held is the memory of a process and its descendants.
func held(table map[int]process, root int) int64 {
	var sum int64
	for pid, p := range table {
		if descends(table, pid, root) {
			sum += p.memory
		}
	}
	return sum
}

func descends(table map[int]process, pid, root int) bool {
	for range len(table) + 1 { // the table is no snapshot: parents may form a circle
		if pid == root {
			return true
		}
		p, ok := table[pid]
		if !ok {
			return false
		}
		pid = p.parent
	}
	return false
}
