package main

import (
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// defaultMemory is enough for the load that two processors make. Where the
	// largest pictures need more they get it; the collector then works harder.
	defaultMemory = 40 << 20
	// A quarter is left for what the collector does not see, and for its pace.
	memoryShare = 0.75
	// garbageShare lets a small heap grow to five times what is in use before it is
	// swept, as the limit bounds it; the runtime's own 100 sweeps twenty times a
	// second under load.
	garbageShare = 400
)

// limitMemory tells the collector how much the process may take, in bytes:
// three quarters of what the container has, at the most defaultMemory, so that
// it works before the kernel does. GOMEMLIMIT and GOGC, which the runtime has read
// already, come first. It returns the limit.
func limitMemory(getenv func(string) string, readFile func(string) ([]byte, error)) int64 {
	if getenv("GOMEMLIMIT") == "" {
		limit := int64(defaultMemory)
		if container := containerMemory(readFile); container > 0 {
			limit = min(limit, int64(float64(container)*memoryShare))
		}
		debug.SetMemoryLimit(limit)
	}
	if getenv("GOGC") == "" {
		debug.SetGCPercent(garbageShare)
	}
	return debug.SetMemoryLimit(-1) // a negative limit only asks
}

// containerMemory reads the limit of the control group, version 2 or 1; 0 where
// there is none.
func containerMemory(readFile func(string) ([]byte, error)) int64 {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := readFile(path)
		if err != nil {
			continue
		}
		// "max" is no number, and stands for none.
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			return limit
		}
	}
	return 0
}
