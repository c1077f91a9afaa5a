package cluster

import (
	"context"
	_ "embed" // the script
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed probe.sh
var probeScript string

// probe asks the machine about itself, in one round trip.
func probe(ctx context.Context, host Host) (Machine, error) {
	before := time.Now()
	out, err := host.RunScript(ctx, "probe", probeScript, nil)
	if err != nil {
		return Machine{}, err
	}
	return parseProbe(out, before, time.Now())
}

// parseProbe reads the script's output. The machine's clock was read at some
// moment between the two of ours.
func parseProbe(out string, before, after time.Time) (Machine, error) {
	facts := map[string]string{}
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			facts[key] = value
		}
	}
	now, err := parseClock(facts["now"])
	if err != nil {
		return Machine{}, fmt.Errorf("read the machine's clock: %w", err)
	}
	yes := func(key string) bool { return facts[key] == "yes" }
	return Machine{
		Hostname: facts["hostname"],
		OS: OS{
			ID: facts["os"], Version: facts["version"], Codename: facts["codename"],
			Arch: facts["arch"], Systemd: yes("systemd"),
		},
		Docker: Docker{
			Installed: yes("installed"), Unfinished: yes("unfinished"),
			Enabled: yes("enabled"), Running: yes("running"),
		},
		IPVS:        yes("ipvs"),
		ClockOffset: now.Sub(before.Add(after.Sub(before) / 2)),
		ClockError:  after.Sub(before),
	}, nil
}

// parseClock reads seconds.nanoseconds since 1970.
func parseClock(text string) (time.Time, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	// A date that knows no %N prints it as it is; whole seconds will do.
	nanos, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil {
		nanos = 0
	}
	return time.Unix(seconds, nanos), nil
}
