#!/usr/bin/env bash
# Makes a bare Debian or Ubuntu machine with Go and git able to run everything:
# installs what is missing and starts a Docker engine where none answers. Run
# again it changes nothing and takes a moment.
#
#   .ci/setup.sh        what the tests need
#   .ci/setup.sh demo   what `make demo` needs
#   .ci/setup.sh bench  what the tests need and the encoders to compare with
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/yces
mkdir -p "$cache"

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
	printf 'error: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: $*" "run it as root, or install sudo"
	fi
}

have() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }

# engine_answers is true for an engine that the user named with DOCKER_HOST too.
engine_answers() {
	have docker && { timeout 20 docker version || timeout 20 sudo -n docker version; } >/dev/null 2>&1
}

missing_packages() {
	have make || echo make
	have docker || echo docker.io
	have dockerd || engine_answers || echo docker.io
	have mmdebstrap || echo mmdebstrap
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || echo debian-archive-keyring
	[ "$1" != demo ] || return 0
	have ssh || echo openssh-client
	have sshd || echo openssh-server
	have gpg || echo gnupg
	have docker-registry || echo docker-registry
	have zbarimg || echo zbar-tools
	have pdftoppm || echo poppler-utils
	have gs || echo ghostscript
	have rsvg-convert || echo librsvg2-bin
	/usr/bin/python3 -c 'import zxingcpp' 2>/dev/null || echo python3-zxing-cpp
	/usr/bin/python3 -c 'import PIL' 2>/dev/null || echo python3-pil
	if [ "$1" = bench ]; then
		have qrencode || echo qrencode
		/usr/bin/python3 -c 'import qrcode' 2>/dev/null || echo python3-qrcode
		/usr/bin/python3 -c 'import segno' 2>/dev/null || echo python3-segno
	fi
	have npm || echo npm
	have groovy || echo groovy
	have java || echo default-jre-headless
	have curl || echo curl
	have shellcheck || echo shellcheck
	have chromium || have google-chrome || have chromium-browser || echo chromium
}

# stop_registry ends what the package may have started, a registry that anybody
# can write to; tests start their own.
stop_registry() {
	if [ -d /run/systemd/system ]; then
		as_root systemctl disable --now docker-registry.service >>"$cache/apt.log" 2>&1 ||
			die "the service docker-registry was not stopped" "see $cache/apt.log"
	else
		# It fails too where it was never started, so what counts is what runs.
		as_root /etc/init.d/docker-registry stop >>"$cache/apt.log" 2>&1 || say "the service docker-registry was not running"
		! grep -qsx docker-registry /proc/[0-9]*/comm || die "the service docker-registry still runs" "stop it: anybody can write to it"
	fi
}

install_packages() {
	local packages
	mapfile -t packages < <(missing_packages "$1" | sort -u)
	[ "${#packages[@]}" -gt 0 ] || return 0
	have apt-get || die "missing: ${packages[*]}" "install them with this system's package manager"
	say "installing ${packages[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$cache/apt.log" 2>&1 ||
		die "packages were not installed: $(tail -n 3 "$cache/apt.log")" "see $cache/apt.log"
	[[ " ${packages[*]} " != *" docker-registry "* ]] || stop_registry
	# Newer releases have the command in a package of its own.
	have docker || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-cli >>"$cache/apt.log" 2>&1 ||
		die "the docker command was not installed" "see $cache/apt.log"
}

# unpack_monitoring puts the programs that check what monitoring renders beside
# the tools: installed, Debian's packages would start daemons on this machine.
unpack_monitoring() {
	local dir=$cache/monitoring package
	[ ! -e "$dir/usr/bin/amtool" ] || return 0
	say "unpacking the checkers of Nagios and Prometheus configurations"
	rm -rf "$dir.new"
	mkdir -p "$dir.new/packages"
	as_root apt-get update -qq
	(cd "$dir.new/packages" && apt-get download -qq nagios4-core prometheus prometheus-alertmanager 2>>"$cache/apt.log") ||
		die "packages were not downloaded: $(tail -n 3 "$cache/apt.log")" "see $cache/apt.log"
	for package in "$dir.new"/packages/*.deb; do
		dpkg-deb -x "$package" "$dir.new"
	done
	rm -rf "$dir" "$dir.new/packages"
	mv "$dir.new" "$dir"
}

default_mtu() {
	local device
	device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
	cat "/sys/class/net/${device:-lo}/mtu" 2>/dev/null || echo 1500
}

# alive PIDFILE NAME: does the process that the file names run, and is it that
# program? After a hard end its number may be another's, or a zombie's where
# process 1 does not collect them.
alive() {
	local pid
	pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] &&
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && ! grep -q '^State:.Z' "/proc/$pid/status"
}

containerd_pid=/var/run/docker/containerd/containerd.pid

remove_stale() {
	alive /var/run/docker.pid dockerd || as_root rm -f /var/run/docker.pid
	alive "$containerd_pid" containerd || as_root rm -f "$containerd_pid"
}

# leftover_shims prints the processes that hold containers of this engine, and
# of no other: Kubernetes has shims of the same name.
leftover_shims() {
	local dir
	for dir in /proc/[0-9]*; do
		if tr '\0' ' ' 2>/dev/null <"$dir/cmdline" | grep -q 'containerd-shim.* -address /var/run/docker/containerd/'; then
			cat "$dir"/task/*/children 2>/dev/null || true
			echo "${dir#/proc/}"
		fi
	done
}

# reset_runtime forgets what a former engine thought was running, and ends it.
# Images, volumes and stopped containers lie elsewhere and stay.
reset_runtime() {
	local pids
	if alive "$containerd_pid" containerd; then
		as_root kill "$(cat "$containerd_pid")" || true
	fi
	mapfile -t pids < <(leftover_shims | tr ' ' '\n' | grep -v '^$')
	[ "${#pids[@]}" -eq 0 ] || as_root kill -9 "${pids[@]}" || true
	sleep 2
	as_root sh -c 'umount /var/run/docker/netns/* 2>/dev/null; rm -rf /var/run/docker /var/run/docker.pid' || true
}

# start_dockerd starts the engine by hand and waits. Its bridge gets the MTU of
# the way out: with a larger one downloads in containers hang.
start_dockerd() {
	local pidfile=$cache/dockerd.pid
	grep -q ' cgroup' /proc/mounts || as_root mount -t cgroup2 cgroup2 /sys/fs/cgroup
	as_root rm -f "$pidfile"
	# shellcheck disable=SC2016 # the inner shell expands them
	as_root setsid sh -c 'echo $$ >"$1"; exec dockerd --mtu "$2" >>"$3" 2>&1' \
		sh "$pidfile" "$(default_mtu)" "$cache/dockerd.log" </dev/null >/dev/null 2>&1 &
	for _ in $(seq 120); do
		sleep 0.5
		engine_answers && return 0
		[ ! -s "$pidfile" ] || [ -d "/proc/$(cat "$pidfile")" ] || return 1
	done
	return 1
}

ensure_engine() {
	engine_answers && return 0
	[ -z "${DOCKER_HOST:-}" ] || die "the Docker engine at $DOCKER_HOST does not answer" "start it, or unset DOCKER_HOST to use this machine's own"
	say "starting Docker"
	if [ -d /run/systemd/system ]; then
		as_root systemctl start docker || die "Docker does not start" "see \`journalctl -u docker\`"
		engine_answers || die "Docker started and does not answer" "see \`journalctl -u docker\`"
		return 0
	fi
	remove_stale
	start_dockerd && return 0
	say "not started; once more with a clean runtime state"
	reset_runtime
	start_dockerd || die "Docker does not start: $(tail -n 2 "$cache/dockerd.log")" "see $cache/dockerd.log"
}

# Each machine's systemd takes a handful; the default of 128 is used up by twenty.
raise_inotify_limit() {
	local file=/proc/sys/fs/inotify/max_user_instances
	[ "$(cat "$file")" -ge 1024 ] || as_root sh -c "echo 1024 >$file" ||
		say "the limit on inotify instances stays at $(cat "$file"): room for few machines"
}

# fetch_axe gets the accessibility rules that the browser tests apply, by the
# hash of the registry's archive.
fetch_axe() {
	local version=4.10.3 work
	[ ! -s "$cache/axe-core-$version.min.js" ] || return 0
	say "fetching axe-core $version"
	work=$(mktemp -d)
	(cd "$work" && npm pack --silent "axe-core@$version" >/dev/null 2>"$cache/npm.log") ||
		die "axe-core was not fetched: $(tail -n 3 "$cache/npm.log")" "see $cache/npm.log"
	echo "5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c21cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12  $work/axe-core-$version.tgz" | sha512sum --check --status || die "axe-core's archive is not the one we know"
	tar -xzf "$work/axe-core-$version.tgz" -C "$work" package/axe.min.js
	mv "$work/package/axe.min.js" "$cache/axe-core-$version.min.js"
	rm -rf "$work"
}

install_packages "${1:-tests}"
[ "${1:-tests}" = demo ] || fetch_axe
[ "${1:-tests}" = demo ] || unpack_monitoring
raise_inotify_limit
ensure_engine
