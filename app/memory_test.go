package main

import (
	"errors"
	"runtime/debug"
	"testing"
)

func TestMemoryLimitFollowsTheContainer(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	garbage := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetMemoryLimit(before); debug.SetGCPercent(garbage) })
	const v1, v2 = "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"
	for _, tt := range []struct {
		name  string
		files map[string]string
		env   string
		want  int64
	}{
		{"version 2", map[string]string{v2: "41943040\n"}, "", 30 << 20},
		{"version 1", map[string]string{v1: "33554432\n"}, "", 24 << 20},
		{"version 2 without a limit", map[string]string{v2: "max\n"}, "", defaultMemory},
		{"version 1 without a limit", map[string]string{v1: "9223372036854771712\n"}, "", defaultMemory},
		{"no control group", nil, "", defaultMemory},
		{"GOMEMLIMIT comes first", map[string]string{v2: "134217728\n"}, "1GiB", 1 << 30},
	} {
		t.Run(tt.name, func(t *testing.T) {
			debug.SetMemoryLimit(1 << 30) // what the runtime read from GOMEMLIMIT
			got := limitMemory(func(string) string { return tt.env }, func(path string) ([]byte, error) {
				if text, ok := tt.files[path]; ok {
					return []byte(text), nil
				}
				return nil, errors.New("no such file")
			})
			if got != tt.want {
				t.Errorf("limit is %d, want %d", got, tt.want)
			}
		})
	}
}
