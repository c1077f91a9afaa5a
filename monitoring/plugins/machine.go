package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/NETWAYS/go-check/perfdata"
)

// sampling is the time over which rates are measured.
const sampling = time.Second

// kernel is where the kernel says how it is; tests have their own.
type kernel struct{ root string }

func (o *options) kernel() *kernel {
	k := &kernel{}
	o.StringVar(&k.root, "root", "/", "where /proc and /sys are")
	return k
}

func (k kernel) read(path string) (string, error) {
	text, err := os.ReadFile(filepath.Join(k.root, path))
	return string(text), err
}

// pause waits between two samples.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// cpu measures the share of time in which the processors worked; waiting for a
// disk is no work, time that the hypervisor took is.
func cpu(o *options) func(context.Context) (outcome, error) {
	k := o.kernel()
	return func(ctx context.Context) (outcome, error) {
		before, err := k.cpuTimes()
		if err != nil {
			return outcome{}, err
		}
		if err := pause(ctx, sampling); err != nil {
			return outcome{}, err
		}
		after, err := k.cpuTimes()
		if err != nil {
			return outcome{}, err
		}
		busy, waiting := cpuShares(before, after)
		return outcome{
			status: o.judge(busy), text: fmt.Sprintf("CPU %.1f%% busy, %.1f%% waiting for disks", busy, waiting),
			perf: perfdata.PerfdataList{o.metric("cpu", rounded(busy), "%"), {Label: "iowait", Value: rounded(waiting), Uom: "%"}},
		}, nil
	}
}

// rounded keeps two decimals.
func rounded(v float64) float64 { return float64(int64(v*100+0.5)) / 100 }

// The columns of /proc/stat; see proc_stat(5).
const (
	idleColumn   = 3
	iowaitColumn = 4
	cpuColumns   = 8 // guest time is part of user time
)

func (k kernel) cpuTimes() ([]uint64, error) {
	text, err := k.read("proc/stat")
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < cpuColumns+1 || fields[0] != "cpu" {
		return nil, fmt.Errorf("/proc/stat begins with %q", line)
	}
	times := make([]uint64, cpuColumns)
	for i := range times {
		if times[i], err = strconv.ParseUint(fields[i+1], 10, 64); err != nil {
			return nil, err
		}
	}
	return times, nil
}

func cpuShares(before, after []uint64) (busy, waiting float64) {
	var total, idle, wait float64
	for i := range after {
		d := 0.0
		if after[i] > before[i] { // idle and iowait may run backwards
			d = float64(after[i] - before[i])
		}
		total += d
		switch i {
		case idleColumn:
			idle = d
		case iowaitColumn:
			wait = d
		}
	}
	if total == 0 {
		return 0, 0
	}
	return 100 * (total - idle - wait) / total, 100 * wait / total
}

// memory is what can't be given to a new program, as the kernel estimates it.
func memory(o *options) func(context.Context) (outcome, error) {
	k := o.kernel()
	return func(context.Context) (outcome, error) {
		info, err := k.memInfo()
		if err != nil {
			return outcome{}, err
		}
		total, available := info["MemTotal"], info["MemAvailable"]
		if total == 0 {
			return outcome{}, errors.New("/proc/meminfo names no memory")
		}
		used := 100 * (total - available) / total
		return outcome{
			status: o.judge(used), text: fmt.Sprintf("memory %.1f%% used, %.0f MB of %.0f MB available", used, available/1024, total/1024),
			perf: perfdata.PerfdataList{o.metric("memory", rounded(used), "%"), {Label: "available", Value: available * 1024, Uom: "B"}},
		}, nil
	}
}

// memInfo is /proc/meminfo, in kB.
func (k kernel) memInfo() (map[string]float64, error) {
	text, err := k.read("proc/meminfo")
	if err != nil {
		return nil, err
	}
	info := map[string]float64{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		if fields := strings.Fields(value); len(fields) > 0 {
			info[key], err = strconv.ParseFloat(fields[0], 64)
			if err != nil {
				return nil, fmt.Errorf("/proc/meminfo: %w", err)
			}
		}
	}
	return info, nil
}

// network measures the traffic of the way out. In percent it is that of the
// busier direction, of the link's speed.
func network(o *options) func(context.Context) (outcome, error) {
	k := o.kernel()
	device := o.String("interface", "", "the interface; that of the default route where empty")
	assumed := o.Float64("speed", 1000, "Mbit/s where the interface doesn't say")
	return func(ctx context.Context) (outcome, error) {
		name := *device
		if name == "" {
			name = k.defaultInterface()
		}
		before, err := k.traffic(name)
		if err != nil {
			return outcome{}, err
		}
		start := time.Now()
		if err := pause(ctx, sampling); err != nil {
			return outcome{}, err
		}
		after, err := k.traffic(name)
		if err != nil {
			return outcome{}, err
		}
		took := time.Since(start).Seconds()
		in, out := rate(before[0], after[0], took), rate(before[1], after[1], took)
		speed := k.speed(name, *assumed)
		used := 100 * max(in, out) * 8 / (speed * 1e6)
		return outcome{
			status: o.judge(used), text: fmt.Sprintf("%s at %.1f%% of %.0f Mbit/s: %.0f kB/s in, %.0f kB/s out", name, used, speed, in/1000, out/1000),
			perf: perfdata.PerfdataList{
				o.metric("network", rounded(used), "%"),
				{Label: "in", Value: rounded(in), Uom: "B"},
				{Label: "out", Value: rounded(out), Uom: "B"},
			},
		}, nil
	}
}

func rate(before, after uint64, seconds float64) float64 {
	if after < before || seconds == 0 {
		return 0 // the counter began anew
	}
	return float64(after-before) / seconds
}

// defaultInterface is that of the default route, or the first that isn't the
// loopback.
func (k kernel) defaultInterface() string {
	text, _ := k.read("proc/net/route")
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == "00000000" {
			return f[0]
		}
	}
	text, _ = k.read("proc/net/dev")
	for line := range strings.Lines(text) {
		if name, _, found := strings.Cut(strings.TrimSpace(line), ":"); found && name != "lo" {
			return name
		}
	}
	return "eth0"
}

// traffic is what the interface received and sent so far, in bytes.
func (k kernel) traffic(device string) ([2]uint64, error) {
	text, err := k.read("proc/net/dev")
	if err != nil {
		return [2]uint64{}, err
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		name, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		fields := strings.Fields(rest)
		if name != device || len(fields) < 9 {
			continue
		}
		in, err1 := strconv.ParseUint(fields[0], 10, 64)
		out, err2 := strconv.ParseUint(fields[8], 10, 64)
		return [2]uint64{in, out}, errors.Join(err1, err2)
	}
	return [2]uint64{}, fmt.Errorf("there is no interface %q", device)
}

func (k kernel) speed(device string, assumed float64) float64 {
	text, err := k.read("sys/class/net/" + device + "/speed")
	speed, convErr := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || convErr != nil || speed <= 0 {
		return assumed // virtual interfaces don't know
	}
	return speed
}
