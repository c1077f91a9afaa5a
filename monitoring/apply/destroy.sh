# Takes everything of ours off the machine.
remove_all() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	for unit in nagios4 nagios-nrpe-server; do
		! systemctl cat "$unit" >/dev/null 2>&1 || systemctl disable -q --now "$unit"
	done
	if [ -e /etc/apache2/sites-enabled/swarmctl-monitoring.conf ]; then
		a2dissite -q swarmctl-monitoring >/dev/null
		systemctl disable -q --now apache2
	fi
	rm -rf $FILES
	systemctl daemon-reload
}
remove_all
