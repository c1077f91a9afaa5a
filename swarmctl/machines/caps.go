package machines

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// capabilities in the order of their bits (capabilities(7), linux/capability.h).
var capabilities = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
}

// capability bits that every kernel this runs on has: up to AUDIT_READ (3.16).
const alwaysKnown = 38

// capsMissingIn names the capabilities that are not in the bounding set of a
// process, from its /proc/PID/status. Bits past the set's highest are unknown to
// the kernel rather than missing.
func capsMissingIn(status string) ([]string, error) {
	for line := range strings.Lines(status) {
		hex, ok := strings.CutPrefix(line, "CapBnd:")
		if !ok {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("read CapBnd: %w", err)
		}
		return unset(set), nil
	}
	return nil, fmt.Errorf("read CapBnd: no such line")
}

func unset(set uint64) []string {
	var missing []string
	for bit, name := range capabilities {
		known := bit < alwaysKnown || set>>bit != 0
		if known && set&(1<<bit) == 0 {
			missing = append(missing, name)
		}
	}
	return missing
}

// grant gives a container what systemd and an engine inside it need. Where the
// outer engine itself lacks a capability, --privileged is refused; everything
// that --privileged means, other than what is missing, is then given one by one.
func grant(h *container.HostConfig, missing []string) {
	if len(missing) == 0 {
		h.Privileged = true
		return
	}
	h.CapAdd = []string{"ALL"}
	h.CapDrop = missing
	h.SecurityOpt = []string{"seccomp=unconfined", "apparmor=unconfined", "label=disable"}
	// Empty lists are what the docker command sends for systempaths=unconfined.
	h.MaskedPaths = []string{}
	h.ReadonlyPaths = []string{}
	h.DeviceCgroupRules = []string{"a *:* rwm"}
}
