# Starts Datadog's agent with what lies on the disk, and waits until it is well.
healthy() {
	systemctl -q is-active datadog-agent && timeout 20 datadog-agent health >/dev/null 2>&1
}

start_agent() {
	set -eu
	export LC_ALL=C
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	systemctl enable -q datadog-agent
	if systemctl -q is-active datadog-agent; then
		systemctl restart datadog-agent
	else
		! systemctl -q is-failed datadog-agent || systemctl reset-failed datadog-agent
		systemctl start datadog-agent
	fi
	for _ in $(seq 60); do
		sleep 1
		! healthy || return 0
	done
	journalctl -u datadog-agent -n 10 --no-pager -o cat >&2
	timeout 20 datadog-agent health >&2
	return 1
}
start_agent
