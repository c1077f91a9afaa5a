# Installs packages without letting their daemons start with the distribution's
# defaults, which let anybody in.
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
	get install --no-install-recommends $PACKAGES
}
install_packages
