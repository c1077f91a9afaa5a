# Installs packages without letting their daemons start with the distribution's
# defaults, which let anybody in.
retry_while_locked() {
	for _ in $(seq 60); do
		out=$("$@" 2>&1 </dev/null) && return 0
		case $out in
		*"Could not get lock"* | *"lock was locked"* | *"Unable to lock"*) sleep 2 ;;
		*) break ;;
		esac
	done
	printf '%s\n' "$out" >&2
	return 1
}

install_packages() {
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
	fi
	retry_while_locked dpkg --force-confdef --force-confold --configure -a
	retry_while_locked apt-get -q update
	# shellcheck disable=SC2086 # a list of names
	apt-get -y -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		install --no-install-recommends $PACKAGES </dev/null
}
install_packages
