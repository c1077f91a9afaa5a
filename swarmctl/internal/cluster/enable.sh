# Starts the engine, now and at every boot.
enable_docker() {
	set -eu
	systemctl reset-failed docker.service 2>/dev/null || true
	systemctl enable --now docker.service || {
		journalctl -u docker.service -n 20 --no-pager >&2
		exit 1
	}
}
enable_docker
